import { expect, test } from 'vitest';
import { parseConfig } from '../../cloud/config/read.ts';
import { openRecordStore } from '../../cloud/adapters/route53.ts';
import { reading } from '../../cloud/jobs/reading.ts';
import { namesToRead } from '../../cloud/jobs/records.ts';
import type { RecordSet } from '../../cloud/ports.ts';
import { silentLog } from '../../shared/log.ts';
import { positionInYaml, sortOut } from '../../cloud/cli/import-yaml.ts';
import { serve } from './serve-process.ts';
import { runInside } from './run-inside.ts';
import { A, AAAA, startZoneWorld, ZONE } from './zone-world.ts';

const B = 'b.example.test';
/** Every kind of set that a position can name, with values that YAML, the environment or DNS would take for something else. */
const ODD: readonly RecordSet[] = [
  A,
  { ...AAAA, values: ['2001:0DB8:0::0010', '::1'] },
  { name: 'www.example.test', type: 'TXT', ttl: 5, values: ['"a ${HOME} $${b} # \\"x\\" \\303\\251"', '"yes" "no"'] },
  { name: 'www.example.test', type: 'MX', ttl: 5, values: ['10 Mail.Example.net.', '0 .'] },
  { name: 'www.example.test', type: 'CAA', ttl: 5, values: ['0 issue "ca.example.net; policy=ev"'] },
  { name: 'www.example.test', type: 'SRV', ttl: 5, values: ['1 10 5269 xmpp.example.net.'] },
  { name: 'www.example.test', type: 'HTTPS', ttl: 5, values: ['1 . alpn="h2,h3"'] },
  { name: '*.example.test', type: 'CNAME', ttl: 5, values: ['Target.Example.net.'] },
  { name: 'a@b.example.test', type: 'A', ttl: 5, values: ['192.0.2.1'] },
  {
    name: 'example.test',
    type: 'A',
    alias: { zone: 'Z2FDTNDATAQYW2', name: 'd1.cloudfront.net', evaluateTargetHealth: false },
  },
  { name: B, type: 'A', ttl: 5, values: ['192.0.2.1'], setIdentifier: 'yes', weight: 0, healthCheckId: 'h1' },
  { name: B, type: 'A', ttl: 5, values: ['192.0.2.2'], setIdentifier: '1: {x}', weight: 255 },
  {
    name: B,
    type: 'AAAA',
    ttl: 5,
    values: ['2001:db8::1'],
    setIdentifier: 'p',
    failover: 'PRIMARY',
    healthCheckId: 'h',
  },
  { name: B, type: 'AAAA', ttl: 5, values: ['2001:db8::2'], setIdentifier: 's', failover: 'SECONDARY' },
  {
    name: 'c.example.test',
    type: 'A',
    ttl: 5,
    values: ['192.0.2.1'],
    setIdentifier: 'n',
    geolocation: { country: 'NO' },
  },
  {
    name: 'c.example.test',
    type: 'A',
    ttl: 5,
    values: ['192.0.2.2'],
    setIdentifier: '*',
    geolocation: { country: '*' },
  },
  { name: 'd.example.test', type: 'A', ttl: 5, values: ['192.0.2.1'], setIdentifier: 'e', region: 'eu-west-1' },
  { name: 'e.example.test', type: 'A', ttl: 5, values: ['192.0.2.1'], setIdentifier: 'm', multiValue: true },
];
const NAMES = [...new Set(ODD.map(({ name }) => name.replace('@', '\\100')))];

test('what import prints of every kind of set is, read back, exactly the live records', async () => {
  await using world = await startZoneWorld({ records: ODD });
  const ran = await runInside(['import', ...NAMES, '--zone', ZONE, '--endpoint', world.route53.url]);
  expect(ran.stderr).toContain('SOA example.test belongs to the zone itself, and is left out.');
  expect(ran.stdout).toContain('- { name: www.example.test, type: A, ttl: 60, values: [ 192.0.2.10 ] }\n');
  expect(ran.code).toBe(0);

  const indented = ran.stdout.replaceAll(/^/gm, '    ');
  const other = '      other: [{ name: x.example.test, type: A, ttl: 5, values: [192.0.2.1] }]\n';
  const { switches } = parseConfig(`switches:\n  odd:\n${indented}\n${other}`, '/nowhere/dashover.yaml', { HOME: 'x' });
  const [odd] = switches;
  if (!odd) throw new Error('no switch was read');
  await using records = await openRecordStore({ region: 'us-east-1', endpoint: world.route53.url, log: silentLog });
  const live = await records.read(ZONE, namesToRead(odd.positions, ZONE), AbortSignal.timeout(5_000));
  expect(reading(live, odd)).toEqual({ kind: 'position', position: 'primary' });
  expect(world.operations()).not.toContain('ChangeResourceRecordSets');
});

