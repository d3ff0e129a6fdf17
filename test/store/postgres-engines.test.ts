import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isFault } from '../../shared/faults.ts';
import { systemClock } from '../../shared/system-clock.ts';
import type { Store } from '../../cloud/engine/store.ts';
import { openPostgresStore } from '../../cloud/store/postgres.ts';
import { makePlayedClock, type PlayedClock, settle } from '../engine/clock.ts';
import {
  type Door,
  type DoorEngine,
  type DoorReply,
  type DoorRun,
  done,
  gate,
  move,
  openDoor,
} from '../engine/door.ts';
import { endPostgres, openPostgresSpace, postgresMissing, type PostgresSpace } from '../postgres.ts';

/** A store of a process that can die: from then on its calls never return. It knows how many are under way. */
interface Watched {
  readonly store: Store;
  readonly busy: () => number;
  readonly die: () => void;
  readonly revive: () => void;
}

function watched(living: Store): Watched {
  let dead = false;
  let busy = 0;
  const back = gate();
  const store = new Proxy(living, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function' || typeof name !== 'string' || name === 'onChange') return method;
      return async (...values: readonly unknown[]) => {
        if (dead) await back.passed;
        busy++;
        try {
          return (await Reflect.apply(method, target, values)) as unknown;
        } finally {
          busy--;
        }
      };
    },
  });
  return {
    store,
    busy: () => busy,
    die: () => (dead = true),
    revive() {
      dead = false;
      back.open();
    },
  };
}

