import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Json } from '../../shared/json.ts';
import type { Outgoing } from '../../cloud/engine/lane.ts';
import type { Store } from '../../cloud/engine/store.ts';
import type { Receipt, Receiver } from '../../cloud/ports.ts';
import { openSqliteStore } from '../../cloud/store/sqlite.ts';
import { makePlayedClock, type PlayedClock, settle } from './clock.ts';
import { type DoorEngine, type DoorOptions, done, gate, keptLog, move, openDoor } from './door.ts';

let store: Store;
let clock: PlayedClock;
let engine: DoorEngine | undefined;

beforeEach(async () => {
  clock = makePlayedClock();
  store = await openSqliteStore({ path: ':memory:' });
});
afterEach(async () => {
  const stop = engine?.stop(0);
  await clock.advance(0);
  await stop;
  engine = undefined;
  await store[Symbol.asyncDispose]();
});

function open(receivers: NonNullable<DoorOptions['receivers']>, more: Partial<DoorOptions> = {}): DoorEngine {
  engine = openDoor({ store, clock, receivers, runbook: (run) => Promise.resolve(done(run)), ...more });
  return engine;
}

/** Stores messages as a decision would. */
async function put(...messages: readonly Outgoing[]): Promise<void> {
  await store.decide(
    { lane: 'elsewhere', nowMs: clock.nowMs(), newJobId: 'none', owner: 'nobody', leaseUntilMs: 0 },
    () => ({ state: null, reply: null, jobs: [], journal: [], outgoing: messages }),
  );
}

function note(body: Json, more: Partial<Outgoing> = {}): Outgoing {
  return { receiver: 'bus', key: null, body, expiresAtMs: null, ...more };
}

test('messages arrive in the order of their decisions, at once', async () => {
  const got: Json[] = [];
  const door = open({ bus: async (body) => void got.push(body) });
  door.start();
  await settle();
  await move(door, 'open');
  await settle(40);
  await move(door, 'closed');
  await settle(40);
  expect(got).toEqual([
    'open: accepted',
    'open: succeeded',
    { at: 'open' },
    'closed: accepted',
    'closed: succeeded',
    { at: 'closed' },
  ]);
});

test('a failed message stays first and is tried 0.5 s, 1 s, 2 s … 30 s later; the others keep their order', async () => {
  const tries: [number, Json][] = [];
  const beginMs = clock.nowMs();
  const door = open({
    bus: async (body) => {
      tries.push([clock.nowMs() - beginMs, body]);
      if (tries.length <= 8) throw new Error('the broker is away');
    },
  });
  await put(note('one'), note('two'));
  door.start();
  await clock.advance(120_000);
  const waits = tries.map(([atMs], n) => atMs - (tries[n - 1]?.[0] ?? 0));
  expect(waits).toEqual([0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 0]);
  expect(tries.map(([, body]) => body)).toEqual([...Array.from({ length: 9 }, () => 'one'), 'two']);
});

test('a receiver that is down, or hangs, delays nobody else', async () => {
  const got: Json[] = [];
  const door = open({
    bus: async (body) => void got.push(body),
    down: () => Promise.reject(new Error('connection refused')),
    hangs: () => gate().passed,
  });
  await put(...['down', 'hangs', 'bus', 'down', 'bus'].map((receiver, n) => note(n, { receiver })));
  door.start();
  await settle(40);
  expect(got).toEqual([2, 4]);
});

test('a new message does not hasten the retry of a receiver that is down; its return does', async () => {
  let tries = 0;
  let down = true;
  const got: Json[] = [];
  const door = open({
    bus: async (body) => {
      tries++;
      if (down) throw new Error('away');
      got.push(body);
    },
  });
  await put(note('old', { key: 'news' }));
  door.start();
  await clock.advance(8_000);
  const before = tries;
  await put(note('new', { key: 'news' }));
  await move(door, 'open');
  await settle();
  expect(tries).toBe(before);
  down = false;
  door.wake('bus');
  await settle(40);
  expect(got).toEqual(['new', 'open: accepted', 'open: succeeded', { at: 'open' }]);
});

test('a wall clock that is set back does not put off the next try', async () => {
  let backMs = 0;
  let down = true;
  const got: Json[] = [];
  const setBack = { ...clock, nowMs: () => clock.nowMs() - backMs };
  const door = open(
    {
      bus: async (body) => {
        if (down) throw new Error('away');
        got.push(body);
      },
    },
    { clock: setBack },
  );
  await put(note('page'));
  door.start();
  await clock.advance(0);
  backMs = 3_600_000;
  down = false;
  await clock.advance(500);
  expect(got).toEqual(['page']);
});

