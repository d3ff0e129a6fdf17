import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Lamp } from '../../device/core/lamp-signal.ts';
import { lightAt, type Pattern, patternOf } from '../../device/core/lamp-pattern.ts';
import { draw } from './lamp-drawing.ts';

const text = '';
const LAMPS: readonly Lamp[] = [
  ...(
    [
      'off',
      'armed',
      'offline',
      'sent',
      'accepted',
      'moving',
      'primary',
      'maintenance',
      'unclear',
      'drill',
      'not-delivered',
      'fault',
    ] as const
  ).map((name): Lamp => ({ name, text })),
  { name: 'holding', ripe: false, text },
  { name: 'holding', ripe: true, text },
  { name: 'held', at: 'primary', text },
  { name: 'held', at: 'elsewhere', text },
  ...[1, 2, 3, 4, 5, 6].map((flashes): Lamp => ({ name: 'refused', code: 'stale', flashes, text })),
];

const label = (lamp: Lamp): string => JSON.stringify(lamp);
const periodMs = ({ pulses }: Pattern): number => pulses.reduce((sum, { onMs, darkMs }) => sum + onMs + darkMs, 0);

/** Times within two periods and a second at which the lamp lights up. */
function flashes(pattern: Pattern): number[] {
  const times: number[] = [];
  for (let atMs = 0, dark = true; atMs < periodMs(pattern) * 2 + 1_000; atMs += 10) {
    const lit = lightAt(pattern, atMs).colours.length > 0;
    if (lit && dark) times.push(atMs);
    dark = !lit;
  }
  return times;
}

test.for(LAMPS.map((lamp) => [label(lamp), lamp] as const))(
  '%s flashes at most three times in any second',
  ([, lamp]) => {
    const times = flashes(patternOf(lamp));
    for (const atMs of times) {
      expect(times.filter((other) => other >= atMs && other < atMs + 1_000).length).toBeLessThanOrEqual(3);
    }
  },
);

test.for(LAMPS.filter(({ name }) => name !== 'off').map((lamp) => [label(lamp), lamp] as const))(
  '%s goes dark now and then, so that a light left on by a dead program says nothing',
  ([, lamp]) => {
    for (const { onMs, darkMs } of patternOf(lamp).pulses) expect([onMs >= 50, darkMs >= 50]).toEqual([true, true]);
    expect(patternOf(lamp).pulses).not.toEqual([]);
  },
);

test('every lamp has a rhythm of its own: one LED without colour tells them apart', () => {
  const rhythms = LAMPS.map((lamp) =>
    patternOf(lamp)
      .pulses.map(({ onMs, darkMs }) => `${onMs}/${darkMs}`)
      .join(' '),
  );
  expect(new Set(rhythms).size).toBe(LAMPS.length);
});

test('every lamp has a word of its own: a terminal without colour tells them apart', () => {
  const words = LAMPS.filter(({ name }) => name !== 'refused').map((lamp) => patternOf(lamp).word);
  expect(new Set(words).size).toBe(words.length);
});

test('while a finger holds, the flashes grow longer: what it waits for comes nearer', () => {
  const times = patternOf({ name: 'holding', ripe: false, text }).pulses.map(({ onMs }) => onMs);
  expect(times).toEqual([...times].sort((one, two) => one - two));
  expect(new Set(times).size).toBeGreaterThan(2);
});

test('the README draws every lamp as it is', () => {
  const readme = readFileSync(new URL('../../device/README.md', import.meta.url), 'utf8').replaceAll(/ +/g, ' ');
  for (const lamp of LAMPS) {
    if (lamp.name === 'off' || (lamp.name === 'refused' && lamp.flashes !== 2)) continue;
    const pattern = patternOf(lamp);
    const { word, pulses } = pattern;
    const colours = pulses[0]?.colours.join('+') ?? '';
    const rhythm = pulses.map(({ onMs, darkMs }) => `${onMs} on, ${darkMs} off`).join(', ');
    const said = lamp.name === 'refused' ? 'so many flashes of 200 on, 300 off, the last 2000 off' : rhythm;
    expect(readme).toContain(`| ${word} | ${colours} | \`${draw(pattern)}\` | ${said} |`);
  }
});
