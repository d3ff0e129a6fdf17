import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../shared/log.ts';
import { type EndpointLease, leaseAmongEndpoints, makeEndpointLease } from '../../cloud/engine/endpoint-lease.ts';
import type { Store } from '../../cloud/engine/store.ts';
import { openSqliteStore } from '../../cloud/store/sqlite.ts';
import { makePlayedClock, type PlayedClock, settle } from './clock.ts';
import { type DoorEngine, done, gate, openDoor } from './door.ts';

let store: Store;
let clock: PlayedClock;
let leases: EndpointLease[];
/** What each endpoint was told, in order. */
let told: string[];

beforeEach(async () => {
  clock = makePlayedClock();
  store = await openSqliteStore({ path: ':memory:' });
  leases = [];
  told = [];
});
afterEach(async () => {
  for (const lease of leases) await lease.stop();
  await store[Symbol.asyncDispose]();
});

function open(owner: string, reach: Pick<Store, 'hold' | 'release'> = store): EndpointLease {
  const lease = makeEndpointLease({
    store: reach,
    name: 'mqtt',
    owner,
    changed: async (held) => void told.push(`${owner} ${held ? 'begins' : 'ends'}`),
    clock,
    ids: { next: () => owner, random: () => 0 },
    log: silentLog,
  });
  leases.push(lease);
  lease.start();
  return lease;
}

/** The store as an endpoint reaches it: calls wait while the way is cut. */
function cuttable(): Pick<Store, 'hold' | 'release'> & { cut(): void; mend(): void } {
  let way: ReturnType<typeof gate> | undefined;
  return {
    async hold(...asked) {
      await way?.passed;
      return store.hold(...asked);
    },
    release: (...asked) => store.release(...asked),
    cut() {
      way = gate();
    },
    mend() {
      way?.open();
      way = undefined;
    },
  };
}

test('the first endpoint has it at once and keeps it; the second stands by', async () => {
  const [first, second] = [open('first'), open('second')];
  await settle();
  expect(told).toEqual(['first begins']);
  await clock.advance(60_000);
  expect(told).toEqual(['first begins']);
  expect([first.isHeld(), second.isHeld(), first.isElsewhere(), second.isElsewhere()]).toEqual([
    true,
    false,
    false,
    true,
  ]);
});

test('after a graceful stop another endpoint has it at its next look', async () => {
  const first = open('first');
  await settle();
  open('second');
  await settle();
  await first.stop();
  await clock.advance(500);
  expect(told).toEqual(['first begins', 'second begins']);
});

test('an endpoint that the store does not answer ends before another may begin, within 5 s in all', async () => {
  const reach = cuttable();
  const first = open('first', reach);
  await clock.advance(10_000);
  const second = open('second');
  await settle();
  reach.cut();
  await clock.until(() => !first.isHeld(), 3_000);
  await settle();
  expect(told).toEqual(['first begins', 'first ends']);
  expect(second.isHeld()).toBe(false);
  await clock.until(() => second.isHeld(), 2_000);
  reach.mend();
  await clock.advance(5_000);
  expect(told).toEqual(['first begins', 'first ends', 'second begins']);
  expect([first.isHeld(), first.isElsewhere()]).toEqual([false, true]);
});

test('an endpoint that stood still knows it at once, before it asks anybody', async () => {
  const first = open('first');
  await clock.advance(1_000);
  let nowMs = clock.monotonicMs();
  const frozen = makeEndpointLease({
    store: { hold: async () => true, release: async () => undefined },
    name: 'mqtt',
    owner: 'frozen',
    changed: async () => undefined,
    clock: { ...clock, monotonicMs: () => nowMs },
    ids: { next: () => 'frozen', random: () => 0 },
    log: silentLog,
  });
  frozen.start();
  await settle();
  expect(frozen.isHeld()).toBe(true);
  nowMs += 3_000;
  expect(frozen.isHeld()).toBe(false);
  leases.push(frozen);
  expect(first.isHeld()).toBe(true);
});

test('an endpoint that was cut off from the store has it again when nobody took it', async () => {
  const reach = cuttable();
  open('only', reach);
  await settle();
  reach.cut();
  await clock.advance(10_000);
  reach.mend();
  await clock.advance(500);
  expect(told).toEqual(['only begins', 'only ends', 'only begins']);
});

test('of two endpoints on one store one notifies; when it dies the other goes on where it stopped', async () => {
  const got: string[] = [];
  const dead = new Set<string>();
  const never = gate();
  const shared = { ...store, onChange: () => () => undefined };
  const engines: DoorEngine[] = [];

  function join(owner: string): void {
    // A dead endpoint says nothing more, neither to its receivers nor to the store.
    const reach: typeof shared = {
      ...shared,
      hold: (...asked) => (dead.has(owner) ? never.passed.then(() => false) : shared.hold(...asked)),
    };
    const lease = leaseAmongEndpoints({
      store: reach,
      name: 'notify',
      owner,
      changed: async (held) => {
        if (held) engine.wake('pager');
      },
      clock,
      ids: { next: () => owner, random: () => 0 },
      log: silentLog,
    });
    const engine = openDoor({
      store: reach,
      clock,
      owner,
      runbook: (run) => Promise.resolve(done(run)),
      receivers: {
        pager: async (body) => (dead.has(owner) ? never.passed : void got.push(`${owner}: ${JSON.stringify(body)}`)),
      },
      delivers: () => lease.isHeld(),
    });
    leases.push(lease);
    engines.push(engine);
    lease.start();
    engine.start();
  }

  async function page(body: string): Promise<void> {
    const turn = { lane: 'elsewhere', nowMs: clock.nowMs(), newJobId: 'none', owner: 'nobody', leaseUntilMs: 0 };
    const outgoing = [{ receiver: 'pager', key: null, body, expiresAtMs: null }];
    await store.decide(turn, () => ({ state: null, reply: null, jobs: [], journal: [], outgoing }));
  }

  join('first');
  await settle();
  join('second');
  await page('one');
  await clock.advance(10_000);
  expect(got).toEqual(['first: "one"']);
  dead.add('first');
  await page('two');
  await clock.advance(5_000);
  expect(got).toEqual(['first: "one"', 'second: "two"']);
  never.open();
  const stopping = engines.map((engine) => engine.stop(0));
  await clock.advance(1_000);
  await Promise.all(stopping);
});