test('of a state only the newest waits', async () => {
  const got: Json[] = [];
  await put(note('state 1', { key: 'state' }), note('event 1'), note('state 2', { key: 'state' }), note('event 2'));
  open({ bus: async (body) => void got.push(body) }).start();
  await settle(40);
  expect(got).toEqual(['event 1', 'state 2', 'event 2']);
});

test('a message past its time is dropped with a line in the journal, and those behind it go on', async () => {
  const got: Json[] = [];
  let down = true;
  const door = open({
    bus: async (body) => {
      if (down) throw new Error('away');
      got.push(body);
    },
  });
  await put(note('pointless', { expiresAtMs: clock.nowMs() + 5_000 }), note('lasting'));
  door.start();
  await clock.advance(10_000);
  down = false;
  await clock.advance(30_000);
  expect(got).toEqual(['lasting']);
  expect(await store.journal(0, 10)).toMatchObject([
    { kind: 'dropped', detail: { receiver: 'bus', body: 'pointless' } },
  ]);
});

test('a receiver that names a time is not tried before it, and a newer message does not hasten it', async () => {
  const tries: [number, Json][] = [];
  const beginMs = clock.nowMs();
  const door = open({
    bus: {
      async deliver({ body, attempts }) {
        tries.push([clock.nowMs() - beginMs, body]);
        return attempts === 0 && body === 'one'
          ? { kind: 'later', reason: 'too many requests', afterMs: 90_000 }
          : { kind: 'delivered' };
      },
    },
  });
  await put(note('one'));
  door.start();
  await clock.advance(10_000);
  await put(note('two'));
  await clock.advance(110_000);
  expect(tries).toEqual([
    [0, 'one'],
    [90_000, 'one'],
    [90_000, 'two'],
  ]);
});

test('a receiver has a pace of its own, and each try says how many failed before it', async () => {
  const tries: [number, number][] = [];
  const beginMs = clock.nowMs();
  const door = open({
    bus: {
      retryMs: { min: 5_000, max: 10_000 },
      async deliver({ attempts }) {
        tries.push([clock.nowMs() - beginMs, attempts]);
        throw new Error('the pager is away');
      },
    },
  });
  await put(note('one'));
  door.start();
  await clock.advance(30_000);
  expect(tries).toEqual([
    [0, 0],
    [5_000, 1],
    [15_000, 2],
    [25_000, 3],
  ]);
});

test('what a receiver will never take is dropped with its reason in the journal, and those behind it go on', async () => {
  const got: Json[] = [];
  const door = open({
    bus: {
      async deliver({ body }) {
        if (body === 'wrong') return { kind: 'never', reason: 'the pager calls it malformed (400)' };
        got.push(body);
        return { kind: 'delivered' };
      },
    },
  });
  await put(note('wrong'), note('right'));
  door.start();
  await settle(40);
  expect(got).toEqual(['right']);
  expect(await store.journal(0, 10)).toMatchObject([
    {
      kind: 'dropped',
      text: 'a message to bus was dropped: the pager calls it malformed (400)',
      detail: { receiver: 'bus', body: 'wrong' },
    },
  ]);
});

test('a receiver that says nothing is tried again after its time, and told that the try is over', async () => {
  const signals: AbortSignal[] = [];
  const door = open({
    bus: {
      deadlineMs: 2_000,
      deliver: (_, signal) => {
        signals.push(signal);
        return signals.length === 1 ? new Promise(() => undefined) : Promise.resolve({ kind: 'delivered' });
      },
    },
  });
  await put(note('one'));
  door.start();
  await clock.advance(1_900);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
  await clock.advance(1_000);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  expect(await store.outgoingDueAtMs('bus')).toBeNull();
});

/** A receiver that takes so many at once, and whose receipts come when the test says. */
function wideBus(atOnce: number) {
  const told: Json[] = [];
  const receipts = new Map<number, (receipt: Receipt) => void>();
  const bus: Receiver = {
    atOnce,
    deliver({ body }) {
      const { promise, resolve } = Promise.withResolvers<Receipt>();
      receipts.set(told.push(body) - 1, resolve);
      return promise;
    },
  };
  const answer = async (at: number, receipt: Receipt = { kind: 'delivered' }): Promise<void> => {
    receipts.get(at)?.(receipt);
    await settle(40);
  };
  return { bus, told, answer };
}

