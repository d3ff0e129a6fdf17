import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort, LOOPBACK } from '../world/ports.ts';
import { PORTS } from '../world/world.ts';
import type { WorldFile } from '../world/world-file.ts';
import { until } from './road.ts';

const MAIN = fileURLToPath(new URL('../world/main.ts', import.meta.url));

interface Started {
  readonly child: ChildProcess;
  said(): string;
  complained(): string;
}

const blockers: Disposable[] = [];
let folder = '';
let first: Started;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dashover-start-'));
  for (const port of Object.values(PORTS)) await occupy(port);
  first = npmStart();
  await until('the welcome', () => first.said().includes('Ctrl-C ends it all.'), 30_000);
}, 40_000);

afterAll(async () => {
  if (first.child.exitCode === null) {
    const gone = once(first.child, 'exit');
    first.child.kill('SIGTERM');
    await gone;
  }
  for (const blocker of blockers) blocker[Symbol.dispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Takes a port, UDP included; when somebody else has it already, it is taken all the same. */
async function occupy(port: number): Promise<void> {
  const server = createServer();
  const udp = createSocket('udp4');
  blockers.push({
    [Symbol.dispose]() {
      server.close();
      udp.close();
    },
  });
  await Promise.allSettled([
    once(server.listen(port, LOOPBACK), 'listening'),
    once(udp.bind(port, LOOPBACK), 'listening'),
  ]);
}

/** What `npm start` runs, in a folder of its own and without a terminal. */
function npmStart(): Started {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, DASHOVER_WORLD: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let complained = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complained += text));
  return { child, said: () => said, complained: () => complained };
}

async function worldFile(): Promise<WorldFile> {
  return JSON.parse(await readFile(join(folder, 'world.json'), 'utf8')) as WorldFile;
}

const port = (url: string): number => Number(new URL(url).port);

function portsOf({ http, mqtt, route53, dns, sites }: WorldFile): Readonly<Record<keyof typeof PORTS, number>> {
  const own = { http: port(http), mqtt: port(mqtt), route53: port(route53), dns: Number(dns.split(':')[1]) };
  return { ...own, primary: port(sites.primary), maintenance: port(sites.maintenance) };
}

test('takes other ports where its own are taken, says so, and serves there', async () => {
  const file = await worldFile();
  for (const [name, at] of Object.entries(portsOf(file))) {
    const wanted = PORTS[name as keyof typeof PORTS];
    expect(at).not.toBe(wanted);
    expect(first.said()).toContain(`Port ${wanted} is taken; ${name} is at ${at} in its place.`);
  }
  expect((await fetch(`${file.http}/healthz`)).status).toBe(200);
  expect((await fetch(file.sites.primary)).status).toBe(200);
  expect((await fetch(file.sites.maintenance)).status).toBe(503);
});

test('prints the addresses and tokens, and leaves them in world.json under the documented keys', async () => {
  const file = await worldFile();
  const documented = ['config', 'http', 'mqtt', 'route53', 'dns', 'sites', 'switch', 'name', 'tokens', 'triggers'];
  expect(Object.keys(file)).toEqual(expect.arrayContaining(documented));
  expect(file).toMatchObject({
    config: join(folder, 'dashover.yaml'),
    http: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    mqtt: expect.stringMatching(/^mqtt:\/\/127\.0\.0\.1:\d+$/),
    route53: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    dns: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    switch: 'www',
    name: 'www.example.test',
    tokens: { ops: expect.any(String), datadog: expect.any(String) },
    triggers: {
      failover: { id: expect.stringMatching(/^[0-9a-f]{32}$/), secret: expect.any(String) },
      restore: { id: expect.stringMatching(/^[0-9a-f]{32}$/), secret: expect.any(String) },
    },
  });
  const { http, mqtt, route53, dns, sites, tokens, triggers } = file;
  const shown = [http, mqtt, route53, dns, sites.primary, sites.maintenance, tokens.ops, triggers.restore.secret];
  expect(shown.filter((address) => !first.said().includes(address))).toEqual([]);
});

test('tells everything that happens, a line each, in words', async () => {
  const { http, triggers } = await worldFile();
  const headers = { authorization: `CAAuth ${triggers.failover.secret}` };
  await fetch(`${http}/trigger/${triggers.failover.id}`, { method: 'POST', headers });
  await until('its end is told', () => /\n\d\d:\d\d:\d\d {2}finished +www moved from primary/.test(first.said()));
  expect(first.said()).toMatch(/\n\d\d:\d\d:\d\d {2}accepted +www is being moved from primary to maintenance/);
  expect(first.said()).toMatch(/\n\d\d:\d\d:\d\d {2}dig +maintenance\.example\.test → 192\.0\.2\.20/);
});

test('a second one in the same folder refuses in a sentence, and leaves the first alone', async () => {
  const file = await worldFile();
  const second = npmStart();
  const [code] = (await once(second.child, 'close')) as [number];
  expect(code).toBe(1);
  expect(second.said()).toBe('');
  expect(second.complained()).toMatch(/^A world is already running in .+\. End it with Ctrl-C, or set DASHOVER_WORLD/);
  expect(second.complained()).not.toMatch(/\n\s+at /);
  expect(await worldFile()).toEqual(file);
  expect((await fetch(`${file.http}/healthz`)).status).toBe(200);
});

test('Ctrl-C ends everything: no child left, every port free, world.json gone, exit 0', async () => {
  const file = await worldFile();
  const log = await readFile(join(folder, 'endpoint.log'), 'utf8');
  const { pid } = JSON.parse(log.split('\n')[0] ?? '') as { pid: number };
  const gone = once(first.child, 'close');
  first.child.kill('SIGINT');
  expect(await gone).toEqual([0, null]);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  for (const port of Object.values(portsOf(file))) expect(await freePort(port)).toBe(port);
  await expect(worldFile()).rejects.toThrow('ENOENT');
  expect(first.complained()).toBe('');
});
