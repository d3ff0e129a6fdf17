import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { checkRecords } from '../../cloud/cli/check-records.ts';
import { checkDelegation } from '../../cloud/cli/check-servers.ts';
import type { Finding } from '../../cloud/cli/check-finding.ts';
import type { RecordSet } from '../../cloud/ports.ts';
import { switchAs } from '../jobs/move-world.ts';
import { startDns } from '../world/dns/server.ts';
import { startRoute53 } from '../world/route53/server.ts';
import { dashover } from './run.ts';
import { runInside } from './run-inside.ts';
import { A, AAAA, startZoneWorld, WWW, type ZoneWorld, type ZoneWorldOptions, ZONE } from './zone-world.ts';

afterEach(() => vi.unstubAllEnvs());

async function world(options?: ZoneWorldOptions): Promise<ZoneWorld> {
  const started = await startZoneWorld(options);
  onTestFinished(() => started[Symbol.asyncDispose]());
  return started;
}

/** The lines below what was understood of the configuration. */
function findings(stdout: string): string[] {
  return stdout.split('\n').filter((line) => /^[✓!✗] (endpoint|www|api): /.test(line));
}

/** One site that answers with this status. */
async function site(status: number): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test('a good set-up is one line, exit 0, and nothing is changed; to programs findings are JSON', async () => {
  const here = await world({ servers: 2 });
  const url = await site(200);
  const probes = `    probe: { primary: { url: '${url}', expect: [200] }, maintenance: { url: '${url}', expect: [200] } }\n`;
  const ran = await dashover(['check', '--config', here.write(WWW + probes)]);
  expect(findings(ran.stdout)).toEqual([
    '✓ www: the live records in the public zone example.test equal primary; accelerated recovery is off.',
  ]);
  expect(ran.stdout).toContain('Not tried: whether the credentials may change these records.');
  expect(ran.stderr).toBe('');
  expect(ran.code).toBe(0);
  const json = await runInside(['check', '--json', '--config', here.write(WWW.replace(ZONE, 'Z0OTHER'))]);
  expect(JSON.parse(json.stdout)).toMatchObject({ findings: [{ switch: 'www', level: 'fail' }] });
  expect(json.code).toBe(1);
  expect(here.operations()).not.toContain('ChangeResourceRecordSets');
});

test('whether accelerated recovery is on is said with the zone, and a configuration of many names is not throttled', async () => {
  const records = Array.from({ length: 9 }, (_, at): RecordSet => ({
    name: `n${at}.example.test`,
    type: 'A',
    ttl: 60,
    values: ['192.0.2.10'],
  }));
  const position = (value: string): string =>
    `[${records.map(({ name }) => `{ name: ${name}, type: A, ttl: 60, values: [${value}] }`).join(', ')}]`;
  const here = await world({ records, zone: { acceleratedRecovery: true }, ratePerSecond: 7 });
  const yaml = `switches: { www: { zone: ${ZONE}, positions: { primary: ${position('192.0.2.10')}, maintenance: ${position('192.0.2.20')} } } }\n`;
  const path = here.write(yaml);
  writeFileSync(path, readFileSync(path, 'utf8').replace('route53: {', 'route53: { requestsPerSecond: 7,'));
  const ran = await runInside(['check', '--config', path]);
  expect(findings(ran.stdout)).toEqual([
    '✓ www: the live records in the public zone example.test equal primary; accelerated recovery is on.',
  ]);
  expect(here.route53.calls.flatMap(({ code }) => code ?? [])).toEqual([]);
});

