import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ENV, EXAMPLE, SMALL, writePem } from '../config/example.ts';
import { BIN, dashover } from './run.ts';

function folderWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'dashover-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'dashover.yaml'), text);
  writePem(folder);
  return folder;
}

const SIX = SMALL.replace('zone: Z0123456789ABC', 'zone: nowhere')
  .replace('ttl: 60', 'ttl: soon')
  .replace('[maintenance.example.net]', '[203.0.113.9]').concat(`http: { listn: 127.0.0.1:80 }
tokens: [{ name: ops, secret: '\${OPS_TOKEN_X}', on: ['*'], may: ['*'] }]
triggers: [{ id: xyz, secret: 'SECRET-0123456789', switch: www, command: failover }]
`);

test.each(['check', 'serve'])(
  '%s tells six different mistakes at once with path and remedy, and exits 2',
  async (name) => {
    const ran = await dashover([name], { cwd: folderWith(SIX) });
    expect(ran).toEqual({
      code: 2,
      stdout: '',
      stderr: `dashover.yaml: 6 problems
  ✖ switches.www.zone (line 4): "nowhere" does not fit here; write a hosted zone id, such as Z0123456789ABC.
  ✖ switches.www.positions.primary[0].ttl (line 7): "soon" is text, not a number; write whole seconds from 0 to 2147483647, such as 60.
  ✖ switches.www.positions.maintenance[0].values[0] (line 9): "203.0.113.9" is an address; write a host name, or use type A.
  ✖ http.listn (line 10): is not a known key; did you mean listen?
  ✖ tokens[0].secret (line 11): takes its value from the environment variable OPS_TOKEN_X, which is not set; set OPS_TOKEN_X.
  ✖ triggers[0].id (line 12): "xyz" does not fit here; write 32 digits of 0-9 and a-f, in quotes if all are digits; \`openssl rand -hex 16\` makes one.
`,
    });
  },
);

test('check --offline says what it understood, and no secret', async () => {
  const folder = folderWith(EXAMPLE);
  const ran = await dashover(['check', '--offline', '--config', join(folder, 'dashover.yaml')], { env: ENV });
  expect(ran.stderr).toBe('');
  expect(ran.stdout).toBe(`✓ ${folder}/dashover.yaml is in order.
  www (Web site) in zone Z0123456789ABC: primary, maintenance, dr; failover goes to maintenance
  mail in zone Z0123456789ABC: primary, backup; failover goes to backup
  listens on [::1]:8443, stores in ${folder}/state.db
  MQTT at mqtts://example-ats.iot.eu-west-1.amazonaws.com:8883, below acme/dns
  2 tokens, 1 trigger, 1 device; automation observe
  tells pagerduty, slack, webhook, datadog, heartbeat, slack-2
`);
  expect(ran.code).toBe(0);
});

test('check says where the broker is without the query of its URL, where a secret may be', async () => {
  const folder = folderWith(`${SMALL}mqtt: { url: 'wss://broker.example.com/mqtt?token=\${MQTT_TOKEN}' }\n`);
  const ran = await dashover(['check', '--offline'], { cwd: folder, env: { MQTT_TOKEN: 'SECRET-mqtt' } });
  expect(ran.code).toBe(0);
  expect(ran.stdout).toContain('  MQTT at wss://broker.example.com/mqtt?…, below dashover/v1\n');
  expect(`${ran.stdout}${ran.stderr}`).not.toContain('SECRET');
});

test('check without --offline says what keeps it from reading Route 53, and exits 1', async () => {
  const folder = folderWith(`${SMALL}route53: { endpoint: 'http://127.0.0.1:1' }\n`);
  const ran = await dashover(['check', '--json'], {
    cwd: folder,
    env: { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'SECRET-aws', AWS_EC2_METADATA_DISABLED: 'true' },
  });
  expect(ran.code).toBe(1);
  expect(ran.stdout).toMatch(/"level": "fail",\s+"text": "Reading zone Z0123456789ABC/);
  expect(ran.stdout).not.toContain('SECRET');
});

test('a missing file is named, with what to do', async () => {
  const ran = await dashover(['serve', '--config', '/nowhere/dashover.yaml']);
  expect(ran).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'dashover.yaml: 1 problem\n  ✖ /nowhere/dashover.yaml does not exist; write one, or name another with --config.\n',
  });
});

test('schema prints JSON', async () => {
  const ran = await dashover(['schema']);
  expect(JSON.parse(ran.stdout)).toMatchObject({ title: 'dashover.yaml', required: ['switches'] });
  expect(ran.code).toBe(0);
});

test('the command works where the machine has no node, or an old one, from anywhere and through a link', async () => {
  const folder = folderWith('');
  const path = join(folder, 'bin');
  mkdirSync(path);
  for (const tool of ['dirname', 'readlink']) symlinkSync(`/usr/bin/${tool}`, join(path, tool));
  symlinkSync(BIN, join(folder, 'dashover'));
  const run = async (): Promise<string> =>
    (await dashover(['--version'], { command: [join(folder, 'dashover')], cwd: folder, env: { PATH: path } })).stdout;
  expect(await run()).toMatch(/^\d+\.\d+\.\d+\n$/);
  writeFileSync(join(path, 'node'), '#!/bin/sh\necho "an old node was run"\nexit 9\n');
  chmodSync(join(path, 'node'), 0o755);
  expect(await run()).toMatch(/^\d+\.\d+\.\d+\n$/);
});
