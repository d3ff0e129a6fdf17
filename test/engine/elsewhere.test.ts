import { afterEach, beforeEach, expect, test } from 'vitest';
import { Fault } from '../../shared/faults.ts';
import type { Json } from '../../shared/json.ts';
import type { Store, StoreChange } from '../../cloud/engine/store.ts';
import { openSqliteStore } from '../../cloud/store/sqlite.ts';
import { makePlayedClock, type PlayedClock, settle } from './clock.ts';
import { add, rule, turn } from '../store/plans.ts';
import { type DoorEngine, type DoorOptions, done, doorRules, gate, move, openDoor, waits } from './door.ts';

let store: Store;
let clock: PlayedClock;
let engines: DoorEngine[];
let notice: (change: StoreChange | null) => void;
let listeners: number;

beforeEach(async () => {
  clock = makePlayedClock();
  store = await openSqliteStore({ path: ':memory:' });
  engines = [];
  listeners = 0;
});
afterEach(async () => {
  const stopping = Promise.all(engines.map((engine) => engine.stop(0)));
  await clock.advance(0);
  await stopping;
  await store[Symbol.asyncDispose]();
});

/** The same store, as an endpoint has it that is told of the others' writes when the test says so. */
function shared(): Store {
  return {
    ...store,
    onChange(listener) {
      notice = listener;
      listeners++;
      return () => listeners--;
    },
  };
}

function open(owner: string, more: Partial<DoorOptions> = {}): DoorEngine {
  const engine = openDoor({
    store: owner === 'first' ? shared() : store,
    clock,
    runbook: (run) => Promise.resolve(done(run)),
    owner,
    ...more,
  });
  engines.push(engine);
  engine.start();
  return engine;
}

/** Rules that show where the door is, and the jobs of it that have not ended. */
const showing: typeof doorRules = {
  ...doorRules,
  announceStanding: ({ at }, unfinished) => [
    { receiver: 'bus', key: null, body: [at, ...unfinished.map(({ id }) => id)], expiresAtMs: null },
  ],
};

test('what another endpoint has stored is told to those who watch here, as it stands', async () => {
  const told: Json[] = [];
  open('first').onStored((outgoing) => told.push(...outgoing.map(({ body }) => body)));
  const second = open('second');
  await settle();
  const { job } = await move(second, 'open');
  await clock.until(async () => (await store.job(job ?? ''))?.status === 'succeeded');
  expect(told).toEqual([]);
  notice({ lanes: ['door', 'not mine'], jobs: [job ?? '', 'forgotten'], receivers: [] });
  await settle();
  expect(told).toEqual(['the door is open', `${job} succeeded`]);
});

test('after a gap, in which anything may have changed, every lane is told', async () => {
  const told: Json[] = [];
  open('first').onStored((outgoing) => told.push(...outgoing.map(({ body }) => body)));
  await settle();
  notice(null);
  await settle();
  expect(told).toEqual(['the door is closed']);
});

test('a job that runs is among what is told, however many refused ones are newer', async () => {
  const told: Json[] = [];
  open('first', { rules: showing }).onStored((outgoing) => told.push(...outgoing.map(({ body }) => body)));
  const { job } = await move(open('second', { runbook: waits }), 'open');
  for (let n = 0; n < 60; n++) {
    await store.decide(turn({ lane: 'door' }), rule({ jobs: [add(`refused ${n}`, { status: 'refused' })] }));
  }
  notice({ lanes: ['door'], jobs: [], receivers: [] });
  await clock.until(() => told.length > 0);
  expect(told).toEqual([['closed', job]]);
});

test('state and jobs are told as of one moment, also when something is decided while they are read', async () => {
  const told: Json[] = [];
  let late: (() => Promise<unknown>) | undefined;
  const slow: Store = {
    ...shared(),
    jobs: async (filter) => {
      const decide = late;
      late = undefined;
      await decide?.();
      return store.jobs(filter);
    },
  };
  open('first', { store: slow, rules: showing }).onStored((outgoing) => told.push(...outgoing.map(({ body }) => body)));
  await settle();
  const moved = { at: 'open', moves: 1, timers: 0 };
  late = () => store.decide(turn({ lane: 'door' }), rule({ state: moved, jobs: [add('next', { status: 'queued' })] }));
  notice({ lanes: ['door'], jobs: [], receivers: [] });
  await clock.until(() => told.length > 0);
  expect(told).toEqual([['open', 'next']]);
});

