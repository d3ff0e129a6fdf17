import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JobRow } from '../../cloud/engine/job.ts';
import type { Store } from '../../cloud/engine/store.ts';
import type { JobData } from '../../cloud/jobs/command.ts';
import { openSqliteStore } from '../../cloud/store/sqlite.ts';
import { CALM } from './route53.ts';
import { type Stage, stage } from './stage.ts';

const SECOND = 1_000;
const MINUTE = 60_000;

let store: Store;
let scene: Stage;

beforeEach(async () => {
  store = await openSqliteStore({ path: ':memory:' });
  scene = await stage(store);
});
afterEach(async () => {
  scene.end();
  await store[Symbol.asyncDispose]();
});

async function newest(): Promise<JobRow<JobData> | undefined> {
  const [job] = await store.jobs({ limit: 1 });
  return job as JobRow<JobData> | undefined;
}

test('alert, failover by automation, a press that finds it there, recovery: the switch stays failed over', async () => {
  await scene.alert('opens');
  await scene.until('maintenance');
  scene.world.buttons[0]?.press('hold');
  await scene.pass(10 * SECOND);
  expect(await newest()).toMatchObject({ status: 'succeeded', data: { outcome: 'already-there', automatic: false } });
  await scene.alert('closes');
  await scene.pass(8 * MINUTE);
  expect(scene.state()).toMatchObject({ position: 'maintenance', hold: { taken: { by: 'lobby' } } });
  expect(scene.live()).toBe('maintenance');
});

test('alert, restore by hand, renotification: stays at primary; a new cycle fails over', async () => {
  await scene.alert('opens');
  await scene.until('maintenance');
  // Once the lamp shows it: what is meant for another revision restores nothing.
  await scene.pass(SECOND);
  scene.world.buttons[0]?.press('click-hold');
  await scene.until('primary');
  await scene.alert('opens again');
  await scene.pass(MINUTE);
  expect(scene.live()).toBe('primary');
  await scene.alert('closes');
  await scene.alert('opens');
  await scene.until('maintenance');
});

test('failover pressed, a foreign record is in the way: no hold is taken; the cause mended, the open alert moves it', async () => {
  scene.stranger('CREATE');
  scene.world.buttons[0]?.press('hold');
  await scene.pass(5 * SECOND);
  expect(await newest()).toMatchObject({ status: 'refused', data: { error: { code: 'foreign-record' } } });
  await scene.alert('opens');
  await scene.pass(5 * SECOND);
  expect(scene.live()).toBe('primary');
  expect(scene.state()).toMatchObject({ hold: { taken: null, asked: null }, incident: null });
  scene.stranger('DELETE');
  await scene.until('maintenance', 11 * MINUTE);
  expect(scene.state()?.hold.taken).toBeNull();
});

test('failover pressed, Route 53 refuses every call until the deadline: no hold is taken; the cause mended, the open alert moves it', async () => {
  scene.end();
  scene = await stage(store, { guards: { jobDeadlineMs: MINUTE } });
  scene.world.route53.weather = { ...CALM, denied: 1 };
  scene.world.buttons[0]?.press('hold');
  await scene.pass(MINUTE + SECOND);
  expect(await newest()).toMatchObject({ status: 'failed', data: { error: { code: 'deadline-exceeded' } } });
  expect(scene.state()).toMatchObject({ position: 'primary', hold: { asked: null, taken: null }, incident: null });
  expect(scene.live()).toBe('primary');
  expect(scene.world.witness.count().changes).toBe(0);
  await scene.alert('opens');
  await scene.pass(2 * MINUTE);
  expect(scene.live()).toBe('primary');
  scene.world.route53.weather = CALM;
  await scene.until('maintenance', 11 * MINUTE);
  expect(scene.state()?.hold.taken).toBeNull();
});

test('five alerts and recoveries in an hour: ends failed over and tripped', async () => {
  scene.end();
  scene = await stage(store, { guards: { restoreAfterMs: 10 * SECOND, cooldownMs: 30 * SECOND } });
  for (let round = 1; round <= 5; round++) {
    await scene.alert('opens');
    await scene.pass(MINUTE);
    await scene.alert('closes');
    await scene.pass(MINUTE);
  }
  expect(scene.live()).toBe('maintenance');
  expect(scene.state()?.tripped?.scope).toBe('switch');
});

