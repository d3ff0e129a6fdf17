import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseConfig } from '../../cloud/config/read.ts';
import { read, ROOT } from '../house/files.ts';
import { visit } from '../world/visitor.ts';
import { PORTS, startWorld, type World } from '../world/world.ts';
import { SECOND_DEVICE } from '../world/world-file.ts';
import { blocksOf, commandsOf } from './blocks.ts';

const run = promisify(execFile);
const PAGES = ['README.md', '.github/README.ja.md', 'device/README.md'];

/** What is not played here, and why that is no gap. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'npm ci': 'whoever runs this test has run it',
  'npm start': 'test/road plays it',
  'npm ci && npm test': 'this is it',
  'npm run check': 'what CI runs',
  'npm run test:long': 'the same',
  'npm run test:gpio': 'the same, where QEMU can be had',
  'npm run sim -- --minutes 10': 'test/sim plays a fixed set and some at random',
  'sudo apt-get install git npm': 'whoever has this tree has done the like',
  'git clone <this repository> dashover': 'the same',
  'cd dashover': 'the same',
  'sudo sh device/install/install.sh': 'test/device/service-install plays it below a root of its own',
  'sudo sh device/install/install.sh keys': 'the same',
  'sudo -u dashover-button dashover-button check --config /etc/dashover-button/button.yaml':
    'test/device/service-check-roads plays it as another user',
  'sudo systemctl enable --now dashover-button': 'test/device/service-install has systemd read the unit',
  'curl https://dashover.example.com/trigger/<id> -X POST -H "Authorization: CAAuth <secret>" -H "Content-Length: 0"':
    'test/road plays the same against the world',
};

describe('the commands of the README do what it says', () => {
  let folder: string;
  let world: World;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dashover-readme-'));
    world = await startWorld({ folder, ports: 'any', insyncAfterMs: 100 });
  });
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  /** The README speaks of the default ports; this world has others. */
  const here = (command: string): string =>
    command
      .replaceAll(String(PORTS.mqtt), String(world.broker.port))
      .replaceAll(String(PORTS.dns), String(world.dns.port))
      .replace(/^npx /, '');

  const shell = async (command: string): Promise<string> => {
    const env = { ...process.env, PATH: `${join(ROOT, 'node_modules/.bin')}${delimiter}${process.env['PATH'] ?? ''}` };
    return (await run('sh', ['-c', here(command)], { cwd: ROOT, env, timeout: 30_000 })).stdout;
  };

  test.for(PAGES)('every command of %s is played, or known to be played elsewhere', (page) => {
    const known = /^(dig|mosquitto_pub|npx dashover-button run|echo hold \| npx dashover-button run) /;
    expect(commandsOf(page).filter((command) => !known.test(command) && !(command in ELSEWHERE))).toEqual([]);
  });

  test('dig, failover, dig, restore', async ({ skip }) => {
    for (const tool of ['dig', 'mosquitto_pub']) await needs(tool, skip);
    const [look, failover, lookAgain, restore] = commandsOf('README.md').filter((one) =>
      /^(dig|mosquitto_pub) /.test(one),
    );
    expect(await shell(look ?? '')).toMatch(/\sA\s+192\.0\.2\.10/);
    await shell(failover ?? '');
    await expect.poll(async () => (await visit(world.file)).site, { timeout: 10_000 }).toBe('maintenance');
    expect(await shell(lookAgain ?? '')).toMatch(/\sCNAME\s+maintenance\.example\.test\.\n.*\sA\s+192\.0\.2\.20/);
    await shell(restore ?? '');
    await expect.poll(async () => (await visit(world.file)).site, { timeout: 10_000 }).toBe('primary');
  });

  test('the button presses from a script, and its exit tells whether it came true', async () => {
    const press = commandsOf('device/README.md').find((one) => one.startsWith('echo hold'));
    expect(press).toContain(SECOND_DEVICE);
    expect(await shell((press ?? '').replace('npx ', ''))).toContain('FAILED OVER');
    expect((await visit(world.file)).site).toBe('maintenance');
  });
});

test('the configuration of the README is one that the endpoint takes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dashover-readme-'));
  const [yaml] = blocksOf('README.md', 'yaml');
  const withoutFiles = (yaml ?? '').replaceAll(/^ {2}(ca|cert|key): .*\n/gm, '');
  await writeFile(join(folder, 'dashover.yaml'), withoutFiles);
  const config = parseConfig(withoutFiles, join(folder, 'dashover.yaml'), { OPS_TOKEN: 'a-secret-of-the-test' });
  expect(config.switches.map(({ name, failoverTo }) => [name, failoverTo])).toEqual([['www', 'maintenance']]);
  await rm(folder, { recursive: true });
});

test('the IAM policy of the README is JSON with names as Route 53 normalises them, and a guard against absent keys', () => {
  const [json] = blocksOf('README.md', 'json');
  const { Statement } = JSON.parse(json ?? '') as {
    Statement: { Action: string[]; Condition?: Record<string, unknown> }[];
  };
  const change = Statement.find(({ Action }) => Action.includes('route53:ChangeResourceRecordSets'));
  expect(change?.Condition).toEqual({
    'ForAllValues:StringEquals': {
      'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['www.example.com'],
      'route53:ChangeResourceRecordSetsRecordTypes': ['A', 'AAAA', 'CNAME'],
      'route53:ChangeResourceRecordSetsActions': ['CREATE', 'DELETE'],
    },
    Null: { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': 'false' },
  });
});

test('every page that is linked to exists', () => {
  const broken = PAGES.flatMap((page) => {
    const folder = page.includes('/') ? page.slice(0, page.lastIndexOf('/') + 1) : '';
    const targets = Array.from(read(page).matchAll(/\]\((?!https?:)([^)#]+)/g), ([, target = '']) => target);
    return targets.filter((target) => !isThere(join(folder, target))).map((target) => `${page} → ${target}`);
  });
  expect(broken).toEqual([]);
});

function isThere(path: string): boolean {
  try {
    return read(path) !== '';
  } catch {
    return false; // which is what the test is about
  }
}

/** Skips by name when a tool is missing; where services are required, that is a failure. */
async function needs(tool: string, skip: (note: string) => never): Promise<void> {
  const found = await run('sh', ['-c', `command -v ${tool}`]).then(
    () => true,
    () => false,
  );
  if (found) return;
  const how = `${tool} is not on this machine: apt-get install ${tool === 'dig' ? 'bind9-dnsutils' : 'mosquitto-clients'}`;
  if (process.env['DASHOVER_REQUIRE_SERVICES']) throw new Error(how);
  skip(how);
}