describe.skipIf(postgresMissing)('two engines on one PostgreSQL', () => {
  let space: PostgresSpace;
  let clock: PlayedClock;
  let one: Watched;
  let two: Watched;
  let stores: Store[];
  let engines: DoorEngine[];

  beforeAll(async () => {
    space = await openPostgresSpace();
  });
  beforeEach(async () => {
    clock = makePlayedClock();
    stores = await Promise.all([1, 2].map(() => openPostgresStore({ url: space.url, clock: systemClock })));
    const [first, second] = stores.map(watched);
    if (!first || !second) throw new Error('no stores');
    [one, two] = [first, second];
    engines = [];
  });
  afterEach(async () => {
    const stopping = Promise.all(engines.map((engine) => engine.stop(0)));
    let stopped = false;
    void stopping.then(() => (stopped = true));
    await played(() => stopped);
    await stopping;
    for (const store of stores) await store[Symbol.asyncDispose]();
    await space.empty();
  });
  afterAll(async () => {
    await space.remove();
    await endPostgres();
  });

  /** Lets played time pass until it holds, but never while the database has something to answer; returns how long. */
  async function played(holds: () => boolean | Promise<boolean>, limitMs = 60_000): Promise<number> {
    for (let passedMs = 0; ; passedMs += 50) {
      do {
        await settle();
        await systemClock.sleep(1);
      } while (one.busy() + two.busy() > 0);
      if (await holds()) return passedMs;
      if (passedMs >= limitMs) throw new Error(`what was waited for did not come within ${limitMs} ms of played time`);
      await clock.advance(50);
    }
  }

  function open({ store }: Watched, owner: string, runbook: Parameters<typeof openDoor>[0]['runbook']): DoorEngine {
    const engine = openDoor({ store, clock, owner, runbook });
    engine.start();
    return engine;
  }

  async function statusOf(id: string | null): Promise<string | undefined> {
    return (await stores[1]?.job(id ?? ''))?.status;
  }

  async function asked(times: number): Promise<boolean> {
    const door = (await stores[1]?.lane('door')) as Door | undefined;
    return door?.timers === times;
  }

  test('a job whose owner died goes on within 5 s at the other, at the step that had not ended', async () => {
    const acts: string[] = [];
    const begun = gate();
    const book =
      (name: string, blocks: boolean) =>
      async (run: DoorRun): Promise<ReturnType<typeof done>> => {
        await run.step('first', async () => {
          acts.push(`${name} first`);
          return { text: 'one', detail: null };
        });
        await run.step('second', async ({ before, progress }) => {
          acts.push(`${name} second after ${JSON.stringify(before)}`);
          await progress('attempt 1', { attempt: 1 });
          begun.open();
          if (blocks) await gate().passed;
          return { text: 'two', detail: null };
        });
        return done(run);
      };
    const killed = open(one, 'first', book('first', true));
    const { job } = await move(killed, 'open');
    await begun.passed;
    engines.push(open(two, 'second', book('second', false)));
    let passed = false;
    // Far longer than a lease: the heartbeat keeps the job where it is.
    await Promise.all([clock.sleep(6_000).then(() => (passed = true)), played(() => passed)]);
    expect(acts).toHaveLength(2);
    one.die();
    expect(await played(async () => (await statusOf(job)) === 'succeeded', 5_000)).toBeGreaterThan(3_000);
    expect(acts).toEqual(['first first', 'first second after null', 'second second after {"attempt":1}']);
  });

  test('an owner that was replaced changes nothing, however late it wakes', async () => {
    const asleep = gate();
    const begun = gate();
    engines.push(
      open(one, 'first', async (run) => {
        await run.step('turn', async () => {
          begun.open();
          await asleep.passed;
          return { text: 'by the late owner', detail: 'late' };
        });
        return { status: 'failed', data: { to: 'nowhere', error: 'late' } };
      }),
    );
    const [first] = engines;
    const { job } = first ? await move(first, 'open') : { job: null };
    await begun.passed;
    // Each engine asks its lanes once when it starts: that is no late word, and must be over before it counts.
    await played(() => asked(1));
    one.die();
    engines.push(
      open(two, 'second', async (run) => {
        await run.step('turn', async () => ({ text: 'by the new owner', detail: 'new' }));
        return done(run);
      }),
    );
    await played(async () => (await statusOf(job)) === 'succeeded', 5_000);
    await played(() => asked(2));
    const before = await Promise.all([stores[1]?.job(job ?? ''), stores[1]?.lane('door'), stores[1]?.journal(0, 99)]);
    one.revive();
    asleep.open();
    let passed = false;
    await Promise.all([clock.sleep(3_000).then(() => (passed = true)), played(() => passed)]);
    const after = await Promise.all([stores[1]?.job(job ?? ''), stores[1]?.lane('door'), stores[1]?.journal(0, 99)]);
    expect(after).toEqual(before);
  });

  test('commands at both share the work: each is one job, and each job runs once', async () => {
    const runs: string[] = [];
    const owners = new Set<string>();
    engines.push(
      ...([one, two] as const).map((store, n) =>
        open(store, `owner ${n}`, (run) => {
          runs.push(run.job.id);
          owners.add(`owner ${n}`);
          return Promise.resolve(done(run));
        }),
      ),
    );
    const replies = await Promise.all(
      Array.from({ length: 24 }, (_, n) => {
        const engine = engines[n % 2];
        if (!engine) throw new Error('no engine');
        // Ten ids that arrive at both at once, over five lanes, and four bare words, each for a lane of its own.
        const from = { sender: 'someone', commandId: n < 20 ? `id ${n >> 1}` : null };
        const lane = n < 20 ? `door ${(n >> 1) % 5}` : `own ${n}`;
        return engine.command(lane, { kind: 'move', to: `place ${n}` }, from);
      }),
    );
    const ids = new Set(replies.map(({ job }) => String(job)));
    expect(ids.size).toBe(14);
    await played(async () => (await stores[0]?.jobs({ status: 'succeeded', limit: 99 }))?.length === 14);
    expect(runs).toHaveLength(14);
    expect(new Set(runs)).toEqual(ids);
    expect(owners.size).toBe(2); // a job runs where its command was accepted when its lane is free
  });

  test('connections killed in the middle of a burst: every accepted command has a job that ends, and runs once', async () => {
    const runs: string[] = [];
    const book = async (run: DoorRun): Promise<ReturnType<typeof done>> => {
      await run.step('turn', async () => {
        runs.push(run.job.id);
        return { text: 'turned', detail: null };
      });
      return done(run);
    };
    engines.push(open(one, 'first', book), open(two, 'second', book));
    let accepted = 0;
    let killed = 0;
    const insist = async (n: number): Promise<DoorReply> => {
      const engine = engines[n % 2];
      if (!engine) throw new Error('no engine');
      for (;;) {
        try {
          const reply = await move(engine, `place ${n}`, `id ${n}`);
          if (++accepted % 8 === 0) killed += await space.terminate();
          return reply;
        } catch (error) {
          if (!isFault(error, 'store-unavailable')) throw error;
        }
      }
    };
    const replies = await Promise.all(Array.from({ length: 40 }, (_, n) => insist(n)));
    const ids = replies.map(({ job }) => job);
    expect(new Set(ids).size).toBe(40);
    expect(killed).toBeGreaterThan(5);
    await played(async () => (await stores[0]?.jobs({ status: 'succeeded', limit: 99 }))?.length === 40);
    expect(runs).toHaveLength(40);
    expect(new Set(runs)).toEqual(new Set(ids));
    expect(await stores[0]?.lane('door')).toMatchObject({ moves: 40 });
  });
});
