import { expect, test } from 'vitest';
import { lampsTogether, makeLedLamp } from '../../device/adapters/leds.ts';
import type { Leds } from '../../device/adapters/gpio-open.ts';
import type { Lamp } from '../../device/core/lamp-signal.ts';
import { litOf, type Wire } from '../../device/core/lamp-wiring.ts';
import { playClock } from './played-clock.ts';

const primary: Lamp = { name: 'primary', text: '' };
const moving: Lamp = { name: 'moving', text: '' };

/** LEDs on three lines, and what was lit on them at which millisecond. */
function play(wired: readonly Wire[] = ['red', 'green', 'blue']) {
  const clock = playClock();
  const seen: string[] = [];
  const warned: string[] = [];
  const chip = { there: true, taken: 0, closed: 0 };
  const take = (): Leds => {
    if (!chip.there) throw new Error('no chip');
    chip.taken += 1;
    return {
      light(lit) {
        if (!chip.there) throw new Error('ENODEV');
        seen.push(`${Math.round(clock.monotonicMs())} ${lit.map((on) => (on ? 1 : 0)).join('')}`);
      },
      close: () => void (chip.closed += 1),
    };
  };
  const lamp = makeLedLamp({ wired, taken: take(), take, clock, warn: (text) => warned.push(text) });
  return { clock, seen, warned, chip, lamp };
}

test('the LEDs play the pattern of the lamp, and go dark at the end', async () => {
  const { clock, seen, lamp, chip } = play();
  lamp.show(primary);
  await clock.pass(2_100);
  expect(seen).toEqual(['0 010', '61 000', '2001 010', '2061 000']);
  await lamp.close();
  expect([seen.at(-1), chip.closed]).toEqual(['2100 000', 1]);
  await clock.pass(5_000);
  expect(seen).toHaveLength(5);
});

test('new words for the same lamp do not disturb its rhythm; another lamp begins its own at once', async () => {
  const { clock, seen, lamp } = play();
  lamp.show(moving);
  await clock.pass(300);
  lamp.show({ ...moving, text: 'Step 2.' });
  await clock.pass(300);
  lamp.show(primary);
  await clock.pass(10);
  expect(seen).toEqual(['0 110', '501 000', '600 010']);
  await lamp.close();
});

test('a process that is about to end turns them dark without waiting', async () => {
  const { clock, seen, lamp } = play();
  lamp.show(moving);
  await clock.pass(100);
  lamp.dark();
  expect(seen.at(-1)).toBe('100 000');
});

test('LEDs that were lost are told once, and play again when they are back', async () => {
  const { clock, seen, warned, lamp, chip } = play();
  lamp.show(primary);
  await clock.pass(100);
  chip.there = false;
  await clock.pass(20_000);
  expect(warned).toEqual(['The LEDs cannot be driven: ENODEV.']);
  expect(chip.closed).toBe(1);
  const before = seen.length;
  chip.there = true;
  await clock.pass(10_000);
  expect(seen.length).toBeGreaterThan(before + 4);
  expect([chip.taken, warned.length]).toEqual([2, 1]);
  await lamp.close();
  expect(seen.at(-1)).toMatch(/ 000$/);
});

test.for<[readonly Wire[], Parameters<typeof litOf>[1], readonly boolean[]]>([
  [['single'], ['red', 'green'], [true]],
  [['single'], [], [false]],
  [['red', 'green', 'blue'], ['blue'], [false, false, true]],
  [
    ['red', 'green', 'blue'],
    ['red', 'green', 'blue'],
    [true, true, true],
  ],
  [['red', 'green'], ['red'], [true, false]],
  [['red', 'green'], ['blue'], [true, true]],
  [['blue'], ['red', 'green'], [true]],
  [
    ['red', 'blue'],
    ['red', 'green'],
    [true, false],
  ],
  [['red', 'green'], [], [false, false]],
])('wired %j and asked for %j: an LED stands in for what is not there', ([wired, colours, expected]) => {
  expect(litOf(wired, colours)).toEqual(expected);
});

test('lamps together show and say the same', async () => {
  const heard: string[] = [];
  const one = (name: string) => ({
    show: (lamp: Lamp) => void heard.push(`${name} ${lamp.name}`),
    say: (text: string) => void heard.push(`${name} ${text}`),
    close: async () => void heard.push(`${name} dark`),
  });
  const both = lampsTogether(one('a'), one('b'));
  both.show(primary);
  both.say('Hello.');
  await both.close();
  expect(heard).toEqual(['a primary', 'b primary', 'a Hello.', 'b Hello.', 'a dark', 'b dark']);
});
