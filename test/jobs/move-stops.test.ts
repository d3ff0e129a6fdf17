import { expect, onTestFinished, test } from 'vitest';
import { Stopped } from '../../cloud/engine/runbook.ts';
import { sameSets } from '../../cloud/jobs/records.ts';
import type { RecordSet } from '../../cloud/ports.ts';
import {
  MAINTENANCE,
  type MoveWorld,
  PRIMARY,
  startMoveWorld,
  switchAs,
  until,
  type WorldOptions,
  ZONE,
} from './move-world.ts';
import { Crash, type Driver, driveJob } from './run-driver.ts';

async function world(options?: WorldOptions): Promise<MoveWorld> {
  const started = await startMoveWorld(options);
  onTestFinished(() => started[Symbol.asyncDispose]());
  return started;
}

function job({ makeRunbook, state }: MoveWorld, data = {}): Driver {
  return driveJob({ makeRunbook, state, data });
}

/** Interrupts the job when it makes that write, or right before it makes it. */
function interruptAt(move: Driver, at: string, status: 'superseded' | 'cancelled' = 'superseded'): void {
  move.onWrite((write) => write === at && move.interrupt({ status, text: 'The lobby pressed restore.' }));
}

const CHANGE = 'ChangeResourceRecordSets';
const sentChanges = ({ route53 }: MoveWorld): number =>
  route53.calls.filter(({ operation }) => operation === CHANGE).length;

/** Somebody else puts other records in their place. */
function replace({ route53 }: MoveWorld, old: readonly RecordSet[], others: readonly RecordSet[]): void {
  route53.edit(ZONE, [
    ...old.map((set) => ({ action: 'DELETE', set }) as const),
    ...others.map((set) => ({ action: 'CREATE', set }) as const),
  ]);
}

test.for(['begin guard', 'end guard', 'begin read', 'end read', 'begin plan', 'end plan', 'begin change'])(
  'interrupted at "%s", the job ends as superseded and nothing was sent',
  async (at) => {
    const here = await world();
    const move = job(here);
    interruptAt(move, at);
    const end = await move.run();
    expect(end).toMatchObject({ status: 'superseded', data: { note: 'The lobby pressed restore.', outcome: null } });
    expect(sentChanges(here)).toBe(0);
  },
);

test('cancelled before its change is sent, the job ends as cancelled', async () => {
  const here = await world();
  const move = job(here);
  interruptAt(move, 'look', 'cancelled');
  expect((await move.run()).status).toBe('cancelled');
  expect(sentChanges(here)).toBe(0);
});

test('interrupted while the call is under way and nothing was changed, it reads back and ends as superseded', async () => {
  const here = await world();
  here.route53.weather({ kind: 'hang', operation: CHANGE, times: 5 });
  const move = job(here);
  const ending = move.run();
  await until('the change is on its way', () => sentChanges(here) === 1);
  move.interrupt({ status: 'superseded', text: 'The lobby pressed restore.' });
  expect((await ending).status).toBe('superseded');
  expect(sentChanges(here)).toBe(1);
  expect(sameSets(here.live(), PRIMARY)).toBe(true);
});

test('interrupted while the call is under way and the reply is lost, it reads back and ends as the success it was', async () => {
  const here = await world();
  here.route53.weather({ kind: 'lost-reply', operation: CHANGE });
  const move = job(here);
  here.route53.onCall(({ operation, outcome }) => {
    if (operation === CHANGE && outcome === 'lost') move.interrupt({ status: 'superseded', text: 'Pressed again.' });
  });
  const end = await move.run();
  expect(end).toMatchObject({ status: 'succeeded', data: { outcome: 'switched', verified: false } });
  expect(end.data.reading).toEqual({ kind: 'position', position: 'maintenance' });
  expect(sameSets(here.live(), MAINTENANCE)).toBe(true);
});

test('interrupted while it waits for another attempt, it makes none', async () => {
  const here = await world({ move: { pace: { retryMsMin: 60_000, retryMsMax: 60_000, settlePollMs: [5] } } });
  here.route53.weather({ kind: 'throttling', operation: CHANGE });
  const move = job(here);
  interruptAt(move, 'progress change');
  expect((await move.run()).status).toBe('superseded');
  expect(sentChanges(here)).toBe(1);
});

test.for([
  [true, false],
  [false, null],
])(
  'interrupted while PENDING, it ends at once as a success (dns.verify %s: verified %s)',
  async ([verify, verified]) => {
    const here = await world({
      insyncAfterMs: Number.POSITIVE_INFINITY,
      switches: [switchAs({ verify: verify === true })],
    });
    const move = job(here);
    interruptAt(move, 'progress settle');
    const end = await move.run();
    expect(end).toMatchObject({ status: 'succeeded', data: { outcome: 'switched', verified } });
    expect(end.data.cachesUntilMs).toBeGreaterThan(0);
  },
);

