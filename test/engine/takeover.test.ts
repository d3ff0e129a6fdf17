import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StepStatus } from '../../shared/messages.ts';
import type { Store } from '../../cloud/engine/store.ts';
import { openSqliteStore } from '../../cloud/store/sqlite.ts';
import { makePlayedClock, type PlayedClock, settle } from './clock.ts';
import { aborted, type DoorEngine, type DoorRun, done, gate, keptLog, move, openDoor, waits } from './door.ts';

let store: Store;
let clock: PlayedClock;
let engines: DoorEngine[];

beforeEach(async () => {
  clock = makePlayedClock();
  store = await openSqliteStore({ path: ':memory:' });
  engines = [];
});
afterEach(async () => {
  const stopping = Promise.all(engines.map((engine) => engine.stop(0)));
  await clock.advance(0);
  await stopping;
  await store[Symbol.asyncDispose]();
});

/** A process that dies: from then on its calls to the store never return, like those of a frozen or killed one. */
function mortal(living: Store): { readonly store: Store; readonly die: () => void; readonly revive: () => void } {
  let dead = false;
  let hold = gate();
  const store = new Proxy(living, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return async (...values: readonly unknown[]) => {
        if (dead) await hold.passed;
        return Reflect.apply(method, target, values) as unknown;
      };
    },
  });
  return {
    store,
    die() {
      dead = true;
      hold = gate();
    },
    revive() {
      dead = false;
      hold.open();
    },
  };
}

async function statusOf(id: string | null): Promise<string | undefined> {
  return (await store.job(id ?? ''))?.status;
}

async function endedWithin(id: string | null, ms: number): Promise<void> {
  await clock.until(async () => (await statusOf(id)) === 'succeeded', ms);
}

test('a lease is counted from when its job is started, however long the lane was waited for', async () => {
  const crowded: Store = {
    ...store,
    decide: async (...asked) => {
      await clock.sleep(3_000);
      return store.decide(...asked);
    },
  };
  const door = openDoor({ store: crowded, clock, runbook: waits });
  engines.push(door);
  const moving = move(door, 'open');
  await clock.advance(3_000);
  expect((await moving).job).not.toBeNull();
  expect(await store.takeOver('other', clock.nowMs() + 3_900, clock.nowMs() + 8_000)).toEqual([]);
  expect(await store.takeOver('other', clock.nowMs() + 4_000, clock.nowMs() + 8_000)).toHaveLength(1);
});

test('what a heartbeat has read before a step was stored does not make the run forget the step', async () => {
  const [reading, late] = [gate(), gate()];
  let heard = false;
  const slow: Store = {
    ...store,
    heartbeat: async (...asked) => {
      const read = await store.heartbeat(...asked);
      reading.open();
      await late.passed;
      heard = true;
      return read;
    },
  };
  const between = gate();
  const door = openDoor({
    store: slow,
    clock,
    runbook: async (run) => {
      await reading.passed;
      await run.step('first', async () => ({ text: 'one', detail: { made: 1 } }));
      late.open();
      await between.passed;
      expect(run.has('first', 'succeeded')).toBe(true);
      return done(run);
    },
  });
  engines.push(door);
  door.start();
  const { job } = await move(door, 'open');
  await clock.until(() => heard, 5_000);
  between.open();
  await endedWithin(job, 5_000);
});

