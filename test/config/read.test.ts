import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { jsonSchema } from '../../cloud/config/json-schema.ts';
import { readConfig } from '../../cloud/config/read.ts';
import { ENV, EXAMPLE, exampleFolder, parse, problemsOf, SMALL } from './example.ts';

test('every key arrives: names normalised, paths absolute, durations in milliseconds', () => {
  const folder = exampleFolder();
  const file = join(folder, 'dashover.yaml');
  writeFileSync(file, EXAMPLE);
  expect(readConfig(file, ENV)).toEqual({
    path: file,
    http: {
      listen: { host: '::1', port: 8443 },
      publicUrl: 'https://dashover.example.com',
      trustProxy: ['10.0.0.0/8'],
    },
    store: { kind: 'sqlite', path: join(folder, 'state.db') },
    route53: { region: 'us-west-2', endpoint: 'http://127.0.0.1:15380', requestsPerSecond: 3 },
    dns: { verify: false, nameServers: ['127.0.0.1:15353', '[2001:db8::53]:53'] },
    mqtt: {
      url: 'mqtts://example-ats.iot.eu-west-1.amazonaws.com:8883',
      ca: '-----BEGIN CERTIFICATE-----\nca\n',
      cert: '-----BEGIN CERTIFICATE-----\ncert\n',
      key: '-----BEGIN EC PRIVATE KEY-----\nkey\n',
      clientId: 'dashover-endpoint',
      prefix: 'acme/dns',
      username: 'x',
      password: ENV.MQTT_PASSWORD,
      commands: ['drill'],
    },
    automation: { mode: 'observe', maxSwitches: 5, withinMs: 1_200_000 },
    switches: [
      {
        name: 'www',
        title: 'Web site',
        zone: 'Z0123456789ABC',
        positions: {
          primary: [
            { name: 'www.example.com', type: 'A', ttl: 60, values: ['192.0.2.10'] },
            { name: 'www.example.com', type: 'AAAA', ttl: 60, values: ['2001:db8::10'] },
          ],
          maintenance: [{ name: 'www.example.com', type: 'CNAME', ttl: 60, values: ['maintenance.example.net'] }],
          dr: [
            {
              name: 'www.example.com',
              type: 'A',
              alias: { zone: 'Z2FDTNDATAQYW2', name: 'd1.cloudfront.net', evaluateTargetHealth: false },
            },
          ],
        },
        failoverTo: 'maintenance',
        probe: {
          primary: { url: 'https://www.example.com/health', connectTo: '192.0.2.10', expect: [200], timeoutMs: 5_000 },
          maintenance: { url: 'https://maintenance.example.net/', expect: [200, 503], timeoutMs: 3_000 },
        },
        guards: {
          hold: 3_600_000,
          restoreAfterMs: 180_000,
          cooldownMs: 0,
          flapping: { moves: 6, withinMs: 7_200_000 },
          jobDeadlineMs: 300_000,
        },
        verify: false,
      },
      {
        name: 'mail',
        title: 'mail',
        zone: 'Z0123456789ABC',
        positions: {
          primary: [
            { name: 'example.com', type: 'MX', ttl: 300, values: ['10 mail.example.com'] },
            { name: 'w.example.com', type: 'TXT', ttl: 0, values: ['"v=spf1 -all"'], setIdentifier: 'a', weight: 100 },
          ],
          backup: [
            { name: 'example.com', type: 'MX', ttl: 300, values: ['10 backup.example.com'] },
            { name: 'w.example.com', type: 'TXT', ttl: 0, values: ['"v=spf1 -all"'], setIdentifier: 'a', weight: 0 },
          ],
        },
        failoverTo: 'backup',
        probe: {},
        guards: {
          hold: 'until-released',
          restoreAfterMs: 120_000,
          cooldownMs: 300_000,
          flapping: { moves: 4, withinMs: 3_600_000 },
          jobDeadlineMs: 600_000,
        },
        verify: false,
      },
    ],
    tokens: [
      {
        name: 'datadog',
        secret: ENV.DATADOG_TOKEN,
        on: ['www'],
        may: ['failover', 'restore'],
        via: ['datadog'],
        automatic: true,
      },
      { name: 'ops', secret: ENV.OPS_TOKEN, on: ['*'], may: ['*'], via: undefined, automatic: false },
    ],
    triggers: [
      {
        id: '4b0c6f3e5d2a41f7a9e0b1c2d3e4f5a6',
        secret: ENV.TRIGGER,
        switch: 'www',
        command: 'failover',
        to: 'maintenance',
        automatic: true,
      },
    ],
    devices: [
      {
        name: 'lobby',
        on: ['www'],
        may: ['failover', 'restore', 'drill'],
        token: ENV.LOBBY_TOKEN,
        drillEveryMs: 2_592_000_000,
      },
    ],
    datadog: { noData: 'ignore', warn: 'alert', maxAgeMs: 900_000 },
    notify: [
      {
        kind: 'pagerduty',
        name: 'pagerduty',
        routingKey: ENV.PAGERDUTY_KEY,
        url: 'https://proxy.example.com',
        on: ['www'],
      },
      { kind: 'slack', name: 'slack', url: ENV.SLACK_URL, on: ['*'] },
      {
        kind: 'webhook',
        name: 'webhook',
        url: 'https://hooks.example.com/dashover',
        secrets: [ENV.HOOK_SECRET],
        on: ['*'],
      },
      {
        kind: 'datadog',
        name: 'datadog',
        apiKey: ENV.DD_API_KEY,
        site: 'datadoghq.eu',
        url: undefined,
        on: ['*'],
      },
      {
        kind: 'heartbeat',
        name: 'heartbeat',
        url: 'https://heart.example.com/SECRET-heart',
        everyMs: 300_000,
        on: ['*'],
      },
      { kind: 'slack', name: 'slack-2', url: ENV.SLACK_URL, on: ['*'] },
    ],
  });
});

