import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import type { RecordSet } from '../../cloud/ports.ts';
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

test('whether accelerated recovery is on is said with the zone', async () => {
  const here = await world({ zone: { acceleratedRecovery: true } });
  const ran = await runInside(['check', '--config', here.write(WWW)]);
  expect(findings(ran.stdout)).toEqual([
    '✓ www: the live records in the public zone example.test equal primary; accelerated recovery is on.',
  ]);
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
