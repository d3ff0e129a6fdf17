import { expect, test } from 'vitest';
import { plan, type Plan } from '../../cloud/jobs/plan.ts';
import { reading } from '../../cloud/jobs/reading.ts';
import { ownedBy } from '../../cloud/jobs/records.ts';
import type { RecordSet } from '../../cloud/ports.ts';

const ZONE = { id: 'Z0123456789ABC', name: 'example.com' };
const WWW = 'www.example.com';

const a: RecordSet = { name: WWW, type: 'A', ttl: 60, values: ['192.0.2.10'] };
const aaaa: RecordSet = { name: WWW, type: 'AAAA', ttl: 120, values: ['2001:db8::10'] };
const cname: RecordSet = { name: WWW, type: 'CNAME', ttl: 60, values: ['maintenance.example.net'] };
const owned = ownedBy({ primary: [a, aaaa], maintenance: [cname] });

function planFor(live: readonly RecordSet[], wanted: readonly RecordSet[], zone: typeof ZONE = ZONE): Plan {
  return plan(live, wanted, ownedBy({ live, wanted }), zone);
}

function changes(planned: Plan): string[] {
  expect(planned.kind).toBe('change');
  return planned.kind === 'change' ? planned.changes.map(({ action, set }) => `${action} ${set.type}`) : [];
}

function refusal(planned: Plan): Extract<Plan, { kind: 'refused' }> {
  if (planned.kind !== 'refused') throw new Error(`not refused: ${planned.kind}`);
  return planned;
}

test('A and AAAA to CNAME is one batch, deletes before the create, and back is its inverse', () => {
  const there = plan([a, aaaa], [cname], owned, ZONE);
  expect(changes(there)).toEqual(['DELETE AAAA', 'DELETE A', 'CREATE CNAME']);
  expect(there).toMatchObject({ before: [a, aaaa], after: [cname], maxOldTtlSeconds: 120 });
  expect(changes(plan([cname], [a, aaaa], owned, ZONE))).toEqual(['DELETE CNAME', 'CREATE A', 'CREATE AAAA']);
});

test('a change of values deletes the set as downloaded and creates the wanted one: never UPSERT', () => {
  const live: RecordSet = {
    ...a,
    values: ['192.0.2.11'],
    ttl: 300,
    healthCheckId: 'h',
    other: { CidrRoutingConfig: { x: 1 } },
  };
  const planned = planFor([live], [a]);
  expect(planned).toMatchObject({
    changes: [
      { action: 'DELETE', set: live },
      { action: 'CREATE', set: a },
    ],
  });
});

test('a set that is the same in both is left alone', () => {
  expect(changes(planFor([a, aaaa], [a, { ...aaaa, values: ['2001:db8::20'] }]))).toEqual([
    'DELETE AAAA',
    'CREATE AAAA',
  ]);
});

test.for<readonly [string, RecordSet, Partial<RecordSet>]>([
  ['the order of values', { ...a, values: ['192.0.2.1', '192.0.2.2'] }, { values: ['192.0.2.2', '192.0.2.1'] }],
  ['the spelling of IPv6', aaaa, { values: ['2001:0DB8:0:0::10'] }],
  ['case and final dot of a CNAME value', cname, { values: ['Maintenance.Example.NET.'] }],
  ['case and final dot of the name', a, { name: 'WWW.example.com.' }],
  ['the spelling of a wildcard', { ...a, name: '*.example.com' }, { name: '\\052.example.com' }],
  ['quotes of a TXT', { ...a, type: 'TXT', values: ['"v=spf1 -all"'] }, { values: ['v=spf1 -all'] }],
  ['escapes of a TXT', { ...a, type: 'TXT', values: ['"a\\"b\\134c\\040d"'] }, { values: ['a"b\\c d'] }],
  [
    'the host name of an MX',
    { ...a, type: 'MX', values: ['10 mail.example.com.'] },
    { values: ['10  Mail.example.com'] },
  ],
])('%s is no difference', ([, live, spelled]) => {
  expect(planFor([live], [{ ...live, ...spelled }])).toEqual({ kind: 'nothing' });
});

