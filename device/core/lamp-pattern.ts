/**
 * How a lamp looks: a time line for one, two or three LEDs, and a word for a terminal. Each has a rhythm of its own, so
 * that one plain LED, or an eye that cannot tell red from green, reads it as well; none flashes more than three times
 * a second. A light that never goes dark is not used: some machines keep an output driven after the program died.
 */
import type { Lamp } from './lamp-signal.ts';

export type Colour = 'red' | 'green' | 'blue';

/** Lit for `onMs` in all of `colours` together, then dark for `darkMs`. */
interface Pulse {
  readonly colours: readonly Colour[];
  readonly onMs: number;
  readonly darkMs: number;
}

export interface Pattern {
  /** What a terminal shows in capitals. */
  readonly word: string;
  /** One period, repeated for as long as the lamp stays; empty is dark. */
  readonly pulses: readonly Pulse[];
}

const RED: readonly Colour[] = ['red'];
const GREEN: readonly Colour[] = ['green'];
const BLUE: readonly Colour[] = ['blue'];
const YELLOW: readonly Colour[] = ['red', 'green'];
const WHITE: readonly Colour[] = ['red', 'green', 'blue'];

const line = (colours: readonly Colour[], ...onDark: readonly (readonly [onMs: number, darkMs: number])[]): Pulse[] =>
  onDark.map(([onMs, darkMs]) => ({ colours, onMs, darkMs }));

/** The pattern of a lamp. device/README.md draws them; a test holds the rhythms apart. */
export function patternOf(lamp: Lamp): Pattern {
  switch (lamp.name) {
    case 'off':
      return { word: 'OFF', pulses: [] };
    case 'armed':
      return { word: 'CONNECTED', pulses: line(BLUE, [60, 5_940]) };
    case 'primary':
      return { word: 'PRIMARY', pulses: line(GREEN, [60, 1_940]) };
    case 'maintenance':
      return { word: 'FAILED OVER', pulses: line(RED, [1_900, 100]) };
    case 'held':
      return lamp.at === 'primary'
        ? { word: 'HELD AT PRIMARY', pulses: line(GREEN, [60, 300], [60, 1_580]) }
        : { word: 'HELD, FAILED OVER', pulses: line(RED, [1_400, 100], [400, 100]) };
    case 'unclear':
      return { word: 'AT NO KNOWN POSITION', pulses: line(YELLOW, [600, 300], [150, 950]) };
    case 'offline':
      return { word: 'OFFLINE', pulses: line(RED, [600, 2_400]) };
    case 'holding':
      return lamp.ripe
        ? { word: 'LET GO', pulses: line(WHITE, [300, 100]) }
        : { word: 'HOLDING', pulses: line(WHITE, [80, 250], [160, 170], [260, 80]) };
    case 'sent':
      return { word: 'NOT HEARD YET', pulses: line(BLUE, [1_000, 1_000]) };
    case 'accepted':
      return { word: 'HEARD', pulses: line(BLUE, [200, 200]) };
    case 'moving':
      return { word: 'MOVING', pulses: line(YELLOW, [500, 500]) };
    case 'drill':
      return { word: 'DRILL', pulses: line(BLUE, [600, 200], [150, 200], [150, 700]) };
    case 'refused':
      return { word: 'REFUSED', pulses: flashes(lamp.flashes) };
    case 'not-delivered':
      return { word: 'NOT DELIVERED', pulses: line(RED, [600, 400], [600, 400], [600, 2_000]) };
    case 'fault':
      return { word: 'BUTTON FAULT', pulses: line(RED, [100, 400]) };
  }
}

/** So many plain flashes, then a pause long enough to begin to count. */
function flashes(count: number): Pulse[] {
  const one: Pulse = { colours: RED, onMs: 200, darkMs: 300 };
  return Array.from({ length: count }, (_, at) => (at === count - 1 ? { ...one, darkMs: 2_000 } : one));
}

/** What is lit `atMs` after the pattern began, and for how long it stays so (undefined: for ever). */
export function lightAt(
  { pulses }: Pattern,
  atMs: number,
): { readonly colours: readonly Colour[]; readonly forMs: number | undefined } {
  const periodMs = pulses.reduce((sum, { onMs, darkMs }) => sum + onMs + darkMs, 0);
  if (periodMs === 0) return { colours: [], forMs: undefined };
  let leftMs = atMs % periodMs;
  for (const { colours, onMs, darkMs } of pulses) {
    if (leftMs < onMs) return { colours, forMs: onMs - leftMs };
    leftMs -= onMs;
    if (leftMs < darkMs) return { colours: [], forMs: darkMs - leftMs };
    leftMs -= darkMs;
  }
  return { colours: [], forMs: periodMs };
}
