import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../shared/system-clock.ts';
import { openNameServers } from '../../cloud/adapters/dns.ts';
import type { JobData } from '../../cloud/jobs/command.ts';
import { sameSets } from '../../cloud/jobs/records.ts';
import type { RecordSet } from '../../cloud/ports.ts';
import {
  MAINTENANCE,
  type MoveWorld,
  PRIMARY,
  startMoveWorld,
  switchAs,
  type WorldOptions,
  ZONE,
} from './move-world.ts';
import type { WeatherInput } from '../world/route53/weather.ts';
import { type Driver, driveJob } from './run-driver.ts';

async function world(options?: WorldOptions): Promise<MoveWorld> {
  const started = await startMoveWorld(options);
  onTestFinished(() => started[Symbol.asyncDispose]());
  return started;
}

function job({ makeRunbook, state }: MoveWorld, data?: Partial<JobData>, deadlineMs?: number): Driver {
  return driveJob({ makeRunbook, state, ...(data && { data }), ...(deadlineMs && { deadlineMs }) });
}

const restore: Partial<JobData> = { command: 'restore', to: 'primary', from: 'maintenance' };
const drifted: RecordSet = { name: 'www.example.test', type: 'A', ttl: 300, values: ['203.0.113.99'] };

test('a failover is one atomic change that the name servers show, and a restore brings back the records as they were', async () => {
  const here = await world();
  const atFirst = here.live();
  const move = job(here);
  const end = await move.run();

  expect(end.status).toBe('succeeded');
  expect(end.data).toMatchObject({ outcome: 'switched', verified: true, error: null, before: null });
  expect(end.data.reading).toEqual({ kind: 'position', position: 'maintenance' });
  expect(move.job.steps.map(({ name, status }) => `${name} ${status}`)).toEqual([
    'guard skipped',
    'read succeeded',
    'plan succeeded',
    'change succeeded',
    'settle succeeded',
    'verify succeeded',
  ]);
  expect(move.step('plan')?.text).toBe(
    'One change, all or nothing: delete AAAA www.example.test 2001:db8::10 (30 s), delete A www.example.test 192.0.2.10 (60 s), create CNAME www.example.test maintenance.example.net (60 s).',
  );
  expect(here.route53.changes).toBe(1);
  expect(sameSets(namesOf(here.live()), MAINTENANCE)).toBe(true);
  const [server = ''] = here.dns.addresses;
  const answer = await openNameServers({ nameServers: undefined }).ask(
    server,
    'www.example.test',
    'A',
    AbortSignal.timeout(2_000),
  );
  expect(answer.records).toMatchObject([{ type: 'CNAME', value: 'maintenance.example.net' }]);

  const back = await job(here, restore).run();
  expect(back.data).toMatchObject({ outcome: 'switched', verified: true });
  expect(here.live()).toEqual(atFirst);
  expect(here.route53.changes).toBe(2);
});

test('caches let go one old TTL after INSYNC, the longest of the sets that change', async () => {
  const here = await world({ insyncAfterMs: Number.POSITIVE_INFINITY });
  const move = job(here);
  move.onWrite((write) => write === 'progress settle' && here.route53.settle());
  const end = await move.run();
  const cachesUntilMs = end.data.cachesUntilMs ?? 0;
  expect(move.step('settle')?.detail).toEqual({ kind: 'insync', atMs: cachesUntilMs - 60_000 });
  expect(move.writes).toContain('progress settle');
});

test('a switch that is there already is a success that changes nothing', async () => {
  const here = await world({ records: MAINTENANCE });
  const end = await job(here).run();
  expect(end.data).toMatchObject({ outcome: 'already-there', verified: null, cachesUntilMs: null });
  expect(here.route53.changes).toBe(0);
});

test('a record of nobody in the way of a CNAME refuses the move, by its name, and nothing changes', async () => {
  const mx: RecordSet = { name: 'www.example.test', type: 'MX', ttl: 60, values: ['10 mail.example.test'] };
  const here = await world({ records: [...PRIMARY, mx] });
  const move = job(here);
  const end = await move.run();
  expect(end.status).toBe('refused');
  expect(end.data.error).toMatchObject({ code: 'foreign-record' });
  expect(end.data.error?.message).toContain('MX www.example.test 10 mail.example.test');
  expect(move.step('plan')?.status).toBe('refused');
  expect(here.route53.changes).toBe(0);
});

test('a protected record set refuses the move as protected', async () => {
  const here = await world();
  here.route53.protect(ZONE, 'www.example.test', 'A', 'the boss said so');
  const end = await job(here).run();
  expect(end.status).toBe('refused');
  expect(end.data.error?.code).toBe('protected');
  expect(here.route53.changes).toBe(0);
});

