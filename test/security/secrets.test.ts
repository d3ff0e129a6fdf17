import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Job } from '../../shared/messages.ts';
import { dashover } from '../cli/run.ts';
import { startBroker } from '../world/broker.ts';
import { connectClient } from './clients.ts';
import { OPS, preparePlace } from './place.ts';

const SECRETS = {
  ops: OPS,
  datadog: 'datadog-secret-of-this-test-02',
  reader: 'reader-secret-of-this-test-03',
  device: 'device-secret-of-this-test-04',
  failover: 'failover-secret-of-this-test-05',
  restore: 'restore-secret-of-this-test-06',
  broker: 'broker-password-of-this-test-07',
  aws: 'aws-secret-key-of-this-test-08',
  pagerduty: 'pagerdutyRoutingKeyOfThisTest009',
  slack: 'slackPathOfThisTest10',
  webhook: 'd2ViaG9vay1zZWNyZXQtb2YtdGhpcy10ZXN0LTEx',
  heartbeat: 'heartbeatPathOfThisTest12',
  events: 'datadog-api-key-of-this-test-13',
} as const;
/** Typed nearly right: whoever reads it in a log needs few more guesses. */
const WRONG = 'ops-secret-of-this-test-O1';
const TRIGGERS = { failover: 'a'.repeat(32), restore: 'b'.repeat(32) } as const;

/** Where nobody takes a notice: what cannot be delivered is written into the log. */
const NOBODY = 'http://127.0.0.1:9';

const yaml = (broker: string): string => `
  - { name: datadog, secret: '${SECRETS.datadog}', on: [www], may: [failover, restore], via: [datadog] }
  - { name: reader, secret: '${SECRETS.reader}', on: [www], may: [hold] }
triggers:
  - { id: ${TRIGGERS.failover}, secret: '${SECRETS.failover}', switch: www, command: failover }
  - { id: ${TRIGGERS.restore}, secret: '${SECRETS.restore}', switch: www, command: restore }
devices: { lobby: { on: [www], may: [failover, restore, drill], token: '${SECRETS.device}' } }
notify:
  - { kind: pagerduty, routingKey: '${SECRETS.pagerduty}', url: '${NOBODY}' }
  - { kind: slack, url: '${NOBODY}/services/${SECRETS.slack}' }
  - { kind: webhook, url: '${NOBODY}/hook', secret: 'whsec_${SECRETS.webhook}' }
  - { kind: datadog, apiKey: '${SECRETS.events}', url: '${NOBODY}' }
  - { kind: heartbeat, url: '${NOBODY}/${SECRETS.heartbeat}', every: 10s }
mqtt: { url: '${broker}', clientId: endpoint, username: endpoint, password: '${SECRETS.broker}' }
`;

/** Every way of sending a secret that people have tried, the wrong ones first. */
function headersWith(secret: string): readonly Record<string, string>[] {
  return [
    { authorization: `Bearer ${secret}` },
    { authorization: `CAAuth ${secret}` },
    { authorization: `Token ${secret}` },
    { authorization: secret },
    { authorization: `Basic ${Buffer.from(`ops:${secret}`).toString('base64')}` },
    { 'x-api-key': secret, cookie: `token=${secret}` },
  ];
}