test('the endpoint is dead for half an hour while a restore waits: it waits afresh, and then restores', async () => {
  await scene.alert('opens');
  await scene.until('maintenance');
  await scene.pass(5 * MINUTE);
  await scene.alert('closes');
  await scene.pass(MINUTE);
  expect(await newest()).toMatchObject({ status: 'waiting' });
  scene.kill();
  await scene.pass(30 * MINUTE);
  scene.world.start();
  await scene.pass(115 * SECOND);
  expect(await newest()).toMatchObject({ status: 'waiting' });
  expect(scene.world.witness.trace.join('\n')).toContain('begins afresh');
  await scene.pass(30 * SECOND);
  expect(scene.live()).toBe('primary');
});

test('a human at dr, the hold runs out by its time: automation leaves the switch there', async () => {
  scene.end();
  scene = await stage(store, { guards: { hold: 2 * MINUTE, restoreAfterMs: 0, cooldownMs: 0 } });
  await scene.ask('failover', { to: 'dr' });
  await scene.until('dr');
  await scene.pass(3 * MINUTE);
  expect(scene.state()?.hold).toEqual({ asked: null, taken: null });
  await scene.alert('opens');
  await scene.alert('closes');
  await scene.pass(2 * MINUTE);
  expect(scene.live()).toBe('dr');
});

test('four switches alert within ten minutes: three move, then all is tripped and a human called; a press still works', async () => {
  scene.end();
  scene = await stage(store, { switches: ['www', 'shop', 'mail', 'api'] });
  for (const name of ['www', 'shop', 'mail', 'api']) {
    await scene.alert('opens', name);
    await scene.pass(MINUTE);
  }
  const names = ['www', 'shop', 'mail', 'api'];
  expect(names.map((name) => scene.live(name))).toEqual(['maintenance', 'maintenance', 'maintenance', 'primary']);
  expect(names.map((name) => scene.state(name)?.tripped?.scope)).toEqual(names.map(() => 'everywhere'));
  expect([...scene.world.pager.open()].filter((key) => key.startsWith('everywhere:'))).toHaveLength(1);
  await scene.ask('failover', {}, 'api');
  await scene.until('maintenance', MINUTE, 'api');
});

test('Route 53 throttles for two minutes: the job of a human goes on and says so, and moves it afterwards', async () => {
  scene.world.route53.weather = { ...CALM, throttled: 1 };
  scene.world.buttons[0]?.press('hold');
  await scene.pass(2 * MINUTE);
  const job = await newest();
  expect(job?.status).toBe('running');
  expect(job?.steps.at(-1)?.text).toMatch(/Rate exceeded\. Attempt \d+ follows, giving up at 12:10:/);
  scene.world.route53.weather = CALM;
  await scene.until('maintenance', 30 * SECOND);
});

test('Route 53 throttles for two minutes: the automatic job whose alert closes meanwhile sends nothing', async () => {
  await scene.pass(SECOND);
  scene.world.route53.weather = { ...CALM, throttled: 1 };
  await scene.alert('opens');
  await scene.pass(MINUTE);
  expect((await newest())?.status).toBe('running');
  await scene.alert('closes');
  await scene.pass(MINUTE);
  scene.world.route53.weather = CALM;
  await scene.pass(MINUTE);
  expect(scene.world.witness.trace.filter((line) => line.includes(' sends '))).toEqual([]);
  expect(scene.live()).toBe('primary');
});

test.for(Array.from({ length: 24 }, (_, nth) => nth + 1))(
  'killed at call %i of a move, before it leaves or after it was carried out: the next owner ends it, and it is made once',
  async (call) => {
    for (const when of ['before', 'after'] as const) {
      scene.world.start();
      const owner = scene.owner();
      const changes = scene.world.witness.count().changes;
      const goal = scene.live() === 'primary' ? 'maintenance' : 'primary';
      owner.fuse.set(call, when, () => owner.life.die());
      const command = goal === 'primary' ? 'restore' : 'failover';
      await scene.ask(command, { id: `press-${call}-${when}` });
      // Whoever asks has no answer from the dead, and asks again: it is the same job, or its first.
      await scene.ask(command, { id: `press-${call}-${when}` });
      await scene.until(goal, 15 * SECOND);
      await scene.pass(6 * SECOND);
      expect(scene.world.witness.count().changes).toBe(changes + 1);
      expect(await newest()).toMatchObject({ status: 'succeeded', data: { outcome: 'switched' } });
      owner.life.die();
    }
  },
);

