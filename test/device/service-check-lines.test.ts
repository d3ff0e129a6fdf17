import { expect, test } from 'vitest';
import type { Finding } from '../../device/adapters/check-finding.ts';
import { checkLines } from '../../device/adapters/check-lines.ts';
import type { Kernel } from '../../device/adapters/gpio-kernel.ts';
import { type PlayedChip, playKernel } from './gpio-played.ts';

const GET_VALUES = 0xc0_10_b4_0e;
const SET_VALUES = 0xc0_10_b4_0f;
const HEADER: PlayedChip = { path: '/dev/gpiochip0', name: 'gpiochip0', label: 'pinctrl-bcm2711', lines: 58 };
const WIRING = {
  chip: 'auto',
  buttons: [17, 5].map((line) => ({ line, pressed: 'low', bias: 'pull-up' }) as const),
  leds: { wired: ['red', 'green', 'blue'], lines: [27, 22, 24], lit: 'high' },
} as const;

/** A chip on which the second button is pressed, looked at without waiting. */
async function look(
  chips: readonly PlayedChip[],
  wiring: Parameters<typeof checkLines>[1] = WIRING,
  { goesAfterLights = Infinity } = {},
) {
  const played = playKernel(chips);
  let reads = 0;
  let lights = 0;
  const kernel: Kernel = {
    ...played,
    ioctl(fd, request, data) {
      if (request === SET_VALUES && (lights += 1) > goesAfterLights) {
        throw Object.assign(new Error('ioctl: ENODEV'), { code: 'ENODEV' });
      }
      if (request === GET_VALUES) data.writeBigUInt64LE(BigInt(reads++), 0);
      else played.ioctl(fd, request, data);
    },
  };
  const clock = { nowMs: () => 0, monotonicMs: () => 0, sleep: () => Promise.resolve() };
  const found: Finding[] = [];
  for await (const finding of checkLines(kernel, wiring, clock)) found.push(finding);
  return { found, played };
}

test('each button is told as it is, each LED is lit alone and all are dark at the end, and every line is let go', async () => {
  const { found, played } = await look([HEADER]);
  expect(found.map(({ name, ok }) => [name, ok])).toEqual([
    ['chip', true],
    ['button 1', true],
    ['button 2', false],
    ['lamp', true],
    ['lamp', true],
    ['lamp', true],
  ]);
  expect(found[2]?.text).toBe('Line 5 is down: jammed, shorted, or "pressed" is wrong.');
  expect(found[4]?.text).toBe('The green LED at line 22 is lit now, alone.');
  expect(played.written).toEqual([0b001n, 0b010n, 0b100n, 0n]);
  expect([...played.opened]).toEqual([]);
});

test.for([
  ['a line that another program holds', [{ ...HEADER, held: { 17: 'pigpio' } }], 'is held by "pigpio"'],
  ['a chip that is not there', [{ ...HEADER, label: 'something' }], 'There is no GPIO chip'],
  ['a chip that this user may not open', [{ ...HEADER, closed: 'EACCES' }], 'add it to the group gpio'],
] as const)('%s is told in words, and nothing stays taken', async ([, chips, words]) => {
  const { found, played } = await look(chips);
  expect(found.at(-1)).toEqual({ name: 'lines', ok: false, text: expect.stringContaining(words) });
  expect([...played.opened]).toEqual([]);
});

test('a chip that goes while its LEDs are looked at is told in words, and nothing stays taken', async () => {
  const { found, played } = await look([HEADER], WIRING, { goesAfterLights: 2 });
  expect(found.map(({ name, ok }) => [name, ok]).slice(3)).toEqual([
    ['lamp', true],
    ['lamp', true],
    ['lines', false],
  ]);
  expect(found.at(-1)?.text).toBe('The chip failed while it was looked at (ENODEV).');
  expect([...played.opened]).toEqual([]);
});

test('LEDs without a button are looked at alone', async () => {
  const { found } = await look([HEADER], { ...WIRING, buttons: [] });
  expect(found.map(({ name }) => name)).toEqual(['chip', 'lamp', 'lamp', 'lamp']);
});
