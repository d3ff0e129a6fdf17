import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Store } from '../../cloud/engine/store.ts';
import { openSqliteStore } from '../../cloud/store/sqlite.ts';
import { makePlayedClock, type PlayedClock, settle } from './clock.ts';
import { type DoorCommand, type DoorEngine, done, keptLog, openDoor } from './door.ts';

let store: Store;
let clock: PlayedClock;

beforeEach(async () => {
  clock = makePlayedClock();
  store = await openSqliteStore({ path: ':memory:' });
});
afterEach(() => store[Symbol.asyncDispose]());

function open(lanes: readonly string[] = ['door'], owner = 'first'): DoorEngine {
  return openDoor({ store, clock, owner, lanes, runbook: (run) => Promise.resolve(done(run)) });
}

async function send(engine: DoorEngine, command: DoorCommand, lane = 'door'): Promise<void> {
  await engine.command(lane, command, { sender: 'someone', commandId: null });
}

async function timersOf(engine: DoorEngine, lane = 'door'): Promise<number> {
  return (await engine.state(lane)).timers;
}

test('every configured lane is asked once at start', async () => {
  const engine = open(['door', 'gate']);
  engine.start();
  await settle();
  expect([await timersOf(engine), await timersOf(engine, 'gate')]).toEqual([1, 1]);
  await clock.advance(60_000);
  expect([await timersOf(engine), await timersOf(engine, 'gate')]).toEqual([1, 1]);
  await engine.stop(0);
});

test('a lane is woken to the millisecond, once', async () => {
  const engine = open();
  engine.start();
  await settle();
  await send(engine, { kind: 'wake', inMs: 12_345 });
  await clock.advance(12_344);
  expect(await timersOf(engine)).toBe(1);
  await clock.advance(1);
  expect(await timersOf(engine)).toBe(2);
  await clock.advance(60_000);
  expect(await timersOf(engine)).toBe(2);
  await engine.stop(0);
});

test('a wake-up outlives the process, and one missed meanwhile comes at start', async () => {
  const dead = open();
  await send(dead, { kind: 'wake', inMs: 60_000 });
  await clock.advance(30_000);
  const second = open(['door'], 'second');
  second.start();
  await settle();
  // The question at start answered it: the rules saw the lane, and asked for no other time.
  expect(await timersOf(second)).toBe(1);
  await send(second, { kind: 'wake', inMs: 60_000 });
  await second.stop(0);
  await clock.advance(120_000);
  const third = open(['door'], 'third');
  third.start();
  await settle();
  expect(await timersOf(third)).toBe(2);
  await third.stop(0);
});

test('a decision wakes other lanes at once, also when the process dies right after it', async () => {
  const engine = open(['door', 'gate']);
  engine.start();
  await settle();
  await send(engine, { kind: 'wake', inMs: 1_000_000, lanes: ['gate'] });
  await clock.advance(20);
  expect(await timersOf(engine, 'gate')).toBe(2);
  await engine.stop(0);
  const dead = open(['door', 'gate'], 'second');
  await send(dead, { kind: 'wake', inMs: 1_000_000, lanes: ['gate'] });
  expect((await store.timers(clock.nowMs())).due).toEqual(['gate']);
});

test('a lane whose rules throw does not keep the others from their timers', async () => {
  const log = keptLog();
  const engine = openDoor({
    store: new Proxy(store, {
      get: (target, name) =>
        name === 'decide'
          ? (((turn, rule) =>
              turn.lane === 'gate'
                ? Promise.reject(new Error('a rule broke'))
                : target.decide(turn, rule)) satisfies Store['decide'])
          : (Reflect.get(target, name) as unknown),
    }),
    clock,
    log,
    lanes: ['gate', 'door'],
    runbook: (run) => Promise.resolve(done(run)),
  });
  engine.start();
  await settle();
  expect(await timersOf(engine)).toBe(1);
  await clock.advance(10_000);
  // Tried at 0, then after 1, 2 and 4 s more.
  expect(log.sentences.filter((sentence) => sentence.includes('gate'))).toHaveLength(4);
  await engine.stop(0);
});

test('a rule that wants to be woken in the past is asked at a bounded rate', async () => {
  const engine = open();
  const asked: number[] = [];
  const decide = store.decide.bind(store);
  store.decide = (turn, rule) => {
    asked.push(turn.nowMs);
    return decide(turn, (...seen) => ({ ...rule(...seen), wakeAtMs: turn.nowMs - 1 }));
  };
  engine.start();
  await settle(200); // rounds in which no time passes
  expect(asked).toHaveLength(1);
  await clock.advance(1_000);
  expect(asked.length).toBeGreaterThan(10);
  expect(asked.length).toBeLessThan(60);
  await engine.stop(0);
});

test('a command whose rule throws rejects, changes nothing, and the next one is decided', async () => {
  const engine = open();
  await expect(send(engine, { kind: 'break' })).rejects.toThrow('a rule broke');
  await send(engine, { kind: 'move', to: 'open' });
  await settle();
  expect((await engine.state('door')).at).toBe('open');
});