test(
  'no secret stands in a log, an answer, an error, the journal, a message, the database or the process list',
  {
    timeout: 180_000,
  },
  async () => {
    for (const [name, value] of Object.entries({
      DASHOVER_LOG: 'debug',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: SECRETS.aws,
    }))
      vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    await using broker = await startBroker();
    await using prepared = await preparePlace(() => yaml(broker.url).slice(1));
    const place = await prepared.start();
    await place.isReady();
    const said: string[] = [];
    const commandLine = readFileSync(`/proc/${place.endpoint.pid()}/cmdline`, 'utf8');

    const ask = async (path: string, init: RequestInit = {}): Promise<string> => {
      const answer = await fetch(place.http + path, { method: 'POST', ...init });
      const text = await answer.text();
      said.push(text);
      return text;
    };
    const events = new AbortController();
    const listening = listen(`${place.http}/api/events`, events.signal, said);

    const paths = [
      '/api/switches/www/drill',
      '/api/switches/www/hold',
      '/api/switches/www/release',
      '/api/devices/lobby/command',
      '/webhooks/datadog/www',
      '/webhooks/datadog/www/failover',
      `/trigger/${TRIGGERS.failover}`,
      `/trigger/${TRIGGERS.restore}`,
      '/nowhere',
    ];
    for (const secret of [WRONG, ...Object.values(SECRETS)]) {
      for (const headers of headersWith(secret)) for (const path of paths) await ask(path, { headers });
      // In the places where people put it by mistake.
      const right = { authorization: `Bearer ${OPS}`, 'content-type': 'application/json' };
      await ask(`/api/switches/www/drill?token=${secret}`);
      await ask(`/api/jobs?token=${secret}&limit=5`, { method: 'GET', headers: right });
      // Not in fields that a command has: what people write there is repeated to them on purpose.
      for (const field of ['token', 'secret', 'password', 'authorization']) {
        await ask('/api/switches/www/drill', { headers: right, body: JSON.stringify({ [field]: secret }) });
      }
    }

    await using client = await connectClient(broker.url, { protocolVersion: 4 }, ['#']);
    for (const command of ['failover', 'restore', 'nonsense']) {
      await client.publish('dashover/v1/switches/www/command', command);
      await client.publish('dashover/v1/devices/lobby/command', JSON.stringify({ command, token: SECRETS.device }));
    }
    await vi.waitFor(
      async () => {
        const { jobs } = await place.get<{ jobs: Job[] }>('/api/jobs?limit=200');
        expect(jobs.length).toBeGreaterThanOrEqual(3);
        expect(jobs.filter(({ finishedAt }) => finishedAt === null)).toEqual([]);
      },
      { timeout: 60_000 },
    );
    for (const path of ['/api/audit?limit=1000', '/api/jobs?limit=200', '/api/switches', '/api/devices', '/metrics']) {
      await ask(path, { method: 'GET', headers: { authorization: `Bearer ${OPS}` } });
    }
    for (const token of [WRONG, SECRETS.datadog, OPS]) {
      const env = { DASHOVER_URL: place.http, DASHOVER_TOKEN: token };
      const ran = await dashover(['status', '--json'], { env });
      said.push(ran.stdout + ran.stderr);
    }
    // What the configuration says of itself, right and with a mistake beside each secret.
    const broken = join(place.folder, 'broken.yaml');
    writeFileSync(
      broken,
      readFileSync(place.config, 'utf8').replaceAll('secret:', 'secrets:').replaceAll('token:', 'tokn:'),
    );
    for (const config of [place.config, broken]) {
      const ran = await dashover(['check', '--offline', '--config', config]);
      said.push(ran.stdout + ran.stderr);
    }

    events.abort();
    await listening;
    const log = place.log();
    await place.endpoint[Symbol.asyncDispose]();
    const files = readdirSync(place.folder).filter((name) => !name.endsWith('.yaml'));
    expect(files).toContain('dashover.db');
    // What was asked for and why is nobody else's on this machine.
    const modes = files.map((name) => [name, (statSync(join(place.folder, name)).mode & 0o777).toString(8)]);
    expect(modes).toEqual(files.map((name) => [name, '600']));
    const places: Record<string, string> = {
      'process list': commandLine,
      log: log + place.log(),
      answers: said.join('\n'),
      'MQTT messages': broker.published
        .filter(({ client: id }) => id === 'endpoint')
        .map(({ topic, payload }) => `${topic} ${payload.toString()}`)
        .join('\n'),
      ...Object.fromEntries(files.map((name) => [name, readFileSync(join(place.folder, name), 'latin1')])),
    };
    // The debug log was on, and everything has something to say.
    expect(places['log']).toContain('"level":"debug"');
    expect(Object.entries(places).filter(([, text]) => text === '')).toEqual([]);
    const found = Object.entries(places).flatMap(([name, text]) =>
      [WRONG, ...Object.values(SECRETS)].flatMap((secret) =>
        [secret, Buffer.from(`ops:${secret}`).toString('base64'), Buffer.from(secret).toString('base64')]
          .filter((form) => text.includes(form))
          .map((form) => `${form} in ${name}: ${around(text, form)}`),
      ),
    );
    expect(found).toEqual([]);
  },
);

/** Hears the server-sent events until the signal. */
async function listen(url: string, signal: AbortSignal, said: string[]): Promise<void> {
  try {
    const { body } = await fetch(url, { signal, headers: { authorization: `Bearer ${OPS}` } });
    for await (const chunk of body ?? []) said.push(Buffer.from(chunk).toString());
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function around(text: string, form: string): string {
  const at = text.indexOf(form);
  return text.slice(Math.max(0, at - 120), at + 120);
}
