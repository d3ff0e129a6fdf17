import type { Colour } from './lamp-pattern.ts';

/** What hangs on a line: an LED of one colour, or the only one there is. */
export type Wire = Colour | 'single';

/**
 * Which of the wired LEDs light up for `colours`, one answer for each. An LED stands in for what is not there, so that the
 * rhythm, which alone tells lamps apart, is the same on one, two or three.
 */
export function litOf(wired: readonly Wire[], colours: readonly Colour[]): readonly boolean[] {
  const exact = wired.map((wire) => wire === 'single' || colours.includes(wire));
  if (colours.length === 0) return wired.map(() => false);
  return exact.includes(true) ? exact : wired.map(() => true);
}