test('a job whose owner died goes on within 5 s, at the step that had not ended', async () => {
  const acts: string[] = [];
  const befores: unknown[] = [];
  const begun = gate();
  const book =
    (name: string, blocks: boolean) =>
    async (run: DoorRun): Promise<ReturnType<typeof done>> => {
      await run.step('first', async () => {
        acts.push(`${name} first`);
        return { text: 'one', detail: { made: 1 } };
      });
      const second = await run.step('second', async ({ before, progress }) => {
        acts.push(`${name} second`);
        befores.push(before);
        await progress('attempt 1', { attempt: 1 });
        begun.open();
        if (blocks) await gate().passed;
        return { text: 'two', detail: { made: 2 } };
      });
      expect(second).toEqual({ made: 2 });
      return done(run);
    };
  const first = mortal(store);
  const killed = openDoor({ store: first.store, clock, runbook: book('first', true) });
  killed.start();
  const { job } = await move(killed, 'open');
  await begun.passed;
  await clock.advance(10_000); // far longer than a lease: the heartbeat keeps it
  expect(await statusOf(job)).toBe('running');
  first.die();
  const second = openDoor({ store, clock, owner: 'second', runbook: book('second', false) });
  engines.push(second);
  second.start();
  await endedWithin(job, 5_000);
  expect(acts).toEqual(['first first', 'first second', 'second second']);
  expect(befores).toEqual([null, { attempt: 1 }]);
  expect((await store.job(job ?? ''))?.steps.map(({ name, status }) => `${name} ${status}`)).toEqual([
    'first succeeded',
    'second succeeded',
  ]);
});

test('an owner that was replaced changes nothing, however late it wakes', async () => {
  const asleep = gate();
  const first = mortal(store);
  const log = keptLog();
  const late: string[] = [];
  const frozen = openDoor({
    store: first.store,
    clock,
    log,
    runbook: async (run) => {
      await run.step('turn', async () => {
        await asleep.passed;
        return { text: 'by the late owner', detail: 'late' };
      });
      late.push('went on');
      return { status: 'failed', data: { to: 'nowhere', error: 'late' } };
    },
  });
  engines.push(frozen);
  frozen.start();
  const { job } = await move(frozen, 'open');
  await settle();
  first.die();
  const second = openDoor({
    store,
    clock,
    owner: 'second',
    runbook: async (run) => {
      await run.step('turn', async () => ({ text: 'by the new owner', detail: 'new' }));
      return done(run);
    },
  });
  engines.push(second);
  second.start();
  await endedWithin(job, 5_000);
  const before = {
    job: await store.job(job ?? ''),
    lane: await store.lane('door'),
    journal: await store.journal(0, 9),
  };
  asleep.open();
  await settle();
  first.revive();
  await clock.advance(20_000);
  expect(late).toEqual([]);
  expect(await store.job(job ?? '')).toEqual(before.job);
  expect(await store.lane('door')).toEqual(before.lane);
  expect(await store.journal(0, 9)).toEqual(before.journal);
  expect(log.sentences).toContain(`job ${job} was taken over by another owner; this run stops`);
});

test.for<StepStatus>(['succeeded', 'skipped', 'refused'])(
  'a step that ended as %s is not run again, and returns what it stored',
  async (status) => {
    if (status === 'running') return;
    let acted = 0;
    let died = false;
    const first = mortal(store);
    const book = async (run: DoorRun): Promise<ReturnType<typeof done>> => {
      const detail = await run.step('once', async () => {
        acted++;
        return { status, text: 'done', detail: { n: acted } };
      });
      expect(detail).toEqual({ n: 1 });
      expect(run.has('once', status)).toBe(true);
      if (!died) {
        died = true;
        first.die();
      }
      return done(run);
    };
    const killed = openDoor({ store: first.store, clock, runbook: book });
    const { job } = await move(killed, 'open');
    await settle();
    const second = openDoor({ store, clock, owner: 'second', runbook: book });
    engines.push(second);
    second.start();
    await endedWithin(job, 5_000);
    expect(acted).toBe(1);
  },
);

test('an interrupt that the dead owner had not obeyed is obeyed by the next', async () => {
  const first = mortal(store);
  const killed = openDoor({ store: first.store, clock, runbook: waits });
  const { job } = await move(killed, 'open');
  await settle();
  first.die();
  const second = openDoor({ store, clock, owner: 'second', runbook: waits });
  engines.push(second);
  await second.command('door', { kind: 'stop' }, { sender: 'someone', commandId: null });
  second.start();
  await clock.until(async () => (await statusOf(job)) !== 'running', 5_000);
  expect(await statusOf(job)).toBe('superseded');
});