test.for([['job'], ['lane']] as const)(
  'news that comes while a %s cannot be read is told when the store is back, to the last word',
  async ([unread]) => {
    const told: Json[] = [];
    let away = false;
    const moody: Store = {
      ...shared(),
      [unread]: async (name: string) => {
        if (away) throw new Fault('store-unavailable', 'the database is away');
        return store[unread](name);
      },
    };
    const first = open('first', { store: moody });
    first.onStored((outgoing) => told.push(...outgoing.map(({ body }) => body)));
    const { job } = await move(open('second'), 'open');
    await clock.until(async () => (await store.job(job ?? ''))?.status === 'succeeded');
    away = true;
    notice({ lanes: ['door'], jobs: [job ?? ''], receivers: [] });
    await clock.advance(3_000);
    expect(told).toEqual([]);
    away = false;
    await clock.advance(2_000);
    expect(told).toEqual(['the door is open', `${job} succeeded`]);
  },
);

test('an engine that waits for the store with news in hand stops at once', async () => {
  let asked = 0;
  const away: Store = {
    ...shared(),
    job: async () => {
      asked++;
      throw new Fault('store-unavailable', 'the database is away');
    },
  };
  const first = open('first', { store: away });
  first.onStored(() => undefined);
  await settle();
  notice({ lanes: [], jobs: ['any'], receivers: [] });
  await clock.advance(3_000);
  const stopped = first.stop(0);
  await clock.advance(0);
  await stopped;
  const before = asked;
  await clock.advance(3_000);
  expect(asked).toBe(before);
});

test('an engine that stops listens no longer', async () => {
  const first = open('first');
  expect(listeners).toBe(1);
  const stopped = first.stop(0);
  await clock.advance(0);
  await stopped;
  expect(listeners).toBe(0);
});

test('a job that another endpoint ends is answered to those who wait for it here, at once', async () => {
  const first = open('first');
  const held = gate();
  const second = open('second', {
    runbook: async (run) => {
      await held.passed;
      return done(run);
    },
  });
  await settle();
  const { job } = await move(second, 'open');
  const waiting = first.wait(job ?? '', 30_000);
  await settle();
  held.open();
  await settle();
  notice({ lanes: [], jobs: [job ?? ''], receivers: [] });
  expect((await waiting)?.status).toBe('succeeded');
});

test('a job that runs here is stopped at once when another endpoint interrupts it', async () => {
  const first = open('first', { runbook: waits });
  const second = open('second');
  await settle();
  const { job } = await move(first, 'open');
  await settle();
  await second.command('door', { kind: 'stop' }, { sender: 'human', commandId: null });
  notice({ lanes: ['door'], jobs: [job ?? ''], receivers: [] });
  await settle(40);
  expect((await store.job(job ?? ''))?.status).toBe('superseded');
});

test('messages that another endpoint stored leave at once here, and only from the endpoint whose turn it is', async () => {
  const got: string[] = [];
  let turn = 'first';
  const receiver = (name: string) => ({ bus: async (body: Json) => void got.push(`${name}: ${JSON.stringify(body)}`) });
  open('first', { receivers: receiver('first'), delivers: () => turn === 'first' });
  const second = open('second', { receivers: receiver('second'), delivers: () => turn === 'second' });
  await settle();
  await move(second, 'open');
  await settle();
  expect(got).toEqual([]);
  notice({ lanes: [], jobs: [], receivers: ['bus'] });
  await settle(40);
  expect(got).toEqual(['first: "open: accepted"', 'first: "open: succeeded"', 'first: {"at":"open"}']);
  turn = 'second';
  await move(second, 'closed');
  await settle(40);
  expect(got.slice(3).every((line) => line.startsWith('second: '))).toBe(true);
  expect(got).toHaveLength(6);
});

test('a message whose delivery fails after the turn has passed on is left as it was for the next endpoint', async () => {
  let ours = true;
  const first = open('first', {
    receivers: {
      bus: async () => {
        ours = false;
        throw new Error('the connection was closed');
      },
    },
    delivers: () => ours,
  });
  await settle();
  await move(first, 'open');
  await settle(40);
  expect(await store.nextOutgoing('bus', clock.nowMs())).toMatchObject({ attempts: 0 });
});
