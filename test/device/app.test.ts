import { expect, test } from 'vitest';
import { silentLog } from '../../shared/log.ts';
import type { Command } from '../../shared/command.ts';
import { runButton, type Stopped } from '../../device/app.ts';
import type { Delivery, InputEvent, LinkEvent } from '../../device/core/ports.ts';
import { playClock } from './played-clock.ts';
import { jobOf, refusal, stateOf, told } from './samples.ts';

/** The whole program with every port played: what it does at which moment, to the millisecond. */
function play(pressedAtStart = false) {
  const clock = playClock();
  const stop = new AbortController();
  const sends: { readonly atMs: number; readonly command: Command }[] = [];
  const lamps: string[] = [];
  const said: string[] = [];
  const closed: string[] = [];
  const faults: (string | null)[] = [];
  const listeners: { link?: (event: LinkEvent) => void; input?: (event: InputEvent) => void } = {};
  let ids = 0;
  let sleptMs = 0;
  const running: Promise<Stopped> = runButton(
    {
      device: 'lobby',
      switch: 'www',
      deadlineMs: 60_000,
      holdMs: 1_000,
      buttons: [{ gestures: { hold: 'failover', 'click-hold': 'restore' } }, { gestures: { hold: 'drill' } }],
    },
    {
      clock,
      ids: { next: () => `id-${(ids += 1)}` },
      link: {
        open: (on) => void (listeners.link = on),
        async send(command): Promise<Delivery> {
          sends.push({ atMs: clock.monotonicMs(), command });
          return { kind: 'taken' };
        },
        tellFault: (text) => void faults.push(text),
        close: async () => void closed.push('link'),
      },
      input: {
        open(on) {
          listeners.input = on;
          on({ kind: 'level', button: 0, pressed: pressedAtStart });
          on({ kind: 'level', button: 1, pressed: false });
        },
        close: async () => void closed.push('input'),
      },
      lamp: {
        show: ({ name }) => void (lamps.at(-1) === name || lamps.push(name)),
        say: (text) => void said.push(text),
        close: async () => void closed.push('lamp'),
      },
      log: silentLog,
      sinceBootMs: () => 5_000_000 + clock.monotonicMs() + sleptMs,
    },
    stop.signal,
  );
  const link = (event: LinkEvent): void => listeners.link?.(event);
  return {
    clock,
    stop,
    sends,
    lamps,
    said,
    closed,
    faults,
    running,
    link,
    /** The machine, whose own clock stands still meanwhile. */
    sleep: (ms: number) => void (sleptMs += ms),
    up: () => {
      link({ kind: 'up', text: 'Connected.' });
      link({ kind: 'state', state: stateOf('primary') });
    },
    input: (event: InputEvent): void => listeners.input?.(event),
    edge: (button: number, pressed: boolean) =>
      listeners.input?.({ kind: 'edge', button, pressed, atMs: clock.monotonicMs() }),
  };
}

test('a finger held for a second sends on release, then after 1, 2, 4 and every 5 s, and gives up at the deadline', async () => {
  const button = play();
  button.up();
  button.edge(0, true);
  await button.clock.pass(1_100);
  expect([button.lamps.at(-1), button.sends.length]).toEqual(['holding', 0]);
  button.edge(0, false);
  await button.clock.pass(120_000);
  const times = button.sends.map(({ atMs }) => atMs - 1_100);
  expect(times).toEqual([
    0, 1_000, 3_000, 7_000, 12_000, 17_000, 22_000, 27_000, 32_000, 37_000, 42_000, 47_000, 52_000, 57_000,
  ]);
  expect(button.sends.map(({ command }) => command.ageMs)).toEqual(times);
  expect(button.lamps).toEqual(['offline', 'armed', 'primary', 'holding', 'sent', 'not-delivered']);
  button.stop.abort();
  expect(await button.running).toBe('asked');
});

test('the lamp goes dark first at the end, and every port is closed', async () => {
  const button = play();
  button.input({ kind: 'quit' });
  expect(await button.running).toBe('asked');
  expect(button.closed).toEqual(['lamp', 'input', 'link']);
});

test('each button has its own gestures, and one that is stuck does not silence the other', async () => {
  const button = play(true);
  button.up();
  await button.clock.pass(10);
  expect(button.lamps.at(-1)).toBe('fault');
  button.edge(1, true);
  await button.clock.pass(1_500);
  button.edge(1, false);
  await button.clock.pass(10);
  expect(button.sends.map(({ command }) => command.command)).toEqual(['drill']);
  button.edge(0, false);
  button.link({ kind: 'reply', reply: told(jobOf('id-1', 'drill', 'succeeded')) });
  await button.clock.pass(60_000);
  expect(button.lamps.at(-1)).toBe('primary');
  button.stop.abort();
  await button.running;
});

test('a finger that stays becomes a fault after ten seconds, without any edge', async () => {
  const button = play();
  button.up();
  button.edge(0, true);
  await button.clock.pass(11_000);
  expect(button.lamps.slice(-2)).toEqual(['holding', 'fault']);
  button.edge(0, false);
  await button.clock.pass(1_000);
  expect([button.lamps.at(-1), button.sends]).toEqual(['primary', []]);
  button.stop.abort();
  await button.running;
});

