import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { DatadogSetup } from '../../cloud/cli/datadog-setup.ts';
import { makeProgram } from '../../cloud/cli/program.ts';
import { tell } from '../../cloud/cli/tell.ts';
import { readDatadog } from '../../cloud/intake/datadog-payload.ts';
import { ENV, EXAMPLE, SMALL, writePem } from '../config/example.ts';
import { dashover, type Ran } from './run.ts';

const SECRET = 'SECRET-datadog-0123456789';
const TOKEN = `tokens: [{ name: datadog, secret: ${SECRET}, on: [www], may: [failover, restore], via: [datadog] }]\n`;

function folderWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'dashover-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  if (text !== '') writeFileSync(join(folder, 'dashover.yaml'), text);
  writePem(folder);
  return folder;
}

/** The command without a process of its own, over a configuration of that text. */
async function run(text: string, args: readonly string[]): Promise<Ran> {
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[stream], 'write').mockImplementation((words) => {
      said[stream] += String(words);
      return true;
    });
  }
  try {
    const config = join(folderWith(text), 'dashover.yaml');
    await makeProgram().parseAsync(['datadog', ...args, '--config', config], { from: 'user' });
    return { ...said, code: 0 };
  } catch (error) {
    const code = tell(error, false);
    return { ...said, code };
  } finally {
    vi.restoreAllMocks();
  }
}

async function setupOf(text: string, args: readonly string[] = []): Promise<DatadogSetup & { warnings: string[] }> {
  const ran = await run(text, ['www', '--json', ...args]);
  expect(ran.stderr).toBe('');
  return JSON.parse(ran.stdout) as DatadogSetup & { warnings: string[] };
}

const PUBLIC = `http: { publicUrl: 'https://dashover.example.com/' }\n`;

test('what to set up is printed whole, and the secret is named and not printed', async () => {
  const { stdout, stderr, code } = await run(PUBLIC + SMALL + TOKEN, ['www']);
  for (const part of [
    'DASHOVER_TOKEN: the secret of the token "datadog"',
    'https://dashover.example.com/webhooks/datadog/www\n',
    'https://dashover.example.com/webhooks/datadog/www/failover\n',
    'https://dashover.example.com/webhooks/datadog/www/restore\n',
    '{"Authorization":"Bearer $DASHOVER_TOKEN"}',
    '"transition": "$ALERT_TRANSITION"',
    'Watch the origin: 192.0.2.10. Never watch www.example.com:',
    '@webhook-dashover-www {{/is_recovery}}',
    '@webhook-dashover-www-failover {{/is_alert}}',
    'resource "datadog_webhook" "dashover_www" {',
    'resource "datadog_webhook_custom_variable" "dashover_token" {',
    'resource "datadog_monitor" "dashover_www" {',
  ]) {
    expect(stdout).toContain(part);
  }
  expect(stdout).not.toContain('SECRET');
  expect(stderr).toBe('');
  expect(code).toBe(0);
});

test('the endpoint understands the printed payload when Datadog has filled it in', async () => {
  const { webhooks } = await setupOf(PUBLIC + SMALL + TOKEN);
  const values: Record<string, string> = {
    $ID: '73',
    $ALERT_TRANSITION: 'Triggered',
    $ALERT_TYPE: 'error',
    $ALERT_CYCLE_KEY: '12',
    $ALERT_ID: '42',
    $ALERT_SCOPE: 'host:b, host:a',
    $EVENT_TITLE: 'Web is down',
    $DATE: '1795348800000',
  };
  const filled = JSON.stringify(webhooks[0]?.payload).replaceAll(/\$[A-Z_]+/g, (name) => values[name] ?? '');
  expect(readDatadog(filled, 'application/json')).toMatchObject({
    transition: 'Triggered',
    alertType: 'error',
    cycleKey: '12',
    monitorId: '42',
    scope: 'host:a,host:b',
    eventId: '73',
    title: 'Web is down',
    atMs: 1_795_348_800_000,
  });
});