test.for<readonly [string, Partial<RecordSet>]>([
  ['ttl', { ttl: 61 }],
  ['weight', { weight: 2 }],
  ['health check', { healthCheckId: 'other' }],
  ['multivalue', { multiValue: true }],
  ['a field that we have no word for', { other: { CidrRoutingConfig: { CollectionId: 'c' } } }],
])('another %s is a difference', ([, changed]) => {
  const live: RecordSet = { ...a, setIdentifier: 'one', weight: 1, healthCheckId: 'h' };
  expect(planFor([live], [{ ...live, ...changed }]).kind).toBe('change');
});

test('only exactly owned triples are touched: the same name and type under another identifier stays', () => {
  const mine: RecordSet = { ...a, setIdentifier: 'mine', weight: 100 };
  const theirs: RecordSet = { ...a, setIdentifier: 'theirs', weight: 1 };
  const planned = plan([mine, theirs], [{ ...mine, weight: 0 }], ownedBy({ primary: [mine] }), ZONE);
  expect(changes(planned)).toEqual(['DELETE A', 'CREATE A']);
  expect(JSON.stringify(planned)).not.toContain('theirs');
});

test('weights 100/0 to 0/100 flip in one batch', () => {
  const blue = { ...a, setIdentifier: 'blue', weight: 100 };
  const green = { ...a, setIdentifier: 'green', weight: 0 };
  const flipped = [
    { ...blue, weight: 0 },
    { ...green, weight: 100 },
  ];
  expect(changes(planFor([blue, green], flipped))).toEqual(['DELETE A', 'DELETE A', 'CREATE A', 'CREATE A']);
});

test('an alias comes after its target in the batch, and goes before it', () => {
  const alias: RecordSet = {
    name: WWW,
    type: 'A',
    alias: { zone: ZONE.id, name: 'origin.example.com', evaluateTargetHealth: false },
  };
  const target: RecordSet = { ...a, name: 'origin.example.com' };
  const there = planFor([{ ...a }], [alias, target]);
  expect(there.kind === 'change' && there.changes.map(({ set }) => set.name)).toEqual([WWW, 'origin.example.com', WWW]);
  const [unused, ...rest] = there.kind === 'change' ? there.changes : [];
  expect(unused?.action).toBe('DELETE');
  expect(rest.map(({ action }) => action)).toEqual(['CREATE', 'CREATE']);
});

test.for<readonly [string, RecordSet, string]>([
  ['an MX', { name: WWW, type: 'MX', ttl: 60, values: ['10 mail.example.com'] }, 'MX www.example.com'],
  [
    'an alias',
    {
      name: WWW,
      type: 'HTTPS',
      alias: { zone: 'Z2FDTNDATAQYW2', name: 'd1.cloudfront.net', evaluateTargetHealth: false },
    },
    'HTTPS www.example.com',
  ],
])('%s at a name that becomes a CNAME refuses by its name, with what to do', ([, foreign, words]) => {
  const { code, message, hint } = refusal(plan([a, aaaa, foreign], [cname], owned, ZONE));
  expect(code).toBe('foreign-record');
  expect(message).toContain(words);
  expect(hint).toContain(words);
});

test('a CNAME of somebody else at a name that wants an A is a record in the way', () => {
  const onlyA = ownedBy({ primary: [a], dr: [{ ...a, values: ['192.0.2.20'] }] });
  expect(refusal(plan([cname], [a], onlyA, ZONE))).toMatchObject({ code: 'foreign-record' });
});

test('a routed set of somebody else beside a simple one is a record in the way', () => {
  const routed = { ...a, setIdentifier: 'theirs', weight: 1 };
  expect(refusal(plan([routed], [a], ownedBy({ primary: [a] }), ZONE)).message).toContain('[theirs]');
});

const TXT: RecordSet = { name: WWW, type: 'TXT', ttl: 60, values: ['"x"'] };