test('a graceful stop hands the running job over at once, and the next owner needs no lease to run out', async () => {
  const entered = gate();
  const stopped = openDoor({
    store,
    clock,
    runbook: async (run) => {
      await run.step('wait', async ({ signal, progress }) => {
        await progress('half way', { half: true });
        entered.open();
        await aborted(signal);
        throw new Error('broke off');
      });
      return done(run);
    },
  });
  stopped.start();
  const { job } = await move(stopped, 'open');
  await entered.passed;
  await stopped.stop(10_000);
  expect(await statusOf(job)).toBe('running');
  const befores: unknown[] = [];
  const second = openDoor({
    store,
    clock,
    owner: 'second',
    runbook: async (run) => {
      await run.step('wait', async ({ before }) => {
        befores.push(before);
        return { text: 'all the way', detail: null };
      });
      return done(run);
    },
  });
  engines.push(second);
  second.start();
  await settle(40); // not a millisecond passes
  expect(await statusOf(job)).toBe('succeeded');
  expect(befores).toEqual([{ half: true }]);
});

test('a step that does not hear the stop is handed over when the grace is over, and its late result is not stored', async () => {
  const deaf = gate();
  const stopped = openDoor({
    store,
    clock,
    runbook: async (run) => {
      await run.step('deaf', async () => {
        await deaf.passed;
        return { text: 'late', detail: 'late' };
      });
      return done(run);
    },
  });
  stopped.start();
  const { job } = await move(stopped, 'open');
  await settle();
  const stop = stopped.stop(3_000);
  await clock.advance(3_000);
  await stop;
  deaf.open();
  await settle();
  expect((await store.job(job ?? ''))?.steps).toMatchObject([{ name: 'deaf', status: 'running', detail: null }]);
  const second = openDoor({ store, clock, owner: 'second', runbook: (run) => Promise.resolve(done(run)) });
  engines.push(second);
  second.start();
  await settle(40);
  expect(await statusOf(job)).toBe('succeeded');
});

test('the job of a lane that an engine is not configured for is left to those that are', async () => {
  const first = mortal(store);
  const killed = openDoor({ store: first.store, clock, lanes: ['gate'], runbook: waits });
  const { job } = await killed.command('gate', { kind: 'move', to: 'open' }, { sender: 'someone', commandId: null });
  await settle();
  first.die();
  const runs: string[] = [];
  const book =
    (name: string) =>
    (run: DoorRun): Promise<ReturnType<typeof done>> => {
      runs.push(name);
      return Promise.resolve(done(run));
    };
  const without = openDoor({ store, clock, owner: 'without', lanes: ['door'], runbook: book('without') });
  engines.push(without);
  without.start();
  await clock.advance(20_000);
  expect([runs, await statusOf(job)]).toEqual([[], 'running']);
  const other = openDoor({ store, clock, owner: 'with', lanes: ['door', 'gate'], runbook: book('with') });
  engines.push(other);
  other.start();
  await endedWithin(job, 1_000);
  expect(runs).toEqual(['with']);
});

test('two engines on one store share the work: each job runs once', async () => {
  const runs: string[] = [];
  const book = (run: DoorRun): Promise<ReturnType<typeof done>> => {
    runs.push(run.job.id);
    return Promise.resolve(done(run));
  };
  const pair = ['first', 'second'].map((owner) => openDoor({ store, clock, owner, runbook: book }));
  engines.push(...pair);
  for (const engine of pair) engine.start();
  const replies = await Promise.all(
    Array.from({ length: 40 }, (_, n) => {
      const engine = pair[n % 2];
      if (!engine) throw new Error('no engine');
      return move(engine, `place ${n}`, `id ${n >> 1}`); // each id arrives at both
    }),
  );
  await clock.advance(1_000);
  const ids = new Set(replies.map(({ job }) => job));
  expect(ids.size).toBe(20);
  expect(runs).toHaveLength(20);
  expect(new Set(runs)).toEqual(ids);
});