test('a graceful stop between two attempts hands the job of a human over, and the next process makes it', async () => {
  const { time, route53 } = scene.world;
  scene.world.witness.onSend(() => {
    route53.weather = { ...CALM, throttled: 1 };
    time.after(1, () => (route53.weather = CALM));
  });
  await scene.ask('failover', {});
  while (!/Attempt 2 follows/.test((await newest())?.steps.at(-1)?.text ?? '')) await scene.pass(20);
  scene.world.start();
  const stopping = scene.owner().stop();
  await scene.pass(4 * SECOND);
  await stopping;
  await scene.until('maintenance', 30 * SECOND);
  expect(await newest()).toMatchObject({ status: 'succeeded', data: { outcome: 'switched' } });
});

test('an owner that freezes in the tick in which it sends, and goes on after the takeover, is refused by Route 53', async () => {
  scene.world.start();
  const owner = scene.owner();
  scene.world.witness.onSend(() => owner.life.freeze());
  await scene.ask('failover', {});
  await scene.until('maintenance', 20 * SECOND);
  await scene.pass(10 * SECOND);
  const journal = await store.journal(0, 1_000);
  owner.life.thaw();
  await scene.pass(5 * SECOND);
  const refused = scene.world.witness.trace.filter((line) => line.includes(`refuses a change of ${owner.name}`));
  expect(refused).toHaveLength(1);
  expect(scene.world.witness.count().changes).toBe(1);
  expect(await store.journal(0, 1_000)).toEqual(journal);
});

test('a reading of the records that its endpoint has slept over is not used: nobody else is believed to have moved the switch', async () => {
  const sleeper = scene.owner();
  scene.world.start();
  sleeper.fuse.set(1, 'before', () => sleeper.life.freeze(), 'decide');
  await scene.pass(12 * SECOND);
  expect(sleeper.life.isFrozen()).toBe(true);
  await scene.ask('failover', {});
  await scene.until('maintenance');
  sleeper.life.thaw();
  await scene.pass(SECOND);
  expect(scene.state()).toMatchObject({ position: 'maintenance', hold: { taken: { by: 'ops' } } });
  expect(scene.world.witness.trace.filter((line) => line.includes('Somebody else'))).toEqual([]);
});

test('an owner that freezes before it hears the answer of its last look, looks again, and sends nothing', async () => {
  const owner = scene.owner();
  scene.world.start();
  // The first look is the plan's.
  owner.fuse.set(2, 'after', () => owner.life.freeze(), 'look');
  await scene.ask('failover', {});
  await scene.until('maintenance', 20 * SECOND);
  owner.life.thaw();
  await scene.pass(15 * SECOND);
  expect(scene.world.witness.trace.filter((line) => line.includes(`${owner.name} sends`))).toEqual([]);
  expect(scene.world.witness.count().changes).toBe(1);
});

test.for(['freezes', 'dies'] as const)(
  'an owner that %s between what stopped its automatic job and its end: a human who presses then makes the job theirs',
  async (what) => {
    const owner = scene.owner();
    scene.world.start();
    owner.fuse.set(2, 'before', () => owner.life.freeze(), 'look');
    await scene.alert('opens');
    await scene.pass(SECOND);
    await scene.alert('closes');
    owner.fuse.set(1, 'before', () => (what === 'dies' ? owner.life.die() : owner.life.freeze()), 'decide');
    owner.life.thaw();
    await scene.pass(SECOND);
    const [, failover] = await store.jobs({ limit: 2 });
    expect(failover?.steps.at(-1)).toMatchObject({ name: 'change', status: 'skipped' });
    await scene.ask('failover', {});
    owner.life.thaw();
    await scene.until('maintenance', 20 * SECOND);
    expect(await store.job(failover?.id ?? '')).toMatchObject({ status: 'succeeded', data: { outcome: 'switched' } });
    expect(scene.state()).toMatchObject({ hold: { taken: { by: 'ops' } } });
    const wentOn = scene.world.witness.trace.filter((line) => line.includes('goes on as theirs'));
    expect(wentOn).toHaveLength(what === 'dies' ? 0 : 1);
  },
);