test.for([
  ['', ['is_alert', 'is_no_data', 'is_recovery']],
  ['datadog: { noData: ignore, warn: alert }', ['is_alert', 'is_warning', 'is_recovery']],
] as const)(
  'the message calls the webhook for what counts as an alert, and always for the recovery: %s',
  async ([settings, blocks]) => {
    const { message } = await setupOf(`${PUBLIC}${SMALL}${TOKEN}${settings}\n`);
    expect([...message.matchAll(/\{\{#(\w+)\}\}/g)].map(([, when]) => when)).toEqual(blocks);
  },
);

test('Terraform leaves nothing to itself that is meant for Datadog, and closes what it opens', async () => {
  const { terraform } = await setupOf(PUBLIC + SMALL + TOKEN);
  expect([...new Set(terraform.match(/\$\{[^}]*\}/g))]).toEqual(['${datadog_webhook.dashover_www.name}']);
  expect(terraform.match(/[{(]/g)?.length).toBe(terraform.match(/[})]/g)?.length);
  expect(terraform).toContain('value     = var.dashover_token');
});

test('--url says how Datadog reaches the endpoint, also where there is no configuration', async () => {
  const named = await setupOf(PUBLIC + SMALL + TOKEN, ['--url', 'https://other.example.com/dashover/']);
  expect(named.webhooks[0]?.url).toBe('https://other.example.com/dashover/webhooks/datadog/www');
  expect(named.warnings).toEqual([]);
  const ran = await dashover(['datadog', 'www', '--json', '--url', 'https://other.example.com'], {
    cwd: folderWith(''),
  });
  const alone = JSON.parse(ran.stdout) as DatadogSetup & { warnings: string[] };
  expect(alone.webhooks[0]?.url).toBe('https://other.example.com/webhooks/datadog/www');
  expect(alone.warnings).toEqual([expect.stringContaining('There is no dashover.yaml here')]);
});

test('what would not work is said: an address Datadog cannot reach, no encryption, no token or too wide a one', async () => {
  const bare = await run(SMALL, ['www']);
  expect(bare.stderr).toContain('Datadog has to reach http://127.0.0.1:8080: write http.publicUrl');
  expect(bare.stderr).toContain('is not encrypted');
  expect(bare.stderr).toContain(
    "No token of dashover.yaml lets Datadog fail over and restore www; add { name: datadog, secret: '${DATADOG_TOKEN}'",
  );
  expect(bare.code).toBe(0);
  const wide = `tokens: [{ name: ops, secret: ${SECRET}, on: ['*'], may: ['*'] }]\n`;
  expect((await setupOf(PUBLIC + SMALL + wide)).warnings).toEqual([
    expect.stringContaining('The token "ops" may do more than Datadog needs'),
  ]);
});

test('an unknown switch, a wrong URL and a wrong configuration are refused in words, exit 2', async () => {
  const unknown = await run(PUBLIC + SMALL, ['wwv']);
  expect(unknown).toMatchObject({ code: 2, stderr: 'There is no switch "wwv".\nName one of these: www.\n' });
  for (const url of [
    'dashover.example.com',
    'ftp://x',
    'https://',
    'https://u:p@x',
    'https://:p@x',
    'https://x/?a=b',
  ]) {
    expect(await run(PUBLIC + SMALL, ['www', '--url', url])).toMatchObject({ code: 2, stdout: '' });
  }
  const bad = await dashover(['datadog', 'Bad Name', '--url', 'https://x.example.com'], { cwd: folderWith('') });
  expect(bad).toMatchObject({ code: 2, stdout: '' });
  expect((await run('', ['www'])).stderr).toContain('does not exist; write one');
});

test('the large example has everything, and no secret in it', async () => {
  const folder = folderWith(EXAMPLE);
  const ran = await dashover(['datadog', 'www', '--config', join(folder, 'dashover.yaml'), '--json'], { env: ENV });
  expect(JSON.parse(ran.stdout)).toMatchObject({ monitor: { never: ['www.example.com'] } });
  expect(ran.stdout).not.toContain('SECRET');
});