test('interrupted while name servers are asked, it ends at once as a success that was not verified', async () => {
  const here = await world({ move: { pace: { settlePollMs: [5], verifyMs: 60_000, verifyPauseMs: 60_000 } } });
  here.dns.servers[0]?.stayBehind();
  const move = job(here);
  interruptAt(move, 'progress verify');
  expect(await move.run()).toMatchObject({ status: 'succeeded', data: { outcome: 'switched', verified: false } });
});

test('an automatic job whose reason is gone at the last look sends nothing and ends as superseded', async () => {
  const here = await world();
  const move = job(here, { automatic: true });
  move.onWrite((write) => {
    if (write === 'look') here.state.reason = 'Its alert has closed.';
  });
  const end = await move.run();
  expect(end).toMatchObject({ status: 'superseded', data: { note: 'Its alert has closed.' } });
  expect(move.step('change')).toMatchObject({ status: 'skipped', text: 'Not sent: Its alert has closed.' });
  expect(sentChanges(here)).toBe(0);
});

test('the last look comes before every attempt: a reason that goes while Route 53 throttles stops the next one', async () => {
  const here = await world();
  here.route53.weather({ kind: 'throttling', operation: CHANGE, times: 50 });
  const move = job(here, { automatic: true });
  move.onWrite((write) => {
    if (write === 'progress change') here.state.reason = 'Its alert has closed.';
  });
  expect((await move.run()).status).toBe('superseded');
  expect(sentChanges(here)).toBe(1);
});

test("a human's job is not stopped by what stops automation", async () => {
  const here = await world();
  here.state.reason = 'Automation has tripped.';
  expect((await job(here).run()).status).toBe('succeeded');
});

test('a lost lease ends the run without a word, and without a change', async () => {
  const here = await world();
  const move = job(here);
  move.onWrite((write) => write === 'end plan' && move.stop('lease-lost'));
  await expect(move.run()).rejects.toBeInstanceOf(Stopped);
  expect(sentChanges(here)).toBe(0);
});

test('a shutdown while PENDING hands the job over, and the next run ends it without another change', async () => {
  const here = await world({ insyncAfterMs: Number.POSITIVE_INFINITY });
  const move = job(here);
  move.onWrite((write) => write === 'progress settle' && move.stop('shutdown'));
  await expect(move.run()).rejects.toBeInstanceOf(Stopped);
  here.route53.settle();
  expect(await move.run()).toMatchObject({ status: 'succeeded', data: { outcome: 'switched', verified: true } });
  expect(here.route53.changes).toBe(1);
});

/** The writes of an undisturbed failover: six steps begin and end, with a look in plan and one in change. */
const WRITES = 14;
const crashes = Array.from({ length: WRITES }, (_, write) => write).flatMap((write) => [
  [write, 'before'] as const,
  [write, 'after'] as const,
]);

test.for(crashes)(
  'killed at write %i (%s it is stored), the job ends as it should with one change',
  async ([write, when]) => {
    const here = await world();
    const move = job(here);
    move.crashAt(write, when);
    await expect(move.run()).rejects.toBeInstanceOf(Crash);
    // Another process takes it up: nothing is left in memory.
    const end = await move.run();
    expect(end).toMatchObject({ status: 'succeeded', data: { outcome: 'switched', verified: true, error: null } });
    expect(here.route53.changes).toBe(1);
    expect(sameSets(here.live(), MAINTENANCE)).toBe(true);
  },
);

test('a run that may have sent its change looks before it sends: no blind second call', async () => {
  const here = await world();
  const move = job(here);
  // Dies after Route 53 has accepted the change and before that is stored.
  move.crashAt(9, 'before');
  await expect(move.run()).rejects.toBeInstanceOf(Crash);
  expect(here.route53.changes).toBe(1);
  const end = await move.run();
  expect(end.data).toMatchObject({ outcome: 'switched', verified: true });
  expect(sentChanges(here)).toBe(1);
});

test('a resumed run that was interrupted meanwhile still finds out what it has done', async () => {
  const here = await world();
  const move = job(here);
  move.crashAt(9, 'before');
  await expect(move.run()).rejects.toBeInstanceOf(Crash);
  move.interrupt({ status: 'superseded', text: 'The lobby pressed restore.' });
  expect(await move.run()).toMatchObject({ status: 'succeeded', data: { outcome: 'switched', verified: false } });
});

test('a change that Route 53 has forgotten is none: withheld after that, the job says nothing of a move', async () => {
  const here = await world();
  here.route53.weather({ kind: 'forget' });
  const move = job(here, { automatic: true });
  move.onWrite((write) => {
    if (write === 'end settle') here.state.reason = 'Its alert has closed.';
  });
  const end = await move.run();
  expect(end).toMatchObject({ status: 'superseded', data: { outcome: null, cachesUntilMs: null } });
  expect(end.data.reading).toEqual({ kind: 'position', position: 'primary' });
  expect(sentChanges(here)).toBe(1);
});

test('a change that Route 53 has forgotten is none: interrupted after that, the job says nothing of a move', async () => {
  const here = await world();
  here.route53.weather({ kind: 'forget' });
  const move = job(here);
  interruptAt(move, 'end read-2');
  const end = await move.run();
  expect(end).toMatchObject({ status: 'superseded', data: { outcome: null, cachesUntilMs: null } });
  expect(end.data.reading).toEqual({ kind: 'position', position: 'primary' });
});

