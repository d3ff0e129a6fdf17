import { expect, onTestFinished, test } from 'vitest';
import { ownedBy, sameSets } from '../../cloud/jobs/records.ts';
import type { RecordSet } from '../../cloud/ports.ts';
import { startMoveWorld, switchAs } from './move-world.ts';
import { driveJob } from './run-driver.ts';

const WWW = 'www.example.test';
const ZONE_ALIAS = 'Z0123456789ABC';
const a: RecordSet = { name: WWW, type: 'A', ttl: 60, values: ['192.0.2.10'] };
const aaaa: RecordSet = { name: WWW, type: 'AAAA', ttl: 60, values: ['2001:db8::10'] };
const cname: RecordSet = { name: WWW, type: 'CNAME', ttl: 60, values: ['maintenance.example.net'] };
const inside: RecordSet = { ...cname, values: ['origin.example.test'] };
const origin: RecordSet = { ...a, name: 'origin.example.test' };
const cloudFront: RecordSet = {
  name: WWW,
  type: 'A',
  alias: { zone: 'Z2FDTNDATAQYW2', name: 'd1.cloudfront.net', evaluateTargetHealth: false },
};
const toOrigin: RecordSet = {
  name: WWW,
  type: 'A',
  alias: { zone: ZONE_ALIAS, name: 'origin.example.test', evaluateTargetHealth: true },
};
const weighted = (blue: number, green: number): RecordSet[] => [
  { ...a, setIdentifier: 'blue', weight: blue },
  { ...a, setIdentifier: 'green', weight: green, values: ['192.0.2.20'] },
];
const at = (name: string, set: RecordSet): RecordSet => ({ ...set, name });

/** Everything besides, which must stay exactly as it is. */
const STRANGERS: readonly RecordSet[] = [
  origin,
  { name: 'example.test', type: 'MX', ttl: 300, values: ['10 mail.example.net'] },
  { name: 'other.example.test', type: 'A', ttl: 300, values: ['192.0.2.99'] },
];

test.for<readonly [string, readonly RecordSet[], readonly RecordSet[]]>([
  ['other values', [a], [{ ...a, values: ['192.0.2.20', '192.0.2.21'] }]],
  ['another TTL', [a], [{ ...a, ttl: 30 }]],
  ['A and AAAA to CNAME', [a, aaaa], [cname]],
  ['A to a CNAME inside the zone', [a], [inside]],
  ['A to an alias of CloudFront', [a, aaaa], [cloudFront]],
  ['CNAME to an alias of CloudFront', [cname], [cloudFront]],
  ['A to an alias inside the zone', [a], [toOrigin]],
  [
    'an alias whose target health counts',
    [toOrigin],
    [{ ...toOrigin, alias: { zone: ZONE_ALIAS, name: 'origin.example.test', evaluateTargetHealth: false } }],
  ],
  ['weights 100/0 to 0/100', weighted(100, 0), weighted(0, 100)],
  ['weighted to simple', weighted(1, 1), [a]],
  ['weighted to CNAME', weighted(1, 1), [cname]],
  ['a set that one position only has', [a, aaaa], [a]],
  [
    'multivalue',
    [{ ...a, setIdentifier: 'one', multiValue: true }],
    [{ ...a, setIdentifier: 'one', multiValue: true, values: ['192.0.2.30'] }],
  ],
  [
    'failover with a health check',
    [{ ...a, setIdentifier: 'p', failover: 'PRIMARY', healthCheckId: 'h1' }],
    [{ ...a, setIdentifier: 'p', failover: 'PRIMARY', healthCheckId: 'h2' }],
  ],
  [
    'latency',
    [{ ...a, setIdentifier: 'eu', region: 'eu-west-1' }],
    [{ ...a, setIdentifier: 'eu', region: 'us-east-1' }],
  ],
  [
    'location',
    [{ ...a, setIdentifier: 'all', geolocation: { country: '*' } }],
    [{ ...a, setIdentifier: 'all', geolocation: { country: '*' }, values: ['192.0.2.30'] }],
  ],
  ['the apex to an alias', [at('example.test', a)], [at('example.test', cloudFront)]],
  ['the apex to other values', [at('example.test', a)], [at('example.test', { ...a, values: ['192.0.2.30'] })]],
  ['a wildcard to CNAME', [at('*.example.test', a)], [at('*.example.test', cname)]],
  [
    'several names at once',
    [a, at('api.example.test', a), at('cdn.example.test', aaaa)],
    [cname, at('api.example.test', cname), at('cdn.example.test', cname)],
  ],
  [
    'TXT and MX along with an address',
    [a, { name: WWW, type: 'TXT', ttl: 60, values: ['"live"'] }],
    [
      { ...a, values: ['192.0.2.30'] },
      { name: WWW, type: 'TXT', ttl: 60, values: ['"under \\"repair\\""'] },
    ],
  ],
  ['a name with an escape', [at('a@b.example.test', a)], [at('a@b.example.test', { ...a, values: ['192.0.2.30'] })]],
])(
  '%s: one change there, one back, verified, and the zone byte for byte as it was',
  async ([, primary, maintenance]) => {
    const here = await startMoveWorld({
      records: [...STRANGERS, ...primary],
      switches: [switchAs({ positions: { primary, maintenance } })],
    });
    onTestFinished(() => here[Symbol.asyncDispose]());
    const atFirst = here.live();
    // What an alias of CloudFront resolves to is not in this zone, so its name servers cannot answer for it.
    const foretold = ![...primary, ...maintenance].some((set) => set.alias?.zone === 'Z2FDTNDATAQYW2');

    const there = await driveJob({ makeRunbook: here.makeRunbook, state: here.state }).run();
    expect(there.data).toMatchObject({ outcome: 'switched', error: null, reading: { position: 'maintenance' } });
    if (foretold) expect(there.data.verified).toBe(true);
    const live = await here.records.read(
      ZONE_ALIAS,
      ownedBy({ primary, maintenance }).map(({ name }) => name),
      AbortSignal.timeout(5_000),
    );
    expect(
      sameSets(
        live.filter(({ type }) => !['NS', 'SOA', 'MX'].includes(type)),
        maintenance,
      ),
    ).toBe(true);

    const data = { command: 'restore', to: 'primary', from: 'maintenance' } as const;
    const back = await driveJob({ makeRunbook: here.makeRunbook, state: here.state, data }).run();
    expect(back.data).toMatchObject({ outcome: 'switched', error: null, reading: { position: 'primary' } });
    if (foretold) expect(back.data.verified).toBe(true);
    expect(here.live()).toEqual(atFirst);
    expect(here.route53.changes).toBe(2);
  },
);