const mx: RecordSet = { name: 'www.example.test', type: 'MX', ttl: 60, values: ['10 mail.example.net'] };
const onlyA = WWW.replace(/ +- \{.*AAAA.*\n/, '');
const elsewhere = (set: string): string => WWW.replace(/\{ name: www.example.test, type: CNAME.*\}/, set);
const apex = onlyA.replaceAll('www.example.test', 'example.test');

interface Broken {
  readonly world?: ZoneWorldOptions;
  readonly yaml?: string;
  readonly before?: (here: ZoneWorld) => void;
  readonly finds: string | RegExp;
  readonly code: 0 | 1;
}

test.for<readonly [string, Broken]>([
  ['a zone that is not there', { yaml: WWW.replace(ZONE, 'Z0OTHER'), finds: /✗ www: .*Z0OTHER/, code: 1 }],
  [
    'names in another zone',
    {
      yaml: WWW.replaceAll('www.example.test', 'www.example.com'),
      finds: '✗ www: www.example.com is not in the zone example.test; correct the zone or the name.',
      code: 1,
    },
  ],
  [
    'a CNAME at the apex',
    {
      world: { records: [{ ...A, name: 'example.test' }] },
      yaml: apex,
      finds: /✗ www: a move to maintenance would be refused: example.test is the apex of the zone/,
      code: 1,
    },
  ],
  [
    'a record of nobody in the way of a CNAME',
    {
      world: { records: [A, AAAA, mx] },
      finds:
        /✗ www: a move to maintenance would be refused: MX www.example.test .* is in the way: .* Remove MX www.example.test/,
      code: 1,
    },
  ],
  [
    'a protected record',
    {
      before: ({ route53 }) => route53.protect(ZONE, 'www.example.test', 'CNAME', 'reserved'),
      finds: /✗ www: CNAME www.example.test is protected \("reserved"\): .* Remove the protection\./,
      code: 1,
    },
  ],
  [
    'an alias whose target is missing',
    {
      yaml: elsewhere(`{ name: www.example.test, type: A, alias: { zone: ${ZONE}, name: spare.example.test } }`),
      finds: /✗ www: a move to maintenance would be refused: .* and the zone has no A spare.example.test record/,
      code: 1,
    },
  ],
  [
    'weighted sets of different TTLs',
    {
      world: {
        records: [
          { ...A, setIdentifier: 'a', weight: 1 },
          { ...A, setIdentifier: 'b', weight: 1 },
        ],
      },
      yaml: `switches:
  www:
    zone: ${ZONE}
    positions:
      primary: [{ name: www.example.test, type: A, ttl: 60, values: [192.0.2.10], setIdentifier: a, weight: 1 }]
      maintenance: [{ name: www.example.test, type: A, ttl: 30, values: [192.0.2.10], setIdentifier: a, weight: 0 }]
`,
      finds: /✗ www: a move to maintenance would be refused: .*need the same TTL/,
      code: 1,
    },
  ],
  [
    'records in no position',
    {
      world: { records: [{ ...A, values: ['192.0.2.99'] }, AAAA] },
      finds: /! www: the live records .* equal no position: A www.example.test is 192.0.2.99 \(60 s\)/,
      code: 0,
    },
  ],
  [
    'long TTLs',
    {
      world: { records: [{ ...A, ttl: 300 }, AAAA] },
      yaml: WWW.replace('type: A, ttl: 60', 'type: A, ttl: 300'),
      finds:
        '! www: A www.example.test has a TTL of 300 s: caches give its answer for so long after a move away from it. Lower it to 60 s.',
      code: 0,
    },
  ],
  [
    'an AAAA that is left behind',
    {
      yaml: onlyA.replace(
        /\{ name: www.example.test, type: CNAME.*\}/,
        `{ name: www.example.test, type: A, ttl: 60, values: [192.0.2.20] }`,
      ),
      finds: /! www: AAAA www.example.test 2001:db8::10 \(60 s\) is in no position and stays as it is/,
      code: 0,
    },
  ],
  [
    'a name server that is silent',
    {
      world: { deadServers: ['127.0.0.1:1'] },
      finds: /! www: 1 of 2 name servers do not give the wanted answers: 127.0.0.1:1 does not answer \(UDP: refused/,
      code: 0,
    },
  ],
  [
    'a name server that is behind',
    {
      world: { servers: 3 },
      before: ({ dns, route53 }) => {
        dns.servers[1]?.stayBehind();
        const set = { ...A, values: ['192.0.2.99'] };
        route53.edit(ZONE, [{ action: 'UPSERT', set }]);
      },
      finds: /! www: 1 of 3 name servers do not give the wanted answers: 127.0.0.1:\d+ still answers 192.0.2.10/,
      code: 0,
    },
  ],
  [
    'a destination that does not answer',
    {
      yaml: `${WWW}    probe: { maintenance: { url: 'http://127.0.0.1:1/', expect: [200] } }\n`,
      finds: /✗ www: maintenance does not answer as its probe expects, and automation would not fail over: .*refused/,
      code: 1,
    },
  ],
  [
    'credentials that may not read the records',
    {
      before: ({ route53 }) =>
        route53.weather({ kind: 'access-denied', operation: 'ListResourceRecordSets', times: 9 }),
      finds: /✗ www: Reading www.example.test in zone Z0LOCAL: AccessDenied.* Check the AWS credentials/,
      code: 1,
    },
  ],
  [
    'credentials that may not read protections',
    {
      before: ({ route53 }) =>
        route53.weather({ kind: 'access-denied', operation: 'ListResourceRecordSetProtections', times: 9 }),
      finds: /! www: whether records are protected could not be checked\. .*AccessDenied/,
      code: 0,
    },
  ],
  [
    'credentials that may not read the zone',
    {
      before: ({ route53 }) => route53.weather({ kind: 'access-denied', operation: 'GetHostedZone', times: 9 }),
      finds: /! www: what the zone is could not be checked\. .*AccessDenied/,
      code: 0,
    },
  ],
  [
    'an automatic trigger that tells no groups apart, and a restore that asks nobody',
    {
      yaml: `${WWW}triggers: [{ id: 4b0c6f3e5d2a41f7a9e0b1c2d3e4f5a6, secret: 0123456789abcdef, switch: www, command: restore, automatic: true }]\n`,
      finds:
        /! www: the automatic trigger 4b0c6f3e… \(restore\) cannot tell monitors and groups apart[^]*! www: automation may restore it, and nothing asks primary first/,
      code: 0,
    },
  ],
  [
    'a receiver of notices at a name that moves',
    {
      yaml: `${WWW}notify: [{ kind: slack, url: 'https://www.example.test/services/SECRET' }]\n`,
      finds: /! endpoint: notify: slack is at www.example.test, which www moves: after a failover/,
      code: 0,
    },
  ],
  [
    'a broker, and a probe, at a name that moves',
    {
      yaml: `${WWW}    probe: { primary: { url: 'http://www.example.test:1/', timeout: 1s } }\nmqtt: { url: 'mqtt://www.example.test' }\n`,
      finds:
        /! www: the probe of primary asks www.example.test, which this switch moves[^]*! endpoint: mqtt.url is at www.example.test, which www moves/,
      code: 0,
    },
  ],
])('%s', async ([, { world: options, yaml = WWW, before, finds, code }]) => {
  const here = await world(options);
  before?.(here);
  const ran = await runInside(['check', '--config', here.write(yaml)]);
  expect(findings(ran.stdout).join('\n')).toEqual(
    typeof finds === 'string' ? expect.stringContaining(finds) : expect.stringMatching(finds),
  );
  expect(ran.code).toBe(code);
  expect(ran.stderr).toBe(code === 0 ? '' : 'Not everything could be checked or is right.\nSee the lines marked ✗.\n');
});

test('calls that the environment sends elsewhere, and credentials that end, are told', async () => {
  const here = await world();
  vi.stubEnv('AWS_ENDPOINT_URL', here.route53.url);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'x');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'SECRET-key');
  vi.stubEnv('AWS_SESSION_TOKEN', 'SECRET-token');
  const config = here.write(WWW);
  writeFileSync(config, readFileSync(config, 'utf8').replace(/^route53:.*\n/, ''));
  const ran = await runInside(['check', '--config', config]);
  expect(ran.stdout).toContain(`! endpoint: Route 53 is reached at ${here.route53.url}, which is not AWS`);
  expect(ran.stdout).toContain('! endpoint: the AWS credentials are temporary');
  expect(ran.stdout).not.toContain('SECRET');
});

