import { expect, test } from 'vitest';
import { runButton } from '../../device/app.ts';
import type { InputEvent, Left, LinkEvent } from '../../device/core/ports.ts';
import type { Intent } from '../../device/core/press.ts';
import type { Command } from '../../shared/command.ts';
import { silentLog } from '../../shared/log.ts';
import { playClock } from './played-clock.ts';
import { jobOf, told } from './samples.ts';

/** The whole program on a played outbox, whose writes take 100 ms. */
function play(left: Left = { kind: 'nothing' }, isSafe = true) {
  const clock = playClock();
  const stop = new AbortController();
  const sends: { readonly atMs: number; readonly command: Command }[] = [];
  const deeds: string[] = [];
  const lamps: string[] = [];
  const warned: string[] = [];
  const on: { link?: (event: LinkEvent) => void; input?: (event: InputEvent) => void } = {};
  let ids = 0;
  const running = runButton(
    {
      device: 'lobby',
      switch: 'www',
      deadlineMs: 60_000,
      holdMs: 1_000,
      buttons: [{ gestures: { hold: 'failover', 'click-hold': 'restore' } }],
    },
    {
      clock,
      ids: { next: () => `id-${(ids += 1)}` },
      link: {
        open(listener) {
          on.link = listener;
          listener({ kind: 'up', text: 'Connected.' });
        },
        async send(command) {
          sends.push({ atMs: clock.monotonicMs(), command });
          return { kind: 'taken' };
        },
        tellFault: () => undefined,
        close: async () => undefined,
      },
      outbox: {
        open: async () => left,
        async keep({ id }) {
          deeds.push(`keep ${id}`);
          await clock.sleep(100);
          return isSafe;
        },
        async forget() {
          deeds.push('forget');
        },
        async close() {
          deeds.push('close');
          return isSafe;
        },
      },
      input: {
        open(listener) {
          on.input = listener;
          listener({ kind: 'level', button: 0, pressed: false });
        },
        close: async () => undefined,
      },
      lamp: { show: ({ name }) => void lamps.push(name), say: () => undefined, close: async () => undefined },
      log: { ...silentLog, warn: (_fields, text) => void warned.push(text) },
    },
    stop.signal,
  );
  return {
    clock,
    sends,
    deeds,
    lamps,
    warned,
    press: (gesture: 'hold' | 'click-hold') =>
      on.input?.({ kind: 'gesture', button: 0, gesture, atMs: clock.monotonicMs() }),
    reply: (event: LinkEvent) => on.link?.(event),
    async stop() {
      stop.abort();
      await running;
    },
  };
}

test('a press is kept before it leaves, with the age that it has when it does, and forgotten when it is answered', async () => {
  const button = play();
  await button.clock.pass(10);
  button.press('hold');
  await button.clock.pass(99);
  expect([button.deeds, button.sends]).toEqual([['keep id-1'], []]);
  await button.clock.pass(1);
  expect(button.sends).toMatchObject([{ atMs: 110, command: { id: 'id-1', ageMs: 100 } }]);
  button.reply({ kind: 'reply', reply: told(jobOf('id-1', 'failover', 'running')) });
  await button.clock.pass(1);
  expect(button.deeds).toEqual(['keep id-1', 'forget']);
  await button.stop();
});

test('a press that another one replaced while it was being kept does not leave', async () => {
  const button = play();
  await button.clock.pass(10);
  button.press('hold');
  await button.clock.pass(50);
  button.press('click-hold');
  await button.clock.pass(200);
  expect(button.sends.map(({ command }) => command.command)).toEqual(['restore']);
  expect(button.deeds).toEqual(['keep id-1', 'keep id-2']);
  await button.stop();
});

test('at its deadline a press is forgotten as well, and at a stop it is not', async () => {
  const button = play();
  await button.clock.pass(10);
  button.press('hold');
  await button.clock.pass(60_001);
  expect(button.deeds).toEqual(['keep id-1', 'forget']);
  button.press('hold');
  await button.clock.pass(1_000);
  await button.stop();
  expect(button.deeds).toEqual(['keep id-1', 'forget', 'keep id-2', 'close']);
});

test('what an earlier process has left is sent as soon as there is a connection, and what is too old is shown', async () => {
  const intent: Intent = {
    id: 'left',
    command: 'failover',
    pressedAtMs: -30_000,
    deadlineAtMs: 30_000,
    ifRevision: null,
    earlier: [],
    recovered: true,
  };
  const button = play({ kind: 'press', intent });
  await button.clock.pass(150);
  expect(button.sends[0]?.command).toMatchObject({ id: 'left', ageMs: 30_100 });
  await button.stop();
  const late = play({ kind: 'lost', text: 'Too old.' });
  await late.clock.pass(1_000);
  expect([late.lamps.at(-1), late.sends]).toEqual(['not-delivered', []]);
  await late.stop();
});

test.for([
  [true, 'It is kept, and goes on'],
  [false, 'It could not be kept in time: look at the switch.'],
] as const)('at a stop an unanswered press is said to be kept only when it is: %s', async ([isSafe, words]) => {
  const button = play({ kind: 'nothing' }, isSafe);
  await button.clock.pass(10);
  button.press('hold');
  await button.clock.pass(1_000);
  await button.stop();
  expect(button.warned).toEqual([expect.stringContaining(words)]);
});
