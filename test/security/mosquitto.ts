import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastingPort } from '../world/ports.ts';
import { opensslMissing } from './certificates.ts';

const PROGRAM = ['mosquitto', '/usr/sbin/mosquitto'].find((path) => spawnSync(path, ['-h']).error === undefined);

/** Where the services must be, their absence fails instead of skipping. */
export const mosquittoMissing =
  (PROGRAM === undefined || opensslMissing) && process.env['DASHOVER_REQUIRE_SERVICES'] === undefined;

export interface SecureMosquitto extends AsyncDisposable {
  readonly url: string;
  /** Kills it with everything that it knows, and starts it again on the same port. */
  restart(): Promise<void>;
}

/** The settings that stand in the head of an access list: what it tells people to write is what is tested. */
function settingsIn(acl: string): readonly string[] {
  return Array.from(acl.matchAll(/^# {3}((?:allow_|require_|use_|set_)\w+ \w+)$/gm), ([, line = '']) => line);
}

/**
 * Mosquitto with client certificates and an access list. The folder holds `ca.pem`, `broker.pem` and `broker.key`;
 * `acl` is the text of the list.
 */
export async function startSecureMosquitto(folder: string, acl: string): Promise<SecureMosquitto> {
  if (PROGRAM === undefined) throw new Error('mosquitto is not installed: apt-get install mosquitto');
  const port = await lastingPort();
  const file = join(folder, 'mosquitto.conf');
  const aclFile = join(folder, 'access.acl');
  writeFileSync(aclFile, acl, { mode: 0o600 });
  // Started by root it would become another user, who may not read our temporary files.
  const user = process.getuid?.() === 0 ? ['user root'] : [];
  const lines = [
    ...user,
    `listener ${port} 127.0.0.1`,
    `cafile ${join(folder, 'ca.pem')}`,
    `certfile ${join(folder, 'broker.pem')}`,
    `keyfile ${join(folder, 'broker.key')}`,
    `acl_file ${aclFile}`,
    'persistence false',
    ...settingsIn(acl),
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  let child = await run(PROGRAM, file);
  const end = async (): Promise<void> => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  return {
    url: `mqtts://127.0.0.1:${port}`,
    async restart() {
      await end();
      child = await run(PROGRAM, file);
    },
    [Symbol.asyncDispose]: end,
  };
}

/** Resolves when it listens. */
function run(program: string, file: string): Promise<ChildProcess> {
  const child = spawn(program, ['-c', file, '-v'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  return new Promise((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      // Read to the end, so that the broker never waits for a reader; kept only until it runs.
      if (said !== 'running') said += chunk.toString();
      if (!/ running\b/.test(said)) return;
      said = 'running';
      resolve(child);
    });
    child.once('exit', (code) => reject(new Error(`mosquitto ended with ${code}: ${said}`)));
  });
}