test('a receiver that takes several at once is told so many, in order, and each is forgotten with those before it', async () => {
  const { bus, told, answer } = wideBus(3);
  await put(...['a', 'b', 'c', 'd', 'e'].map((body) => note(body)));
  open({ bus }).start();
  await settle(40);
  expect(told).toEqual(['a', 'b', 'c']);
  await answer(1);
  // Behind one that is still on its way nothing is forgotten: it may have to be told again.
  expect(await store.nextOutgoing('bus', clock.nowMs())).toMatchObject({ body: 'a' });
  await answer(0);
  expect(await store.nextOutgoing('bus', clock.nowMs())).toMatchObject({ body: 'c' });
  expect(told).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('when one of several comes to nothing, it and those behind it are told again in their order', async () => {
  const { bus, told, answer } = wideBus(3);
  await put(...['a', 'b', 'c', 'd'].map((body) => note(body)));
  open({ bus }).start();
  await settle(40);
  await answer(0);
  expect(told).toEqual(['a', 'b', 'c', 'd']);
  await answer(2);
  await answer(1, { kind: 'later', reason: 'the connection ended', afterMs: null });
  expect(told).toEqual(['a', 'b', 'c', 'd']);
  await clock.advance(500);
  expect(told.slice(4)).toEqual(['b', 'c', 'd']);
  for (const at of [4, 5, 6]) await answer(at);
  expect(await store.outgoingDueAtMs('bus')).toBeNull();
});

test('of several at once one that will never be taken holds up none behind it', async () => {
  const { bus, told, answer } = wideBus(2);
  await put(...['a', 'b', 'c'].map((body) => note(body)));
  open({ bus }).start();
  await settle(40);
  await answer(0, { kind: 'never', reason: 'too large' });
  await answer(1);
  expect(told).toEqual(['a', 'b', 'c']);
  await answer(2);
  expect(await store.outgoingDueAtMs('bus')).toBeNull();
});

test('a message leaves the store only after its receiver has it, and is sent again by the next process', async () => {
  const reached = gate();
  const first = openDoor({
    store,
    clock,
    receivers: { bus: () => (reached.open(), gate().passed) },
    runbook: (run) => Promise.resolve(done(run)),
  });
  await put(note('once more'));
  first.start();
  await reached.passed;
  expect(await store.nextOutgoing('bus', clock.nowMs())).toMatchObject({ body: 'once more' });
  const stop = first.stop(100);
  await clock.advance(100);
  await stop;
  const got: Json[] = [];
  open({ bus: async (body) => void got.push(body) }, { owner: 'second' }).start();
  await settle(40);
  expect(got).toEqual(['once more']);
  expect(await store.nextOutgoing('bus', clock.nowMs())).toBeUndefined();
});

test('messages to a receiver that is not configured are not stored, but live views see them', async () => {
  const door = open({});
  const seen: Json[] = [];
  const end = door.onStored((outgoing) => {
    seen.push(...outgoing.map(({ body }) => body));
    throw new Error('a viewer went away');
  });
  await move(door, 'open');
  await settle();
  expect(seen).toEqual(['open: accepted', 'open: succeeded', { at: 'open' }]);
  expect(await store.outgoingDueAtMs('bus')).toBeNull();
  end();
  await move(door, 'closed');
  await settle();
  expect(seen).toHaveLength(3);
});

test('a stop lets waiting messages leave first', async () => {
  const got: Json[] = [];
  const door = open({
    bus: async (body) => {
      await clock.sleep(100);
      got.push(body);
    },
  });
  await put(...Array.from({ length: 5 }, (_, n) => note(n)));
  door.start();
  const stop = door.stop(2_000);
  await clock.advance(600);
  await stop;
  expect(got).toEqual([0, 1, 2, 3, 4]);
});

test('a receiver that fails is said once, and once when it is back', async () => {
  const log = keptLog();
  let down = true;
  const door = open({ bus: async () => (down ? Promise.reject(new Error('no route')) : undefined) }, { log });
  await put(note('hello'));
  door.start();
  await clock.advance(20_000);
  down = false;
  await clock.advance(30_000);
  expect(log.sentences).toEqual([
    'bus did not take a message: no route; trying again',
    'bus takes messages again after 6 failures',
  ]);
});
