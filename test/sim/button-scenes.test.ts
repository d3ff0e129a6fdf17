import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Store } from '../../cloud/engine/store.ts';
import { openSqliteStore } from '../../cloud/store/sqlite.ts';
import type { PlayedButton } from './button.ts';
import { type Stage, stage } from './stage.ts';

const SECOND = 1_000;
const MINUTE = 60_000;

let store: Store;
let scene: Stage;

beforeEach(async () => {
  store = await openSqliteStore({ path: ':memory:' });
});
afterEach(async () => {
  scene.end();
  await store[Symbol.asyncDispose]();
});

function lobby(): PlayedButton {
  const [button] = scene.world.buttons;
  if (!button) throw new Error('there is no button');
  return button;
}

/** The ids of the commands that became jobs. */
async function accepted(): Promise<readonly (string | null)[]> {
  return (await store.jobs({ limit: 10 })).map(({ commandId }) => commandId);
}

/** Pressed while the broker is away: nothing has left the button. */
async function pressUnheard(): Promise<void> {
  scene.world.broker.setUp(false);
  await scene.pass(SECOND);
  lobby().press('hold');
  await scene.pass(SECOND);
  expect(lobby().lamp().name).toBe('sent');
}

test('the program of a button dies, and starts within the deadline of its press: it goes on under its id, as one job', async () => {
  scene = await stage(store);
  await pressUnheard();
  lobby().crash();
  await scene.pass(20 * SECOND);
  lobby().start();
  await scene.pass(SECOND);
  expect(lobby().lamp().name).toBe('sent');
  scene.world.broker.setUp(true);
  await scene.until('maintenance');
  await scene.pass(5 * SECOND);
  expect(await accepted()).toEqual(['lobby-press-1']);
  expect(lobby().lamp().name).toBe('maintenance');
});

test('the program of a button starts after the deadline of its press: it is shown as not delivered, and never sent', async () => {
  scene = await stage(store);
  await pressUnheard();
  lobby().crash();
  await scene.pass(MINUTE);
  scene.world.broker.setUp(true);
  lobby().start();
  await scene.pass(MINUTE);
  expect(lobby().lamp()).toMatchObject({
    name: 'not-delivered',
    text: expect.stringContaining('more than 60 s ago') as string,
  });
  expect(await accepted()).toEqual([]);
});

test('the machine of a button starts anew: how old its press is cannot be known, so it is lost, visibly, and never sent', async () => {
  scene = await stage(store);
  await pressUnheard();
  lobby().cutPower();
  await scene.pass(5 * SECOND);
  scene.world.broker.setUp(true);
  lobby().start();
  await scene.pass(MINUTE);
  expect(lobby().lamp()).toMatchObject({ name: 'not-delivered', text: expect.stringContaining('restarted') as string });
  expect(await accepted()).toEqual([]);
});

test('the machine of a button sleeps beyond the deadline of its press: nothing of it is sent when it wakes', async () => {
  scene = await stage(store);
  await pressUnheard();
  lobby().sleep();
  scene.world.broker.setUp(true);
  await scene.pass(MINUTE);
  lobby().wake();
  await scene.pass(MINUTE);
  expect(lobby().lamp().name).toBe('not-delivered');
  expect(await accepted()).toEqual([]);
});

test('the broker is away: a press goes over HTTPS after a third of its deadline, and is one job when the broker is back', async () => {
  scene = await stage(store, { http: true });
  await pressUnheard();
  await scene.pass(15 * SECOND);
  expect(await accepted()).toEqual([]);
  await scene.until('maintenance', 20 * SECOND);
  scene.world.broker.setUp(true);
  await scene.pass(10 * SECOND);
  expect(await accepted()).toEqual(['lobby-press-1']);
  expect(lobby().lamp().name).toBe('maintenance');
});

test('the broker dies before it tells that a press was accepted: the answer comes over HTTPS, and it is one job', async () => {
  scene = await stage(store, { http: true });
  lobby().press('hold');
  while ((await accepted()).length === 0) await scene.pass(1);
  scene.world.broker.setUp(false);
  await scene.pass(MINUTE);
  expect(scene.world.witness.trace.findLast((line) => line.includes('(device:lobby lobby-press-1'))).toContain(
    'repeat: lobby (button) sent a command again that is known',
  );
  expect(lobby().lamp()).toMatchObject({
    name: 'maintenance',
    text: expect.stringContaining('no connection') as string,
  });
  expect(await accepted()).toEqual(['lobby-press-1']);
});