test('a failover adopts foreign values, and keeps them for a restore to before, which brings back exactly those', async () => {
  const here = await world({ records: [drifted] });
  const atFirst = here.live();
  const end = await job(here).run();
  expect(end.data).toMatchObject({ outcome: 'switched', before: [drifted] });
  here.state.before = end.data.before;
  const back = await job(here, { ...restore, to: 'before' }).run();
  expect(back.data).toMatchObject({ outcome: 'switched', verified: true, reading: { kind: 'drifted' } });
  expect(here.live()).toEqual(atFirst);
});

test.for([
  ['by default', {}, 'drift'],
  ['by automation, even though it names the position', { automatic: true, toNamed: true }, 'drift'],
  ['by a human who names the position', { toNamed: true }, null],
  ['by a human who overrides drift', { override: ['drift'] }, null],
] as const)('a restore of drifted records %s', async ([, how, code]) => {
  const here = await world({ records: [drifted] });
  const end = await job(here, { ...restore, ...how }).run();
  expect(end.data.error?.code ?? null).toBe(code);
  expect(end.data.error?.guard ?? null).toBe(code);
  expect(end.status).toBe(code === null ? 'succeeded' : 'refused');
  expect(here.route53.changes).toBe(code === null ? 1 : 0);
});

test.for([
  ['by default', {}, 'drift'],
  ['by automation', { automatic: true }, 'drift'],
  ['by a human who names the position', { toNamed: true }, null],
  ['by a human who overrides drift', { override: ['drift'] }, null],
] as const)('a restore after a failover that found foreign records, %s', async ([, how, code]) => {
  const here = await world({ records: MAINTENANCE });
  here.state.before = [drifted];
  const end = await job(here, { ...restore, ...how }).run();
  expect(end.data.error?.code ?? null).toBe(code);
  if (code !== null) expect(end.data.error?.message).toContain('A www.example.test 203.0.113.99 (300 s)');
  expect(here.route53.changes).toBe(code === null ? 1 : 0);
});

test('a name that only the other position has comes with the failover and goes with the restore', async () => {
  const shop: RecordSet = { name: 'shop.example.test', type: 'A', ttl: 60, values: ['192.0.2.70'] };
  const positions = { primary: PRIMARY, maintenance: [...MAINTENANCE, shop] };
  const here = await world({ switches: [switchAs({ positions })] });
  const atFirst = here.live();
  expect((await job(here).run()).data).toMatchObject({ outcome: 'switched', verified: true });
  expect((await job(here, restore).run()).data).toMatchObject({ outcome: 'switched', verified: true });
  expect(here.live()).toEqual(atFirst);
});

test.for([
  ['automation', { automatic: true }, 'refused'],
  [
    'a human who restores and overrides probe-failed',
    { command: 'restore', to: 'primary', override: ['probe-failed'] },
    'succeeded',
  ],
  ['a human who fails over', {}, 'succeeded'],
  ['a human who restores', { command: 'restore', to: 'primary' }, 'refused'],
] as const)('a destination that does not answer, and %s', async ([, how, status]) => {
  const probe = { url: 'http://www.example.test/', expect: [200], timeoutMs: 1_000 };
  const prober = { probe: async () => ({ ok: false, text: 'The site answered 500, not 200.' }) };
  const switches = [switchAs({ probe: { primary: probe, maintenance: probe } })];
  const records = 'command' in how ? MAINTENANCE : PRIMARY;
  const here = await world({ switches, records, move: { prober } });
  const move = job(here, how);
  const end = await move.run();
  expect(end.status).toBe(status);
  expect(move.step('guard')?.text).toContain('The site answered 500, not 200.');
  if (status === 'refused') expect(end.data.error).toMatchObject({ code: 'probe-failed', guard: 'probe-failed' });
  expect(here.route53.changes).toBe(status === 'refused' ? 0 : 1);
});

test('a drill walks the whole road, says what it would send and what would take it back, and changes nothing', async () => {
  const here = await world();
  const move = job(here, { command: 'drill' });
  const end = await move.run();
  expect(end.status).toBe('succeeded');
  expect(end.data).toMatchObject({ outcome: 'drilled', verified: null, reading: { position: 'primary' } });
  expect(move.step('change')).toMatchObject({ status: 'skipped' });
  expect(move.step('change')?.text).toContain('It would be: delete AAAA www.example.test 2001:db8::10 (30 s)');
  expect(move.step('change')?.text).toContain('The way back would be: delete CNAME www.example.test');
  expect(move.step('verify')?.text).toContain('gives the wanted answers');
  expect(here.route53.calls.map(({ operation }) => operation)).not.toContain('ChangeResourceRecordSets');
});

