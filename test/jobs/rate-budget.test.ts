import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { silentLog } from '../../shared/log.ts';
import { openRecordStore } from '../../cloud/adapters/route53.ts';
import { makeMove } from '../../cloud/jobs/move.ts';
import { makeRateBudget, type Urgency } from '../../cloud/jobs/rate-budget.ts';
import type { RecordSet, RecordStore } from '../../cloud/ports.ts';
import { makePlayedClock, type PlayedClock } from '../engine/clock.ts';
import { startRoute53 } from '../world/route53/server.ts';
import { switchAs } from './move-world.ts';
import { driveJob } from './run-driver.ts';

const never = new AbortController().signal;

/** The record of switch n, which shares one of fifty zones with another switch. */
function a(n: number): RecordSet {
  return { name: `s${n}.z${n % 50}.test`, type: 'A', ttl: 60, values: ['192.0.2.1'] };
}

/** Asks for turns, and notes when each came. */
function counter(clock: PlayedClock, perSecond = 5) {
  const budget = makeRateBudget(clock, perSecond);
  const came: { readonly name: string; readonly atMs: number }[] = [];
  const startMs = clock.nowMs();
  const ask = async (name: string, urgency: Urgency, signal = never): Promise<void> => {
    await budget.take(urgency, signal);
    came.push({ name, atMs: clock.nowMs() - startMs });
  };
  return { came, ask, names: () => came.map(({ name }) => name) };
}

test('no second holds more than five requests, and none waits longer than it must', async () => {
  const clock = makePlayedClock();
  const { came, ask } = counter(clock);
  void Promise.all(Array.from({ length: 12 }, async (_, n) => ask(`h${n}`, 'human')));
  await clock.advance(5_000);
  expect(came.map(({ atMs }) => atMs)).toEqual([0, 0, 0, 0, 0, 1050, 1050, 1050, 1050, 1050, 2100, 2100]);
});

test('a human goes at once although automation, polls and the watch have taken all that they may', async () => {
  const clock = makePlayedClock();
  const { came, ask, names } = counter(clock);
  const others = ['watch', 'settle', 'automation'] as const;
  void Promise.all(Array.from({ length: 9 }, async (_, n) => ask(`o${n}`, others[n % 3] ?? 'watch')));
  await clock.advance(100);
  expect(names()).toHaveLength(4);
  await ask('human', 'human');
  expect(came.at(-1)).toEqual({ name: 'human', atMs: 100 });
});

test('those who wait go in the order of their urgency, and in the order of arrival among equals', async () => {
  const clock = makePlayedClock();
  const { ask, names } = counter(clock, 2);
  void ask('first', 'human');
  void ask('second', 'human');
  for (const [name, urgency] of Object.entries({
    w1: 'watch',
    s1: 'settle',
    a1: 'automation',
    w2: 'watch',
    h1: 'human',
  }))
    void ask(name, urgency as Urgency);
  await clock.advance(20_000);
  expect(names()).toEqual(['first', 'second', 'h1', 'a1', 's1', 'w1', 'w2']);
});

test('who gives up while waiting takes nobody’s turn, and leaves no timer behind', async () => {
  const clock = makePlayedClock();
  const { ask, names } = counter(clock, 1);
  const stop = new AbortController();
  await ask('one', 'human');
  const gone = ask('gone', 'human', stop.signal);
  stop.abort(new Error('enough'));
  await expect(gone).rejects.toThrow('enough');
  await expect(ask('late', 'human', stop.signal)).rejects.toThrow('enough');
  await clock.advance(0);
  expect(clock.sleeping()).toBe(0);
  void ask('two', 'human');
  await clock.advance(1_050);
  expect(names()).toEqual(['one', 'two']);
});

test('a hundred switches in fifty zones move at once, and all arrive, under the five requests a second of the account', async () => {
  const clock = makePlayedClock();
  const all = Array.from({ length: 100 }, (_, n) => n);
  const zones = all.slice(0, 50).map((z) => ({ id: `Z${z}`, name: `z${z}.test`, records: [a(z), a(z + 50)] }));
  const timing = { nowMs: () => clock.nowMs(), after: () => () => undefined };
  await using route53 = await startRoute53({ zones, ratePerSecond: 5, timing });
  await using sdk = await openRecordStore({ region: 'us-east-1', endpoint: route53.url, log: silentLog });
  const underWay = new Set<Promise<unknown>>();
  const counted = async <Answer>(call: () => Promise<Answer>): Promise<Answer> => {
    const answer = call();
    underWay.add(answer);
    return answer.finally(() => underWay.delete(answer));
  };
  const records: RecordStore = {
    zone: (...args) => counted(() => sdk.zone(...args)),
    read: (...args) => counted(() => sdk.read(...args)),
    change: (...args) => counted(() => sdk.change(...args)),
    changeStatus: (...args) => counted(() => sdk.changeStatus(...args)),
  };
  const switches = all.map((n) =>
    switchAs({
      name: `s${n}`,
      zone: `Z${n % 50}`,
      verify: false,
      positions: { primary: [a(n)], maintenance: [{ ...a(n), values: ['192.0.2.2'] }] },
    }),
  );
  const runbook = makeMove<null>({
    switches: Object.fromEntries(switches.map((one) => [one.name, one])),
    records,
    nameServers: { addresses: async () => [], ask: async () => Promise.reject(new Error('nobody is asked here')) },
    prober: { probe: async () => ({ ok: true, text: '' }) },
    clock,
    ids: { next: () => 'id', random: () => 0 },
    log: silentLog,
    mayStillSend: () => null,
    beforeOf: () => null,
    budget: makeRateBudget(clock, 5),
  });
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const ended = new Set<string>();
  const jobs = switches.map(async ({ name }) => {
    const end = await driveJob({ makeRunbook: () => runbook, state: null, lane: name }).run();
    ended.add(name);
    return end;
  });
  // Time stands still while a call is under way: what was sent in a second arrives in it.
  for (let steps = 0; ended.size < 100 && steps < 10_000; steps += 1) {
    while (underWay.size > 0) await turn();
    await clock.advance(25);
  }
  const ends = await Promise.all(jobs);
  expect(ends.filter(({ status, data }) => status === 'succeeded' && data.outcome === 'switched')).toHaveLength(100);
  expect(route53.calls.flatMap(({ code }) => code ?? [])).toEqual([]);
  expect(route53.changes).toBe(100);
}, 60_000);
