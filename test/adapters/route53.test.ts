import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { Fault } from '../../shared/faults.ts';
import { type Log, silentLog } from '../../shared/log.ts';
import { openRecordStore } from '../../cloud/adapters/route53.ts';
import { route53Fault } from '../../cloud/adapters/route53-faults.ts';
import { fromSdk, sdkBatch, sdkName } from '../../cloud/adapters/route53-sets.ts';
import type { RecordSet } from '../../cloud/ports.ts';
import { startRoute53 } from '../world/route53/server.ts';
import type { WeatherInput } from '../world/route53/weather.ts';

const SECRET = 'a-secret-that-nobody-may-see';
process.env['AWS_ACCESS_KEY_ID'] = 'AKIALOCAL';
process.env['AWS_SECRET_ACCESS_KEY'] = SECRET;

const ZONE = 'Z0123456789ABC';
const WWW = 'www.example.test';
const soon = (): AbortSignal => AbortSignal.timeout(10_000);

async function open(records: readonly RecordSet[] = [], more: { readonly requestMsMax?: number } = {}) {
  const route53 = await startRoute53({ zones: [{ id: ZONE, name: 'example.test', records }] });
  const store = await openRecordStore({ region: 'us-east-1', endpoint: route53.url, log: silentLog, ...more });
  onTestFinished(async () => {
    await store[Symbol.asyncDispose]();
    await route53[Symbol.asyncDispose]();
  });
  return { route53, store };
}

async function faultOf(call: Promise<unknown>): Promise<Fault> {
  return call.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: Fault) => error,
  );
}

const a: RecordSet = { name: WWW, type: 'A', ttl: 60, values: ['192.0.2.10'] };

test('a zone is told by its normalised name, its name servers and whether it is private', async () => {
  const { store } = await open();
  const zone = await store.zone(ZONE, soon());
  expect(zone).toMatchObject({ id: ZONE, name: 'example.test', private: false });
  expect(zone.nameServers).toContain('ns-1.awsdns-01.test');
});

test.for([true, false])(
  'whether accelerated recovery is on is told with the zone (%s)',
  async (acceleratedRecovery) => {
    await using route53 = await startRoute53({ zones: [{ id: ZONE, name: 'example.test', acceleratedRecovery }] });
    await using store = await openRecordStore({ region: 'us-east-1', endpoint: route53.url, log: silentLog });
    expect(await store.zone(ZONE, soon())).toMatchObject({ acceleratedRecovery });
  },
);