test.for<readonly [string, WeatherInput | null, string, RegExp]>([
  [
    'may be seen',
    null,
    'succeeded',
    /may read the records and see the zone, and ask how far a change is\. Whether they may/,
  ],
  [
    'lacks',
    { kind: 'access-denied', operation: 'GetChange' },
    'failed',
    /may not ask how far a change is: .*AccessDenied/,
  ],
  ['cannot be seen', { kind: 'throttling', operation: 'GetChange' }, 'skipped', /could not be asked\. .*Throttling/],
])('a drill tells what of the rights %s', async ([, weather, status, words]) => {
  const here = await world();
  if (weather) here.route53.weather(weather);
  const move = job(here, { command: 'drill' });
  expect((await move.run()).data.outcome).toBe('drilled');
  expect(move.step('settle')?.status).toBe(status);
  expect(move.step('settle')?.text).toMatch(words);
});

test('when one of four name servers stays behind, the job succeeds unverified and names it', async () => {
  const here = await world({ servers: 4 });
  const behind = here.dns.servers[2];
  behind?.stayBehind();
  const move = job(here);
  const end = await move.run();
  expect(end.status).toBe('succeeded');
  expect(end.data).toMatchObject({ outcome: 'switched', verified: false });
  expect(move.step('verify')?.text).toContain('1 of 4 name servers');
  expect(move.step('verify')?.text).toContain(behind?.address);
  expect(move.step('verify')?.text).toContain('A 192.0.2.10');
});

test('a wall clock that is set back while name servers are asked does not keep the job for as long', async () => {
  let backMs = 0;
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() - backMs };
  const here = await world({ servers: 2, move: { clock } });
  here.dns.servers[1]?.stayBehind();
  const move = job(here);
  move.onWrite((write) => {
    if (write === 'progress verify') backMs = 3_600_000;
  });
  expect((await move.run()).data).toMatchObject({ outcome: 'switched', verified: false });
  expect(move.step('verify')?.text).toContain('1 of 2 name servers');
});

test('a name server that is silent for a moment is asked until it answers', async () => {
  const here = await world({ servers: 2, move: { pace: { settlePollMs: [1], verifyMs: 5_000, verifyPauseMs: 10 } } });
  here.dns.servers[1]?.fallSilent();
  const move = job(here);
  move.onWrite((write) => write === 'progress verify' && here.dns.servers[1]?.recover());
  const end = await move.run();
  expect(end.data.verified).toBe(true);
});

test.for([
  ['dns.verify is false', { switches: [switchAs({ verify: false })] }],
  ['the zone is private', { zone: { private: true } }],
] as const)('nobody is asked when %s, and the step says so', async ([, options]) => {
  const here = await world(options);
  const move = job(here);
  const end = await move.run();
  expect(end.data).toMatchObject({ outcome: 'switched', verified: null });
  expect(move.step('verify')?.status).toBe('skipped');
  expect(here.dns.servers[0]?.queries).toBe(0);
});

test('two switches of one zone that move at the same moment both arrive, one change call at a time', async () => {
  const api: RecordSet = { name: 'api.example.test', type: 'A', ttl: 60, values: ['192.0.2.50'] };
  const other = switchAs({
    name: 'api',
    positions: { primary: [api], maintenance: [{ ...api, values: ['192.0.2.60'] }] },
  });
  const here = await world({ records: [...PRIMARY, api], switches: [switchAs(), other] });
  here.route53.weather({ kind: 'slow', ms: 60, operation: 'ChangeResourceRecordSets', times: 2 });
  const runbook = here.makeRunbook();
  const both = ['www', 'api'].map((lane) => driveJob({ makeRunbook: () => runbook, state: here.state, lane }));
  const ends = await Promise.all(both.map((move) => move.run()));
  expect(ends.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
  expect(here.route53.calls.flatMap(({ code }) => code ?? [])).toEqual([]);
  expect(here.route53.changes).toBe(2);
});

function namesOf(sets: readonly RecordSet[]): readonly RecordSet[] {
  return sets.map((set) => ({ ...set, name: set.name.replace(/\.$/, '') }));
}

test('when the addresses of the name servers cannot be found, the job succeeds unverified and says why', async () => {
  const nameServers = openNameServers({ nameServers: undefined, resolvers: ['127.0.0.1:1'] });
  const here = await world({ move: { nameServers } });
  const move = job(here);
  const end = await move.run();
  expect(end).toMatchObject({ status: 'succeeded', data: { outcome: 'switched', verified: false } });
  expect(move.step('verify')?.text).toContain('The addresses of name server ns-1.awsdns-01.test cannot be found');
});
