import { userInfo } from 'node:os';
import { describe, expect, test } from 'vitest';
import { findChip, GpioProblem } from '../../device/adapters/gpio-chip.ts';
import { takeButtons, takeLeds } from '../../device/adapters/gpio-open.ts';
import { type PlayedChip, playKernel } from './gpio-played.ts';

const names = { 5: 'GPIO5', 17: 'GPIO17', 27: 'GPIO27' };
const OTHER: PlayedChip = { path: '/dev/gpiochip0', name: 'gpiochip0', label: 'gpio-brcmstb', lines: 32 };
const HEADER: PlayedChip = { path: '/dev/gpiochip11', name: 'gpiochip11', label: 'pinctrl-rp1', lines: 54, names };
const LINK: PlayedChip = { ...HEADER, path: '/dev/gpiochip4' };
const button = { line: 17, pressed: 'low', bias: 'pull-up' } as const;

function problem(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof GpioProblem) return error.message;
    throw error;
  }
  return 'none';
}

describe('the chip', () => {
  test.for(['pinctrl-rp1', 'pinctrl-bcm2711', 'pinctrl-bcm2835'])(
    'is found by the label %s, at any number',
    (label) => {
      for (const at of [0, 4, 13]) {
        const path = `/dev/gpiochip${at}`;
        const header = { ...HEADER, path, name: `gpiochip${at}`, label };
        expect(
          findChip(playKernel([{ ...OTHER, path: '/dev/gpiochip9', name: 'gpiochip9' }, header]), 'auto', [17]),
        ).toEqual({ path, name: `gpiochip${at}`, label, lines: 54 });
      }
    },
  );

  test('counts once, however many links lead to it', () => {
    expect(findChip(playKernel([OTHER, LINK, HEADER]), 'auto', [17]).path).toBe('/dev/gpiochip4');
  });

  test('is what the configuration names: a path, a label, or on other boards the one with such lines', () => {
    const kernel = playKernel([OTHER, { ...HEADER, label: 'board' }]);
    expect(findChip(kernel, '/dev/gpiochip0', [17]).label).toBe('gpio-brcmstb');
    expect(findChip(kernel, 'gpio-brcmstb', [17]).path).toBe('/dev/gpiochip0');
    expect(findChip(kernel, 'auto', ['GPIO17', 'GPIO27']).label).toBe('board');
  });

  test.for<[string, readonly PlayedChip[], string, RegExp]>([
    ['no chip at all', [], 'auto', /^There is no .*pinctrl-rp1.* No GPIO chip was seen\.$/],
    ['only others', [OTHER], 'auto', /Seen: \/dev\/gpiochip0 \(gpio-brcmstb, 32 lines\)\.$/],
    ['no such label', [OTHER], 'pinctrl-x', /with the label pinctrl-x; .* Seen: \/dev\/gpiochip0/],
    ['no such path', [OTHER], '/dev/gpiochip7', /^There is no \/dev\/gpiochip7\. Seen: \/dev\/gpiochip0/],
    [
      'two of one label',
      [OTHER, { ...OTHER, path: '/dev/gpiochip1', name: 'gpiochip1' }],
      'gpio-brcmstb',
      /write the path/,
    ],
    [
      'no right to it',
      [{ ...HEADER, closed: 'EACCES' }],
      'auto',
      /add it to the group gpio with "sudo usermod -aG gpio/,
    ],
    [
      'no right to a path',
      [{ ...HEADER, closed: 'EACCES' }],
      HEADER.path,
      new RegExp(
        `^The user ${userInfo().username} may not use /dev/gpiochip11: add .*-aG gpio ${userInfo().username}"`,
      ),
    ],
  ])('that is not there is told with what is: %s', ([, chips, wanted, expected]) => {
    expect(problem(() => findChip(playKernel(chips), wanted, [17]))).toMatch(expected);
  });
});