test('import followed by serve finds the switch at primary, with no drift', async () => {
  await using world = await startZoneWorld();
  const ran = await world.run(['import', 'WWW.example.test.', '--zone', ZONE, '--endpoint', world.route53.url]);
  expect(ran.code).toBe(0);
  const maintenance =
    '      maintenance: [{ name: www.example.test, type: CNAME, ttl: 60, values: [m.example.net] }]\n';
  const config = world.write(
    `http: { listen: '127.0.0.1:0' }\ntokens: [{ name: ops, secret: 0123456789abcdef, on: ['*'], may: ['*'] }]\n` +
      `switches:\n  www:\n${ran.stdout.replaceAll(/^/gm, '    ')}\n${maintenance}`,
  );
  await using endpoint = await serve(config);
  const state = async () => {
    const headers = { authorization: 'Bearer 0123456789abcdef' };
    const answer = await fetch(`${endpoint.address}/api/switches/www`, { headers });
    return (await answer.json()) as { position: string; drift: unknown };
  };
  await expect.poll(async () => (await state()).position, { timeout: 10_000 }).toBe('primary');
  expect((await state()).drift).toBeNull();
});

test('--json says the same for programs', async () => {
  await using world = await startZoneWorld();
  const ran = await runInside(['import', A.name, '--zone', ZONE, '--endpoint', world.route53.url, '--json']);
  expect(JSON.parse(ran.stdout)).toEqual({ zone: ZONE, positions: { primary: [A, AAAA] }, left: [] });
});

test('a long TTL is remarked', async () => {
  await using world = await startZoneWorld({ records: [{ ...A, ttl: 300 }] });
  const ran = await runInside(['import', A.name, '--zone', ZONE, '--endpoint', world.route53.url]);
  expect(ran.stderr).toContain('A www.example.test has a TTL of 300 s');
  expect(ran.code).toBe(0);
});

test('sets that a position cannot name are left out and told: of a traffic policy, of a kind not known, of the zone', () => {
  const sets: RecordSet[] = [
    { name: 'a.test', type: 'A', other: { TrafficPolicyInstanceId: 't' } },
    { name: 'a.test', type: 'A', ttl: 1, values: ['192.0.2.1'], setIdentifier: 'x', other: { CidrRoutingConfig: {} } },
    { name: 'a.test', type: 'NEW', ttl: 1, values: ['x'] },
    { name: 'sub.a.test', type: 'NS', ttl: 1, values: ['ns.test.'] },
    { name: 'a.test', type: 'NS', ttl: 1, values: ['ns.test.'] },
    { name: 'a.test', type: 'SOA', ttl: 1, values: ['x'] },
  ];
  const { sets: kept, left } = sortOut(sets);
  expect(kept.map(({ name }) => name)).toEqual(['sub.a.test']);
  expect(left.map(({ why, needed }) => [needed, why.split(', ')[0]])).toEqual([
    [true, 'A a.test belongs to a traffic policy instance'],
    [true, 'A a.test [x] has CidrRoutingConfig'],
    [true, 'NEW a.test is of a type that a position cannot have yet.'],
    [false, 'NS a.test belongs to the zone itself'],
    [false, 'SOA a.test belongs to the zone itself'],
  ]);
  expect(positionInYaml('Z1', kept)).toBe(
    'zone: Z1\npositions:\n  primary:\n    - { name: sub.a.test, type: NS, ttl: 1, values: [ ns.test. ] }',
  );
});

test.for<readonly [readonly string[], string, number]>([
  [['api.example.test', '--zone', ZONE], 'The zone Z0LOCAL has no record at api.example.test.', 1],
  [['www.example.test', '--zone', 'Z0OTHER'], 'Check the hosted zone id', 1],
  [['www.example.test', '--zone', 'zone'], 'zone is no hosted zone id.', 2],
  [['http://www.example.test/', '--zone', ZONE], 'is a URL; write only the host name', 2],
  [['www.example.test'], "required option '--zone <id>' not specified", 2],
])('what cannot be read is said: %j', async ([args, said, code]) => {
  await using world = await startZoneWorld();
  const ran = await runInside(['import', ...args, '--endpoint', world.route53.url]);
  expect(ran.stderr).toContain(said);
  expect(ran.code).toBe(code);
});