test.for<readonly [string, readonly RecordSet[], readonly RecordSet[], RegExp]>([
  ['a CNAME at the apex', [{ ...a, name: 'example.com' }], [{ ...cname, name: 'example.com' }], /apex/],
  ['a name left without an address', [a], [TXT], /no address at all/],
  ['an empty position', [a], [], /no address at all/],
  ['a CNAME beside an A', [a], [cname, a], /CNAME can have no other record/],
  ['two values of a CNAME', [a], [{ ...cname, values: ['x.example', 'y.example'] }], /exactly one/],
  [
    'mixed TTLs of weighted sets',
    [{ ...a, setIdentifier: 'b', weight: 1 }],
    [
      { ...a, setIdentifier: 'b', weight: 0 },
      { ...a, setIdentifier: 'c', weight: 1, ttl: 30 },
    ],
    /same TTL/,
  ],
  [
    'two routing policies',
    [a],
    [
      { ...a, setIdentifier: 'b', weight: 0 },
      { ...a, setIdentifier: 'c', region: 'eu-west-1' },
    ],
    /weighted and a latency/,
  ],
  [
    'an alias without its target',
    [a],
    [{ name: WWW, type: 'A', alias: { zone: ZONE.id, name: 'gone.example.com', evaluateTargetHealth: false } }],
    /gone\.example\.com/,
  ],
  ['neither alias nor values', [a], [{ name: WWW, type: 'A' }], /either an alias, or a TTL/],
  [
    'a set named twice',
    [a],
    [
      { ...a, ttl: 30 },
      { ...a, name: `${WWW}.` },
    ],
    /twice/,
  ],
  ['sets of a traffic policy', [{ ...a, other: { TrafficPolicyInstanceId: 't' } }], [a], /traffic policy/],
  [
    'more than 400 values in a set',
    [a],
    [{ ...a, values: Array.from({ length: 401 }, (_, n) => `10.0.${n >> 8}.${n & 255}`) }],
    /at most 400/,
  ],
  [
    'more than 1,000 records',
    [a],
    [
      a,
      ...Array.from({ length: 3 }, (_, n) => ({
        ...a,
        name: `n${n}.example.com`,
        values: Array.from({ length: 390 }, (_, m) => `10.${n}.${m >> 8}.${m & 255}`),
      })),
    ],
    /at most 1000 at once/,
  ],
  [
    'more than 32,000 characters',
    [a],
    [
      a,
      ...Array.from({ length: 10 }, (_, n) => ({
        ...TXT,
        name: `n${n}.example.com`,
        values: Array.from({ length: 20 }, (_, m) => `"${`${m} `.repeat(100)}"`),
      })),
    ],
    /characters/,
  ],
])('%s is an unsafe plan, said in a sentence', ([, live, wanted, words]) => {
  const { code, message, hint } = refusal(planFor(live, wanted));
  expect(code).toBe('unsafe-plan');
  expect(message).toMatch(words);
  expect(hint).not.toBe('');
});

const shop: RecordSet = { ...a, name: 'shop.example.com' };

test.for<readonly [string, string, readonly RecordSet[], 'change' | 'refused']>([
  ['to primary goes again', 'primary', [a], 'change'],
  ['to what was before goes again', 'before', [a], 'change'],
  ['that primary keeps without an address', 'primary', [a, { ...TXT, name: shop.name }], 'refused'],
  ['that was there before without an address', 'before', [a, { ...TXT, name: shop.name }], 'change'],
  ['on the way to another position', 'dr', [a], 'refused'],
])('a name that primary lacks, %s', ([, to, wanted, kind]) => {
  const planned = plan([cname, shop], wanted, ownedBy({ primary: wanted, maintenance: [cname, shop] }), ZONE, to);
  expect(planned.kind).toBe(kind);
  if (planned.kind === 'refused') {
    expect(planned.message).toContain(shop.name);
    expect(planned.hint).toContain(`in ${to}.`);
  }
});

test('reading tells the position, and of drift what differs from the nearest one', () => {
  const positions = { maintenance: [cname], primary: [a, aaaa] };
  expect(reading([aaaa, a, TXT], { positions })).toEqual({ kind: 'position', position: 'primary' });
  expect(reading([cname], { positions })).toEqual({ kind: 'position', position: 'maintenance' });
  expect(reading([{ ...a, ttl: 61 }, aaaa], { positions })).toEqual({
    kind: 'drifted',
    differences: ['A www.example.com is 192.0.2.10 (61 s), where primary has 192.0.2.10 (60 s)'],
  });
  expect(reading([], { positions })).toMatchObject({
    kind: 'drifted',
    differences: [/CNAME www.example.com is missing/],
  });
  expect(reading([a], { positions })).toMatchObject({
    differences: ['AAAA www.example.com is missing, where primary has 2001:db8::10 (120 s)'],
  });
});
