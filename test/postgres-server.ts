import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

const STARTED_MS = 20_000;

/** A PostgreSQL started for tests, on a free port of loopback, with its data in a folder of its own. */
export interface PostgresServer {
  readonly url: string;
  /** Ends at once, in the middle of whatever it does, as when it crashes; the log of its writes is replayed at `start`. */
  crash(): Promise<void>;
  /** Starts again, on the same port and data; resolves when it answers. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  end(): Promise<void>;
}

/** Starts one with the programs in that folder. */
export async function startPostgres(bin: string): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'dashover-postgres-'));
  const data = join(folder, 'data');
  // PostgreSQL refuses to run as root, as which containers often run tests.
  const isRoot = process.getuid?.() === 0;
  const owner = isRoot ? { uid: idOf('-u'), gid: idOf('-g') } : {};
  if (isRoot) {
    chownSync(folder, idOf('-u'), idOf('-g'));
    chmodSync(folder, 0o700);
  }
  const quiet = { cwd: folder, stdio: 'ignore' as const, ...owner };
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'], quiet);
  const port = await freePort();
  // Tests end processes, never the power: what a process has written outlives it.
  const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`, 'fsync=off'];
  const args = ['-D', data, '-p', `${port}`, ...settings.flatMap((one) => ['-c', one])];
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  let child: ChildProcess;

  async function start(): Promise<void> {
    child = spawn(join(bin, 'postgres'), args, quiet);
    await answers(url, child);
  }

  async function stop(signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
    if (child.exitCode !== null) return;
    const closed = once(child, 'close');
    child.kill(signal);
    await closed;
  }

  await start();
  return {
    url,
    start,
    crash: () => stop('SIGQUIT'),
    async end() {
      await stop('SIGINT');
      rmSync(folder, { recursive: true });
    },
  };
}

function idOf(which: '-u' | '-g'): number {
  return Number(execFileSync('id', [which, 'postgres'], { encoding: 'utf8' }));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  for (let waitedMs = 0; !(await allowsUs(url)); waitedMs += 50) {
    if (child.exitCode !== null) throw new Error(`PostgreSQL ended with ${child.exitCode} at its start`);
    if (waitedMs > STARTED_MS) throw new Error(`PostgreSQL did not answer within ${STARTED_MS} ms`);
    await sleep(50);
  }
}

/** Whether a database answers there, lets us in without a question, and lets us make schemas. */
export async function allowsUs(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  try {
    await client.connect();
    const { rows } = await client.query<{ may: boolean }>(
      "select has_database_privilege(current_database(), 'create') as may",
    );
    return rows[0]?.may === true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}