test('a change that Route 53 has forgotten and that turns out to be made is a success with its time for caches', async () => {
  const here = await world();
  here.route53.weather({ kind: 'forget' });
  const move = job(here);
  move.onWrite((write) => write === 'end settle' && replace(here, PRIMARY, MAINTENANCE));
  const end = await move.run();
  expect(end).toMatchObject({ status: 'succeeded', data: { outcome: 'switched', verified: true } });
  expect(end.data.cachesUntilMs).toBeGreaterThan(0);
});

test.for(['interrupted', 'deadline'] as const)(
  'a change that Route 53 has forgotten, and no time to read the records again (%s): the outcome is said to be unknown',
  async (why) => {
    const here = await world();
    here.route53.weather({ kind: 'forget' });
    const move = job(here);
    move.onWrite((write) => {
      if (write !== 'end settle') return;
      if (why === 'deadline') move.stop('deadline');
      else move.interrupt({ status: 'superseded', text: 'The lobby pressed restore.' });
    });
    expect(await move.run()).toMatchObject({
      status: 'failed',
      data: { outcome: null, cachesUntilMs: null, error: { code: 'unknown-outcome' }, reading: { kind: 'unknown' } },
    });
  },
);

test('changes that Route 53 forgets in every round: that of the last one may have been made, and so it is said', async () => {
  const here = await world({ move: { pace: { retryMsMin: 1, retryMsMax: 1, settlePollMs: [1] } } });
  here.route53.weather({ kind: 'forget', times: 20 });
  expect(await job(here).run()).toMatchObject({
    status: 'failed',
    data: { outcome: null, error: { code: 'unknown-outcome' }, reading: { kind: 'unknown' } },
  });
  expect(sentChanges(here)).toBe(20);
});

const silent = { ok: false, text: 'The site did not answer.' };
const probed = (): WorldOptions => ({
  switches: [switchAs({ probe: { maintenance: { url: 'https://m.example.net/', expect: [200], timeoutMs: 1_000 } } })],
  move: { prober: { probe: async () => silent } },
});

test('the probe has refused automation and the process has died: a human who has joined since is not refused by it', async () => {
  const here = await world(probed());
  const move = job(here, { automatic: true });
  move.onWrite((write) => {
    if (write !== 'end guard' || move.step('guard')?.status !== 'refused' || !move.job.data.automatic) return;
    move.stop('shutdown');
    move.joined({ automatic: false });
  });
  await move.run().catch(() => undefined);
  expect(await move.run()).toMatchObject({ status: 'succeeded', data: { outcome: 'switched' } });
});

test('the change was withheld from automation and the process has died: that of a human who has joined since is sent', async () => {
  const here = await world();
  here.state.reason = 'Its alert has closed.';
  const move = job(here, { automatic: true });
  move.onWrite((write) => {
    if (write === 'end change' && move.step('change')?.status === 'skipped') move.joined({ automatic: false });
  });
  expect(await move.run()).toMatchObject({ status: 'succeeded', data: { outcome: 'switched' } });
  expect(sentChanges(here)).toBe(1);
});

test('the change was withheld from automation; a human joins and finds that somebody else has made it: nothing was switched', async () => {
  const here = await world();
  here.state.reason = 'Its alert has closed.';
  const move = job(here, { automatic: true });
  move.onWrite((write) => {
    if (write !== 'end change') return;
    move.joined({ automatic: false });
    replace(here, PRIMARY, MAINTENANCE);
  });
  expect(await move.run()).toMatchObject({ status: 'succeeded', data: { outcome: 'already-there', verified: null } });
  expect(sentChanges(here)).toBe(0);
});

test('drift has refused automation; a human joins and finds that somebody else has restored: nothing was switched', async () => {
  const drifted = [{ name: 'www.example.test', type: 'A', ttl: 60, values: ['203.0.113.7'] }];
  const here = await world({ records: drifted });
  const move = job(here, { automatic: true, command: 'restore', to: 'primary' });
  move.onWrite((write) => {
    if (write !== 'end plan') return;
    move.joined({ automatic: false, toNamed: true });
    replace(here, drifted, PRIMARY);
  });
  expect(await move.run()).toMatchObject({ status: 'succeeded', data: { outcome: 'already-there', verified: null } });
  expect(sentChanges(here)).toBe(0);
});

test('drift has refused automation: a human who has joined since and names the position restores', async () => {
  const here = await world({ records: [{ name: 'www.example.test', type: 'A', ttl: 60, values: ['203.0.113.7'] }] });
  const move = job(here, { automatic: true, command: 'restore', to: 'primary' });
  move.onWrite((write) => {
    if (write === 'end plan') move.joined({ automatic: false, toNamed: true });
  });
  expect(await move.run()).toMatchObject({ status: 'succeeded', data: { outcome: 'switched' } });
  expect(sameSets(here.live(), PRIMARY)).toBe(true);
});
