import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';

import { runInside } from '../cli/run-inside.ts';
import { SMALL } from '../config/example.ts';
import { openFakeDatadog } from '../world/receivers/datadog.ts';
import { openFakeHeart } from '../world/receivers/heart.ts';
import { openFakePagerDuty } from '../world/receivers/pagerduty.ts';
import { openFakeSlack } from '../world/receivers/slack.ts';
import { openFakeWebhook } from '../world/receivers/webhook.ts';
import { SECRETS } from './samples.ts';

afterEach(() => vi.unstubAllEnvs());

function configuration(notify: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'dashover-notify-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'dashover.yaml'), `${SMALL}${notify}`);
  return join(folder, 'dashover.yaml');
}

test('notify test sends a message to each receiver, and says per receiver what came back', async () => {
  await using pager = await openFakePagerDuty(SECRETS.routingKey);
  await using slack = await openFakeSlack(SECRETS.slack);
  await using hook = await openFakeWebhook(SECRETS.webhook);
  await using datadog = await openFakeDatadog(SECRETS.apiKey);
  await using heart = await openFakeHeart(SECRETS.heart);
  const env = {
    PAGERDUTY_KEY: SECRETS.routingKey,
    SLACK_URL: slack.hook,
    HOOK_SECRET: SECRETS.webhook,
    DD_API_KEY: SECRETS.apiKey,
    HEART_URL: heart.hook,
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const config = configuration(`
notify:
  - { kind: pagerduty, routingKey: '\${PAGERDUTY_KEY}', url: '${pager.url}' }
  - { kind: slack, url: '\${SLACK_URL}' }
  - { kind: webhook, url: '${hook.url}/in', secret: '\${HOOK_SECRET}' }
  - { kind: datadog, apiKey: '\${DD_API_KEY}', url: '${datadog.url}' }
  - { kind: heartbeat, url: '\${HEART_URL}' }
`);
  const well = await runInside(['notify', 'test', '--config', config]);
  expect(well.stderr).toBe('');
  for (const kind of ['pagerduty', 'slack', 'webhook', 'datadog', 'heartbeat']) {
    expect(well.stdout).toMatch(new RegExp(`^✓ ${kind}: took it, in \\d+ ms$`, 'm'));
  }
  expect(well.code).toBe(0);
  expect(pager.received.map(({ event_action }) => event_action)).toEqual(['trigger', 'resolve']);
  expect(pager.open()).toEqual([]);
  expect([
    slack.received.length,
    hook.received.length,
    datadog.events.length,
    datadog.checks.length,
    heart.beats(),
  ]).toEqual([1, 1, 1, 1, 1]);
  expect([...pager.wrong, ...slack.wrong, ...hook.wrong, ...datadog.wrong]).toEqual([]);

  slack.weather = () => ({ status: 404 });
  await hook[Symbol.asyncDispose]();
  const ill = await runInside(['notify', 'test', '--config', config]);
  expect(ill.code).toBe(1);
  expect(ill.stdout).toMatch(/^✓ pagerduty: /m);
  expect(ill.stdout).toMatch(/^✗ slack: Slack answered 404 /m);
  expect(ill.stdout).toMatch(/^✗ webhook: the webhook did not answer: ./m);
  expect(ill.stderr).toContain('Not everybody took the test message: slack, webhook.');
  const json = await runInside(['notify', 'test', '--config', config, '--json']);
  expect(json.code).toBe(1);
  const { receivers } = JSON.parse(json.stdout) as { receivers: { name: string; ok: boolean }[] };
  expect(receivers.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(['slack', 'webhook']);
  for (const said of [well, ill, json]) expect(`${said.stdout}${said.stderr}`).not.toMatch(/SECRET/);
});

test('with nobody to notify, notify test says so and fails', async () => {
  const ran = await runInside(['notify', 'test', '--config', configuration('')]);
  expect(ran.stderr).toContain('dashover.yaml names nobody under notify.');
  expect(ran.code).toBe(1);
});