test('the clock of Route 53 is read from its answers', async () => {
  const server = createServer((_, response) => {
    response.setHeader('date', new Date(Date.now() + 3_600_000).toUTCString());
    response.end('<GetChangeResponse><ChangeInfo><Id>C1</Id><Status>INSYNC</Status></ChangeInfo></GetChangeResponse>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await using store = await openRecordStore({ region: 'us-east-1', endpoint, log: silentLog });
  expect(store.aheadMs()).toBeNull();
  await store.changeStatus('C1', soon());
  expect(Math.abs((store.aheadMs() ?? 0) - 3_600_000)).toBeLessThan(120_000);
});

test('reading gives every set at exactly the names, of every type and identifier, and nothing of their neighbours', async () => {
  const sets: RecordSet[] = [
    a,
    { name: WWW, type: 'AAAA', ttl: 60, values: ['2001:db8::10'] },
    { name: `a.${WWW}`, type: 'A', ttl: 60, values: ['192.0.2.1'] },
    { name: 'wwx.example.test', type: 'A', ttl: 60, values: ['192.0.2.2'] },
    { name: 'api.example.test', type: 'A', ttl: 60, values: ['192.0.2.3'], setIdentifier: 'blue', weight: 100 },
    { name: 'api.example.test', type: 'A', ttl: 60, values: ['192.0.2.4'], setIdentifier: 'green', weight: 0 },
  ];
  const { store } = await open(sets);
  const found = await store.read(ZONE, [WWW, 'api.example.test', 'absent.example.test', WWW], soon());
  expect(found).toHaveLength(4);
  expect(found).toEqual(expect.arrayContaining([sets[0], sets[1], sets[4], sets[5]]));
});

test('a name with more sets than several pages hold is read to its end', async () => {
  const sets = ['192.0.2.1', '2001:db8::1', '10 mail.example.test', '"text"'].flatMap((value, type) =>
    Array.from({ length: 100 }, (_, n): RecordSet => {
      const types = ['A', 'AAAA', 'MX', 'TXT'];
      return { name: WWW, type: types[type] ?? '', ttl: 60, values: [value], setIdentifier: `set ${n}`, weight: 1 };
    }),
  );
  const { store, route53 } = await open([...sets, { name: `a.${WWW}`, type: 'A', ttl: 60, values: ['192.0.2.9'] }]);
  const found = await store.read(ZONE, [WWW], soon());
  expect(found).toHaveLength(400);
  expect(new Set(found.map(({ type, setIdentifier }) => `${type} ${setIdentifier}`)).size).toBe(400);
  expect(route53.calls.length).toBeLessThanOrEqual(5);
});

test.for<readonly [string, RecordSet]>([
  ['a wildcard', { ...a, name: '*.example.test' }],
  ['an escaped name', { ...a, name: 'a@b.example.test' }],
  ['an underscore', { name: '_sip._tcp.example.test', type: 'SRV', ttl: 60, values: ['1 2 5060 sip.example.test'] }],
  ['a TXT', { name: WWW, type: 'TXT', ttl: 60, values: ['"v=spf1 -all"', '"a \\"quoted\\" word" "and more"'] }],
  [
    'an alias',
    { name: WWW, type: 'A', alias: { zone: 'Z2FDTNDATAQYW2', name: 'd1.cloudfront.net', evaluateTargetHealth: false } },
  ],
  ['a latency set', { ...a, setIdentifier: 'eu', region: 'eu-west-1', healthCheckId: 'abc' }],
  ['a failover set', { ...a, setIdentifier: 'p', failover: 'PRIMARY', healthCheckId: 'abc' }],
  ['a location', { ...a, setIdentifier: 'us', geolocation: { country: 'US', subdivision: 'CA' } }],
  ['a multivalue set', { ...a, setIdentifier: 'm', multiValue: true }],
  ['a weight of 0', { ...a, setIdentifier: 'w', weight: 0 }],
])('%s is read in our words, and its DELETE as downloaded is accepted', async ([, set]) => {
  const { store, route53 } = await open([set]);
  const [found] = await store.read(ZONE, [set.name], soon());
  expect(found).toEqual(set);
  if (!found) return;
  const changes = [
    { action: 'DELETE', set: found },
    { action: 'CREATE', set },
  ] as const;
  const { changeId } = await store.change(ZONE, { comment: 'dashover job 1', changes }, soon());
  expect(changeId).toMatch(/^C[A-Z0-9]+$/);
  expect(await store.changeStatus(changeId, soon())).toBe('insync');
  expect(route53.changes).toBe(1);
});

test('what we have no word for travels along, from download to DELETE', () => {
  const sdk = {
    Name: 'www.example.test.',
    Type: 'A',
    TTL: 60,
    ResourceRecords: [{ Value: '192.0.2.1' }],
    SetIdentifier: 'x',
  } as const;
  const other = { CidrRoutingConfig: { CollectionId: 'c', LocationName: 'here' } };
  const set = fromSdk({ ...sdk, ResourceRecords: [...sdk.ResourceRecords], ...other });
  expect(set.other).toEqual(other);
  const [change] = sdkBatch({ comment: '', changes: [{ action: 'DELETE', set }] }).Changes ?? [];
  expect(JSON.parse(JSON.stringify(change?.ResourceRecordSet))).toEqual({ ...sdk, ...other });
});

test('names are sent as Route 53 writes them', () => {
  expect(
    ['www.example.test', '*.example.test', 'a@b.example.test', 'a\\056b.example.test', '_x.example.test'].map(sdkName),
  ).toEqual([
    'www.example.test.',
    '*.example.test.',
    'a\\100b.example.test.',
    'a\\056b.example.test.',
    '_x.example.test.',
  ]);
});

test('a refused batch says why in the words of Route 53, with the request id, and is not tried again', async () => {
  const { store, route53 } = await open();
  const fault = await faultOf(store.change(ZONE, { comment: 'x', changes: [{ action: 'DELETE', set: a }] }, soon()));
  expect(fault).toMatchObject({ name: 'Fault', code: 'route53-refused' });
  expect(fault.message).toMatch(/InvalidChangeBatch.*was not found.*AWS request [0-9a-f-]{36}/);
  expect(route53.calls).toHaveLength(1);
});

test.for<readonly [string, WeatherInput, Fault['code']]>([
  ['throttling', { kind: 'throttling' }, 'route53-throttled'],
  ['a change that is not complete', { kind: 'prior-request' }, 'route53-throttled'],
  ['a lost reply', { kind: 'lost-reply' }, 'route53-unreachable'],
  ['a lost request', { kind: 'lost-request' }, 'route53-unreachable'],
  ['a 503 in HTML', { kind: 'error', status: 503, body: 'html' }, 'route53-unreachable'],
  ['an empty 500', { kind: 'error', status: 500, body: 'empty' }, 'route53-unreachable'],
  ['an empty 200', { kind: 'error', status: 200, body: 'empty' }, 'route53-unreachable'],
  ['HTML with a 200', { kind: 'error', status: 200, body: 'html' }, 'route53-unreachable'],
  ['denied access', { kind: 'access-denied' }, 'route53-denied'],
  ['expired credentials', { kind: 'expired-token' }, 'route53-denied'],
])('%s is told as what it is, after one call', async ([, weather, code]) => {
  const { store, route53 } = await open();
  route53.weather(weather);
  const changes = [{ action: 'CREATE', set: a }] as const;
  const fault = await faultOf(store.change(ZONE, { comment: 'x', changes }, soon()));
  expect(fault).toMatchObject({ name: 'Fault', code });
  expect(fault.message).toContain(`Changing zone ${ZONE}`);
  expect(fault.message).not.toContain(SECRET);
  expect(route53.calls).toHaveLength(1);
});

test('a zone and a change that do not exist are told apart', async () => {
  const { store } = await open();
  expect((await faultOf(store.zone('Z00000000000NONE', soon()))).code).toBe('route53-zone-missing');
  expect((await faultOf(store.read('Z00000000000NONE', [WWW], soon()))).code).toBe('route53-zone-missing');
  expect((await faultOf(store.changeStatus('C00000000000NONE', soon()))).code).toBe('route53-change-missing');
});

test('a call that hangs ends when its caller gives up, with the reason of the caller', async () => {
  const { store, route53 } = await open();
  route53.weather({ kind: 'hang' });
  const giveUp = new AbortController();
  const reading = faultOf(store.read(ZONE, [WWW], giveUp.signal));
  route53.onCall(() => giveUp.abort(new Error('the deadline has come')));
  expect((await reading).message).toBe('the deadline has come');
});

test('a call that hangs without a caller who gives up ends by itself', async () => {
  const { store, route53 } = await open([], { requestMsMax: 100 });
  route53.weather({ kind: 'hang' });
  expect((await faultOf(store.zone(ZONE, soon()))).code).toBe('route53-unreachable');
});

test('nobody there is unreachable; no credentials are a matter of rights', async () => {
  const { store, route53 } = await open();
  await route53[Symbol.asyncDispose]();
  expect((await faultOf(store.zone(ZONE, soon()))).message).toContain('ECONNREFUSED');
  // A local Route 53 sees nobody's real ones.
  expect(await store.credentials()).toEqual({ temporary: false, endAtMs: null });
  const denied = route53Fault(
    'Reading',
    Object.assign(new Error('Could not load credentials'), { name: 'CredentialsProviderError' }),
  );
  expect(denied.code).toBe('route53-denied');
});

test('a signature that does not match is not repeated with the request that was signed', () => {
  const error = Object.assign(new Error(`The Canonical String should have been '...${SECRET}...'`), {
    name: 'SignatureDoesNotMatch',
    $metadata: { httpStatusCode: 403, requestId: 'r1' },
  });
  const fault = route53Fault('Reading zone Z1', error);
  expect(fault.message).toBe(
    'Reading zone Z1: the signature does not match; the secret access key is wrong (HTTP 403, AWS request r1).',
  );
});

test.for([
  ['of the configuration', 'http://127.0.0.1:15380', undefined, 'http://127.0.0.1:15380, which is not AWS'],
  ['of the environment', undefined, 'http://127.0.0.1:15381', 'http://127.0.0.1:15381, which is not AWS'],
  ['of AWS', undefined, undefined, 'https://route53.amazonaws.com.'],
] as const)('the endpoint %s is said in one line at the start', async ([, endpoint, environment, words]) => {
  const lines: string[] = [];
  const log: Log = { ...silentLog, info: (_, sentence) => void lines.push(sentence) };
  if (environment !== undefined) process.env['AWS_ENDPOINT_URL'] = environment;
  try {
    const store = await openRecordStore({ region: 'us-east-1', endpoint, log });
    await store[Symbol.asyncDispose]();
  } finally {
    delete process.env['AWS_ENDPOINT_URL'];
  }
  expect(lines).toEqual([expect.stringContaining(words)]);
});

test('an endpoint of the environment that is no URL is said to be none, and not repeated', async () => {
  process.env['AWS_ENDPOINT_URL'] = `${SECRET}.example.com`;
  try {
    const opening = openRecordStore({ region: 'us-east-1', endpoint: undefined, log: silentLog });
    await expect(opening).rejects.toMatchObject({
      code: 'route53-unreachable',
      message: 'AWS_ENDPOINT_URL, or endpoint_url of the AWS profile, is no URL.',
      hint: 'Write one such as http://127.0.0.1:15380, or remove it: without it the calls go to AWS.',
    });
  } finally {
    delete process.env['AWS_ENDPOINT_URL'];
  }
});
