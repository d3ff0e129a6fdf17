import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { childEnv } from '../child-env.ts';
import { BIN, type Ran } from '../cli/run.ts';
import { listen } from '../world/ports.ts';
import { configYaml, makeSecret } from '../world/world-file.ts';

// Whole programs start here, on a machine that may be doing a hundred other things.
vi.setConfig({ testTimeout: 90_000 });

let folder = '';
let right = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dashover-serve-'));
  const nobody = 'http://127.0.0.1:9';
  right = configYaml({
    http: 'http://127.0.0.1:0',
    mqtt: 'mqtt://127.0.0.1:9',
    route53: nobody,
    dns: '127.0.0.1:9',
    sites: { primary: nobody, maintenance: nobody },
    switch: 'www',
    name: 'www.example.test',
    device: 'lobby',
    tokens: { ops: 'ops-secret-of-this-test', datadog: makeSecret() },
    triggers: { failover: makeKey(), restore: makeKey() },
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const SERVE_MS_MAX = 60_000;

const makeKey = (): { id: string; secret: string } => ({ id: makeSecret(), secret: makeSecret() });

/** Serves with the world's configuration, so changed; every change must concern something. */
async function serve(...changes: readonly (readonly [string, string])[]): Promise<Ran> {
  let text = right;
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`The configuration has no ${from}.`);
    text = text.replace(from, to);
  }
  const path = join(folder, 'dashover.yaml');
  await writeFile(path, text);
  const env = childEnv({ DASHOVER_LOG: 'error' });
  return new Promise((resolve, reject) => {
    // One that does not end is ended: it must not outlive the test that shows so.
    const ending = { env, timeout: SERVE_MS_MAX, killSignal: 'SIGKILL' } as const;
    const child = execFile(BIN, ['serve', '--config', path], ending, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
    child.once('error', reject);
  });
}

/** One or two sentences for a person, and nothing of the machinery or of a secret. */
function expectWords({ stderr, stdout }: Ran): void {
  expect(stderr).toMatch(/[.:]\n$/);
  expect(stdout + stderr).not.toMatch(/\n\s+at |node:internal|Error:|ops-secret/);
}

const MISTAKES: readonly (readonly [string, string, string])[] = [
  ['zone: Z0DASHOVERLOCAL', 'zone: somewhere', 'switches.www.zone'],
  ['ttl: 60, values: [192.0.2.10]', 'ttl: soon, values: [192.0.2.10]', 'switches.www.positions.primary[0].ttl'],
  ["values: ['2001:db8::10']", "values: ['192.0.2.999']", 'switches.www.positions.primary[1].values[0]'],
  ["may: ['*']", 'may: [everything]', 'tokens[0].may[0]'],
  ["secret: 'ops-secret-of-this-test'", "secret: '${OPS_TOKEN_OF_NOBODY}'", 'tokens[0].secret'],
  ['  clientId: dashover-endpoint', '  colour: red', 'mqtt.colour'],
];

describe('dashover serve', () => {
  test('tells six mistakes at once, each with its path and what to write, and exits 2', async () => {
    const ran = await serve(...MISTAKES.map(([from, to]) => [from, to] as const));
    expect([ran.code, ran.stdout]).toEqual([2, '']);
    const lines = ran.stderr.trimEnd().split('\n');
    expect(lines[0]).toBe('dashover.yaml: 6 problems');
    for (const [, , path] of MISTAKES) {
      const mine = lines.filter((line) => line.includes(`✖ ${path} (line `));
      expect([path, mine.length]).toEqual([path, 1]);
      expect(mine[0]).toMatch(/; (write|set|did you mean|known here:) .+[.?]$/);
    }
    expect(lines).toHaveLength(7);
    expectWords(ran);
  });

  test('says in a sentence that its port is taken, and exits 1', async () => {
    const other = createServer();
    const port = await listen(other);
    try {
      const ran = await serve(['listen: 127.0.0.1:0', `listen: 127.0.0.1:${port}`]);
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain(`127.0.0.1:${port} is taken by another program.`);
      expect(ran.stderr).toContain('set http.listen in dashover.yaml to another port.');
      expectWords(ran);
    } finally {
      other.close();
    }
  });

  test('says in a sentence that its store is locked, and exits 1', async () => {
    const db = new DatabaseSync(join(folder, 'locked.db'));
    try {
      db.exec('pragma journal_mode = delete; create table mine (a); begin exclusive; insert into mine values (1)');
      const ran = await serve(['sqlite:./dashover.db', 'sqlite:./locked.db']);
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain('locked.db');
      expect(ran.stderr).toMatch(/lock/);
      expectWords(ran);
    } finally {
      db.close();
    }
  });

  test('says in a sentence that its store cannot be written, and exits 1', async () => {
    await mkdir(join(folder, 'a-folder.db'));
    const ran = await serve(['sqlite:./dashover.db', 'sqlite:./a-folder.db']);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('a-folder.db');
    expectWords(ran);
  });
});