describe('lines', () => {
  test('of buttons are asked for with bias, 10 ms of debounce and both edges, each by itself', () => {
    const kernel = playKernel([HEADER]);
    const high = { line: 'GPIO5', pressed: 'high', bias: 'none' } as const;
    expect(takeButtons(kernel, { chip: 'auto', buttons: [button, high] })).toHaveLength(2);
    const [low, other] = kernel.granted;
    expect([low?.readUInt32LE(0), other?.readUInt32LE(0)]).toEqual([17, 5]);
    // Active low, input, rising, falling, pull-up; then input, rising, falling, bias off.
    expect(low?.readBigUInt64LE(288)).toBe(0b1_0011_0110n);
    expect(other?.readBigUInt64LE(288)).toBe(0b100_0011_0100n);
    expect([low?.readUInt32LE(296), low?.readUInt32LE(320), low?.readUInt32LE(328)]).toEqual([1, 3, 10_000]);
    expect(low?.toString('latin1', 256, 271)).toBe('dashover-button');
    expect(kernel.opened.size).toBe(2);
  });

  test('of LEDs begin dark, and light up by their places', () => {
    const kernel = playKernel([HEADER]);
    const leds = takeLeds(kernel, 'auto', { lines: [27, 22, 24], lit: 'low' });
    expect(kernel.granted[0]?.readBigUInt64LE(288)).toBe(0b1010n);
    expect(kernel.granted[0]?.readUInt32LE(296)).toBe(0);
    leds.light([true, false, true]);
    leds.light([false, false, false]);
    expect(kernel.written).toEqual([0b101n, 0n]);
    leds.close();
    expect(kernel.opened.size).toBe(0);
  });

  test.for<[string, PlayedChip, RegExp]>([
    [
      'held by name',
      { ...HEADER, held: { 17: 'gpio-keys' } },
      /^Line 17 \(GPIO17\) of \/dev\/gpiochip11 is held by "gpio-keys"\./,
    ],
    ['held by nobody known', { ...HEADER, held: { 17: '' } }, /is held by a program that gives no name\./],
    [
      'held by another button',
      { ...HEADER, held: { 17: 'dashover-button' } },
      /is held by another dashover-button, or two/,
    ],
    [
      'held until just now',
      { ...HEADER, refuses: 'EBUSY' },
      /^A line of \/dev\/gpiochip11 was held by another program/,
    ],
    [
      'not able to do that',
      { ...HEADER, refuses: 'EINVAL' },
      /^Line 5 of \/dev\/gpiochip11 \(pinctrl-rp1\) cannot be used like this: choose another line/,
    ],
    ['not on the chip', { ...HEADER, lines: 8 }, /\(pinctrl-rp1\) has no line 17: its lines are 0 to 7\.$/],
  ])('that cannot be had are told, and nothing stays open: %s', ([, chip, expected]) => {
    const kernel = playKernel([chip]);
    const first = { ...button, line: 5 };
    expect(problem(() => takeButtons(kernel, { chip: 'auto', buttons: [first, button] }))).toMatch(expected);
    expect(kernel.opened.size).toBe(0);
  });

  test('that are one and the same are told, however they are written', () => {
    const kernel = playKernel([HEADER]);
    const take = () => takeLeds(kernel, 'auto', { lines: [27, 22, 'GPIO27'], lit: 'high' });
    expect(problem(take)).toBe('27 and GPIO27 are the same line of /dev/gpiochip11; each needs one of its own.');
    expect([kernel.granted.length, kernel.opened.size]).toEqual([0, 0]);
  });

  test('of a chip that was taken out in between are told', () => {
    const kernel = playKernel([HEADER]);
    let opened = 0;
    const open = (path: string): number => {
      opened += 1;
      if (opened > 1) throw Object.assign(new Error('gone'), { code: 'ENOENT' });
      return kernel.open(path);
    };
    expect(problem(() => takeButtons({ ...kernel, open }, { chip: 'auto', buttons: [button] }))).toMatch(
      /^There is no /,
    );
  });

  test('of a name that no line has are told', () => {
    const wiring = { chip: 'auto', buttons: [{ ...button, line: 'GPIO99' }] };
    expect(problem(() => takeButtons(playKernel([HEADER]), wiring))).toMatch(/has no line named GPIO99\.$/);
  });
});
