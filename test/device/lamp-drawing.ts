import type { Pattern } from '../../device/core/lamp-pattern.ts';

const CHARACTER_MS = 100;

/** One period as a train of pulses, a character for each tenth of a second, and at least one for what is shorter. */
export function draw({ pulses }: Pattern): string {
  return pulses.map(({ onMs, darkMs }) => stretch('█', onMs) + stretch('▁', darkMs)).join('');
}

function stretch(character: string, ms: number): string {
  return character.repeat(Math.max(1, Math.round(ms / CHARACTER_MS)));
}