test('sets of a traffic policy are told, by the plan that may not touch them', () => {
  const found: [Finding['level'], string][] = [];
  const policy: RecordSet = { name: 'www.example.test', type: 'A', other: { TrafficPolicyInstanceId: 't1' } };
  checkRecords(switchAs(), [policy], { id: 'Z1', name: 'example.test' }, (level, text) => found.push([level, text]));
  expect(found[0]?.[0]).toBe('fail');
  expect(found[0]?.[1]).toContain('belongs to a traffic policy instance');
});

test('ways that would be refused are told before anybody goes there: back, and on to another position', () => {
  const found: string[] = [];
  const extra: RecordSet = { ...A, name: 'extra.example.test' };
  const text: RecordSet = { name: 'extra.example.test', type: 'TXT', ttl: 60, values: ['"x"'] };
  const positions = {
    primary: [A, text],
    maintenance: [{ ...A, values: ['192.0.2.20'] }, extra, text],
    dr: [{ ...A, values: ['192.0.2.30'] }, text],
  };
  const target = switchAs({ positions });
  checkRecords(target, [A, text], { id: ZONE, name: 'example.test' }, (level, text) => found.push(`${level}: ${text}`));
  const why = 'After this change extra.example.test would have no address at all.';
  const hint = 'Give extra.example.test an A, AAAA or CNAME record in';
  expect(found).toEqual([
    `fail: once at maintenance, a restore would be refused: ${why} ${hint} primary.`,
    `warn: once at maintenance, a failover to dr would be refused: ${why} ${hint} dr.`,
  ]);
});

test('a name that only another position has is no obstacle: it comes and goes', () => {
  const found: string[] = [];
  const extra: RecordSet = { ...A, name: 'extra.example.test' };
  const target = switchAs({ positions: { primary: [A], maintenance: [{ ...A, values: ['192.0.2.20'] }, extra] } });
  checkRecords(target, [A], { id: ZONE, name: 'example.test' }, (level, text) => found.push(`${level}: ${text}`));
  expect(found).toEqual([]);
});

test.for([
  ['as it is', ['ns-1.example.net', 'ns-2.example.net'], undefined],
  [
    'in part elsewhere',
    ['ns-1.example.net'],
    /^warn: example.test is delegated to ns-2.example.net, which is not of this/,
  ],
  [
    'elsewhere',
    ['ns.other.net'],
    /^fail: example.test is delegated to .*: changes here reach nobody\. Delegate it to ns.other.net/,
  ],
] as const)('a zone that is delegated %s', async ([, nameServers, says]) => {
  const seen = { id: ZONE, name: 'example.test', nameServers: ['ns-1.example.net', 'ns-2.example.net'] };
  await using route53 = await startRoute53({ zones: [seen] });
  await using resolver = await startDns({ route53 });
  const found: string[] = [];
  const zone = { id: ZONE, name: 'example.test', nameServers, private: false };
  await checkDelegation(zone, (level, text) => found.push(`${level}: ${text}`), [resolver.address]);
  if (says) expect(found).toEqual([expect.stringMatching(says)]);
  else expect(found).toEqual([]);
});
