import { afterEach, beforeEach, expect, test } from 'vitest';
import { Fault } from '../../shared/faults.ts';
import type { Json } from '../../shared/json.ts';
import type { Store } from '../../cloud/engine/store.ts';
import { openSqliteStore } from '../../cloud/store/sqlite.ts';
import { makePlayedClock, type PlayedClock, settle } from './clock.ts';
import { done, gate, keptLog, move, openDoor } from './door.ts';

let store: Store;
let clock: PlayedClock;

beforeEach(async () => {
  clock = makePlayedClock();
  store = await openSqliteStore({ path: ':memory:' });
});
afterEach(() => store[Symbol.asyncDispose]());

/** A store that can go away: every call rejects meanwhile, and nothing is stored. */
function moody(living: Store): { readonly store: Store; readonly away: (away: boolean) => void } {
  let gone = false;
  const store = new Proxy(living, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return (...values: readonly unknown[]) =>
        gone
          ? Promise.reject(new Fault('store-unavailable', 'the database is away'))
          : (Reflect.apply(method, target, values) as unknown);
    },
  });
  return { store, away: (away) => (gone = away) };
}

test('while the store is away commands are refused as store-unavailable, and afterwards all goes on by itself', async () => {
  const log = keptLog();
  const moods = moody(store);
  const got: Json[] = [];
  const go = gate();
  let acts = 0;
  const engine = openDoor({
    store: moods.store,
    clock,
    log,
    lanes: ['door', 'gate'],
    receivers: { bus: async (body) => void got.push(body) },
    runbook: async (run) => {
      await run.step('turn', async () => {
        acts++;
        await go.passed;
        return { text: 'turned', detail: { turned: true } };
      });
      await run.look();
      return done(run);
    },
  });
  engine.start();
  const { job } = await move(engine, 'open');
  await engine.command('gate', { kind: 'wake', inMs: 10_000 }, { sender: 'someone', commandId: null });
  await settle(40);

  moods.away(true);
  go.open(); // the step ends while nothing can be stored
  await expect(move(engine, 'elsewhere')).rejects.toMatchObject({ code: 'store-unavailable' });
  await clock.advance(20_000); // far longer than a lease
  expect((await store.job(job ?? ''))?.status).toBe('running');

  moods.away(false);
  await clock.advance(2_000);
  expect(await store.job(job ?? '')).toMatchObject({ status: 'succeeded', steps: [{ detail: { turned: true } }] });
  expect(acts).toBe(1);
  expect(got).toEqual(['open: accepted', 'open: succeeded', { at: 'open' }]);
  expect((await engine.state('gate')).timers).toBe(2); // the one that fell due meanwhile, too
  expect(log.sentences.filter((sentence) => sentence.includes('store is'))).toEqual([
    'the store is away: the database is away. Nothing was stored; send it again.',
    expect.stringMatching(/^the store is back after \d+ ms$/),
  ]);
  await engine.stop(0);
});

test('a message delivered while the store went away is not sent again when it is back', async () => {
  const moods = moody(store);
  let sent = 0;
  const engine = openDoor({
    store: moods.store,
    clock,
    receivers: {
      bus: async () => {
        sent++;
        if (sent === 1) moods.away(true);
      },
    },
    runbook: (run) => Promise.resolve(done(run)),
  });
  const { job } = await move(engine, 'open');
  expect(job).not.toBeNull();
  engine.start();
  await clock.advance(10_000);
  expect(sent).toBe(1);
  moods.away(false);
  await clock.advance(10_000);
  expect(sent).toBe(3); // accepted, succeeded, state
  await engine.stop(0);
});

test('what a step tells is stored after its beginning, also when the beginning had to be tried again', async () => {
  let refusals = 1;
  const flaky = new Proxy(store, {
    get: (target, name) =>
      name === 'step'
        ? (((lease, row, announce) =>
            row.name === 'second' && refusals-- > 0
              ? Promise.reject(new Fault('store-unavailable', 'the database is away'))
              : target.step(lease, row, announce)) satisfies Store['step'])
        : (Reflect.get(target, name) as unknown),
  });
  const go = gate();
  const engine = openDoor({
    store: flaky,
    clock,
    runbook: async (run) => {
      await run.step('first', async () => ({ text: 'one', detail: null }));
      await run.step('second', async (context) => {
        await context.progress('half way', { half: true });
        await go.passed;
        return { text: 'two', detail: null };
      });
      return done(run);
    },
  });
  const { job } = await move(engine, 'open');
  await clock.advance(5_000);
  expect((await store.job(job ?? ''))?.steps[1]).toMatchObject({ text: 'half way', detail: { half: true } });
  go.open();
  await settle();
  expect(await store.job(job ?? '')).toMatchObject({ status: 'succeeded' });
});

test('an engine started while the store is away begins when it comes', async () => {
  const moods = moody(store);
  moods.away(true);
  const engine = openDoor({ store: moods.store, clock, runbook: (run) => Promise.resolve(done(run)) });
  engine.start();
  await clock.advance(20_000);
  moods.away(false);
  await clock.advance(1_000);
  expect((await engine.state('door')).timers).toBe(1);
  await engine.stop(0);
});

test('a stop while the store is away ends within its grace', async () => {
  const moods = moody(store);
  const engine = openDoor({
    store: moods.store,
    clock,
    receivers: { bus: () => Promise.resolve() },
    runbook: async (run) => {
      await run.step('turn', ({ signal }) => clock.sleep(1_000_000, signal).then(() => ({ text: '', detail: null })));
      return done(run);
    },
  });
  engine.start();
  const { job } = await move(engine, 'open');
  await settle(40);
  moods.away(true);
  const stop = engine.stop(2_000);
  await clock.advance(3_000);
  await stop;
  expect(clock.sleeping()).toBe(0);
  expect((await store.job(job ?? ''))?.status).toBe('running');
});

/** The transaction was asked everything, and its commit fails. */
async function uncommitted(): Promise<never> {
  throw new Fault('store-unavailable', 'the disk is full');
}

test('what could not be committed is told to nobody: no decision, no step', async () => {
  const told: Json[] = [];
  let failing = true;
  const full: Store = {
    ...store,
    async decide(turn, rule) {
      if (!failing) return store.decide(turn, rule);
      rule(undefined, { jobs: [], shared: undefined, newJobId: turn.newJobId }, null, null);
      return uncommitted();
    },
    async step(lease, row, announce) {
      if (!failing) return store.step(lease, row, announce);
      const job = await store.job(lease.job);
      if (job) announce({ ...job, steps: [row] });
      return uncommitted();
    },
  };
  const engine = openDoor({
    store: full,
    clock,
    runbook: async (run) => {
      failing = true;
      await run.step('turn', async () => ({ text: 'turned', detail: null }));
      return done(run);
    },
  });
  engine.onStored((outgoing) => told.push(...outgoing.map(({ body }) => body)));
  await expect(move(engine, 'open')).rejects.toMatchObject({ code: 'store-unavailable' });
  expect(told).toEqual([]);
  failing = false;
  await move(engine, 'open');
  await clock.advance(1_000);
  expect(told).toEqual(['open: accepted']);
  failing = false;
  await clock.advance(2_000);
  expect(told).toEqual(['open: accepted', 'turn running', 'turn succeeded', 'open: succeeded', { at: 'open' }]);
});