test('of two fingers at once, the lamp shows the one that is ripe, and lifting the other does not hide it', async () => {
  const button = play();
  button.up();
  button.edge(0, true);
  await button.clock.pass(1_500);
  button.edge(1, true);
  await button.clock.pass(10);
  button.edge(1, false);
  await button.clock.pass(10);
  expect(button.lamps.at(-1)).toBe('holding');
  button.edge(0, false);
  await button.clock.pass(10);
  expect(button.sends.map(({ command }) => command.command)).toEqual(['failover']);
  button.stop.abort();
  await button.running;
});

test('faults are published in words as they come and go, each with its button', async () => {
  const button = play(true);
  button.up();
  button.input({ kind: 'broken', button: 1, text: 'The chip is gone.' });
  button.edge(0, false);
  button.input({ kind: 'level', button: 1, pressed: false });
  expect(button.faults).toEqual([
    expect.stringMatching(/^Button 1: The button was down when its line was first read/),
    expect.stringMatching(/^Button 1: .* Button 2: The chip is gone\.$/),
    'Button 2: The chip is gone.',
    null,
  ]);
  button.stop.abort();
  await button.running;
});

test('a line that is read afresh while a finger is on it begins anew: what was held before means nothing', async () => {
  const button = play();
  button.up();
  button.edge(0, true);
  await button.clock.pass(1_500);
  button.input({ kind: 'level', button: 0, pressed: false });
  await button.clock.pass(10);
  button.edge(0, false);
  await button.clock.pass(10);
  expect([button.lamps.at(-1), button.sends]).toEqual(['primary', []]);
  button.edge(0, true);
  button.input({ kind: 'level', button: 0, pressed: true });
  await button.clock.pass(10);
  expect(button.lamps.at(-1)).toBe('fault');
  button.stop.abort();
  await button.running;
});

test('a line that can no longer be read is a fault, in the words of its adapter', async () => {
  const button = play();
  button.up();
  button.edge(0, true);
  await button.clock.pass(1_500);
  button.input({ kind: 'broken', button: 0, text: 'The chip is gone.' });
  expect(button.lamps.at(-1)).toBe('fault');
  button.edge(0, true);
  await button.clock.pass(2_000);
  button.edge(0, false);
  await button.clock.pass(2_000);
  expect([button.lamps.at(-1), button.sends]).toEqual(['fault', []]);
  button.stop.abort();
  await button.running;
});

test.for([
  ['a job that succeeded ends well', told(jobOf('id-1', 'failover', 'succeeded')), 'ended-well'],
  ['a refusal ends badly', refusal('id-1', 'not-allowed'), 'ended-badly'],
] as const)('after the end of input the last press is waited for: %s', async ([, reply, expected]) => {
  const button = play();
  button.up();
  button.input({ kind: 'gesture', button: 0, gesture: 'hold', atMs: 0 });
  button.input({ kind: 'ended' });
  await button.clock.pass(1_500);
  expect(button.closed).toEqual([]);
  button.link({ kind: 'reply', reply });
  // The state that confirms it is waited for as well, though not for ever.
  await button.clock.pass(6_000);
  expect(await button.running).toBe(expected);
});

test('what a finger let go too early, or no command, is said', async () => {
  const button = play();
  button.up();
  button.edge(0, true);
  await button.clock.pass(500);
  button.edge(0, false);
  button.input({ kind: 'gesture', button: 0, gesture: 'triple', atMs: 500 });
  await button.clock.pass(1_000);
  expect(button.said).toEqual([
    'No command: let go after 500 ms; a hold takes 1000 ms.',
    'This button has no command for triple.',
  ]);
  button.stop.abort();
  await button.running;
});

test.for([
  ['longer than its deadline is never sent again, and told as not delivered', 3_600_000, 'not-delivered'],
  ['shorter is sent with the age that it has', 20_000, 'sent'],
] as const)('a press that was open while the machine slept %s', async ([, sleptMs, lamp]) => {
  const button = play();
  button.input({ kind: 'gesture', button: 0, gesture: 'hold', atMs: 0 });
  await button.clock.pass(2_000);
  button.sleep(sleptMs);
  button.up();
  await button.clock.pass(0);
  const ages = button.sends.map(({ command }) => command.ageMs);
  expect([button.lamps.at(-1), ages]).toEqual([lamp, lamp === 'sent' ? [22_000] : []]);
  expect(button.said.join()).toContain('The machine has slept for ');
  // What is left of its minute is over, too.
  await button.clock.pass(38_001);
  expect([button.lamps.at(-1), button.sends.at(-1)?.command.ageMs ?? 0]).toEqual([
    'not-delivered',
    lamp === 'sent' ? 59_000 : 0,
  ]);
  button.stop.abort();
  await button.running;
});

test('a finger that was down when the machine fell asleep, and is up when it wakes, delivers nothing', async () => {
  const button = play();
  button.up();
  button.edge(0, true);
  await button.clock.pass(1_500);
  button.sleep(600_000);
  button.edge(0, false);
  await button.clock.pass(100);
  expect([button.lamps.at(-1), button.sends]).toEqual(['not-delivered', []]);
  // A key is pressed now.
  button.sleep(600_000);
  button.input({ kind: 'gesture', button: 0, gesture: 'hold', atMs: button.clock.monotonicMs() });
  await button.clock.pass(10);
  expect(button.sends.map(({ command }) => command.ageMs)).toEqual([0]);
  button.stop.abort();
  await button.running;
});