test('what is not written has the documented default', () => {
  const { path: _path, switches: _switches, ...rest } = parse(SMALL, {}, '/');
  expect(rest).toEqual({
    http: { listen: { host: '127.0.0.1', port: 8080 }, publicUrl: undefined, trustProxy: false },
    store: { kind: 'sqlite', path: '/dashover.db' },
    route53: { region: 'us-east-1', endpoint: undefined, requestsPerSecond: 5 },
    dns: { verify: true, nameServers: undefined },
    mqtt: undefined,
    automation: { mode: 'on', maxSwitches: 3, withinMs: 600_000 },
    tokens: [],
    triggers: [],
    devices: [],
    datadog: { noData: 'alert', warn: 'ignore', maxAgeMs: 600_000 },
    notify: [],
  });
  const { mqtt } = parse(`mqtt: { url: 'mqtt://h' }\n${SMALL}`);
  expect(mqtt).toEqual({ url: 'mqtt://h', prefix: 'dashover/v1', commands: ['failover', 'restore', 'drill'] });
});

test('a file that is missing, a folder, unreadable, too large or binary is refused in a sentence that names it', () => {
  const folder = exampleFolder();
  const file = join(folder, 'dashover.yaml');
  const why = (): unknown => readConfig(file, ENV);
  expect(why).toThrow(`${file} does not exist; write one, or name another with --config.`);
  mkdirSync(file);
  expect(why).toThrow('is a folder; name another with --config.');
  const other = join(folder, 'other.yaml');
  writeFileSync(other, Buffer.alloc(2 * 1024 * 1024, 'a'));
  expect(() => readConfig(other, ENV)).toThrow('is 2097152 bytes large; a configuration has at most 1048576.');
  writeFileSync(other, Buffer.from([0xff, 0xfe, 0x00]));
  expect(() => readConfig(other, ENV)).toThrow('is not UTF-8 text; save it as UTF-8.');
  chmodSync(other, 0o000);
  // root may read everything.
  if (process.getuid?.() !== 0) expect(() => readConfig(other, ENV)).toThrow('this user may not read');
});

test('${NAME} is replaced inside texts only, and $${ stands for itself', () => {
  const titleOf = (title: string): string | undefined => parse(text(title), { A: 'x', B: 'y' }).switches[0]?.title;
  expect(titleOf(`'a \${A} \${B}'`)).toBe('a x y');
  expect(titleOf(`'$\${A}'`)).toBe('${A}');
  expect(problemsOf(text(`'\${C}'`))).toEqual([
    'switches.www.title (line 4): takes its value from the environment variable C, which is not set; set C.',
  ]);
  expect(problemsOf(text(`'\${A:-default}'`))[0]).toContain('write ${NAME}, without a default');
  expect(problemsOf(text(`'\${A'`))[0]).toContain('has a "${" without its "}"');
  expect(problemsOf(text(`'\${E}'`), { E: '' })[0]).toContain('which is empty; set E.');
});

test('the JSON Schema knows every key and its default, and accepts values from the environment', () => {
  const schema = JSON.parse(JSON.stringify(jsonSchema())) as {
    properties: Record<string, { default?: unknown; description?: string; properties?: Record<string, unknown> }>;
    required: string[];
    additionalProperties: boolean;
  };
  expect(Object.keys(schema.properties)).toEqual(
    Object.keys(parse(SMALL))
      .filter((key) => key !== 'path')
      .toSorted(byFile),
  );
  expect(schema.required).toEqual(['switches']);
  expect(schema.additionalProperties).toBe(false);
  expect(schema.properties['store']?.default).toBe('sqlite:./dashover.db');
  expect(schema.properties['automation']?.properties?.['within']).toMatchObject({ default: '10m' });
  expect(JSON.stringify(schema.properties['switches'])).toContain('a hosted zone id, such as Z0123456789ABC');
  expect(JSON.stringify(schema.properties['automation'])).toContain('{"type":"string","enum":["on","observe","off"]}');
});

/** The small example with a title as written. */
function text(title: string): string {
  return SMALL.replace('zone:', () => `title: ${title}\n    zone:`);
}

const FILE_ORDER = 'http store route53 dns mqtt automation switches tokens triggers devices datadog notify'.split(' ');
function byFile(a: string, b: string): number {
  return FILE_ORDER.indexOf(a) - FILE_ORDER.indexOf(b);
}

test('a store in PostgreSQL is its URL, with the password from the environment', () => {
  const url = 'store: postgres://dashover:${PGPASSWORD}@db.example.com:5432/dashover\n';
  const { store } = parse(`${SMALL}\n${url}`, { PGPASSWORD: 'p%40ss' }, '/');
  expect(store).toEqual({ kind: 'postgres', url: 'postgres://dashover:p%40ss@db.example.com:5432/dashover' });
});

test.for([
  ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 1],
  ['whsec_C2FVsBQIhrscChlQIMV+b5sSYoob7oD', 1],
  ['MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 1],
  ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw whsec_C2FVsBQIhrscChlQIMV+b5sSYoob7oD', 2],
] as const)(
  'a signing secret is read with or without its prefix and padding, and two while it changes: %s',
  ([secret, count]) => {
    const { notify } = parse(`${SMALL}notify: [{ kind: webhook, url: 'https://h.example.com', secret: '\${S}' }]`, {
      S: secret,
    });
    expect(notify).toMatchObject([{ kind: 'webhook', secrets: { length: count } }]);
  },
);
