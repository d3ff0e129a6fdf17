import { type Bias, SET_VALUES, valuesBytes } from './gpio-abi.ts';
import { type Chip, findChip, type LineName, takeLines } from './gpio-chip.ts';
import type { Kernel } from './gpio-kernel.ts';

/** Twenty edges of a contact that bounces for 20 ms come as one; a finger is never so quick. */
const DEBOUNCE_US = 10_000;

export interface ButtonLine {
  readonly line: LineName;
  /** Which level a finger makes. */
  readonly pressed: 'low' | 'high';
  readonly bias: Bias;
}

export interface LedLines {
  /** In the order of `wired`, see `core/lamp-wiring.ts`. */
  readonly lines: readonly LineName[];
  /** Which level lights them. */
  readonly lit: 'low' | 'high';
}

/** What the configuration says of GPIO. */
export interface Wiring {
  /** A path, a label, or `auto`. */
  readonly chip: string;
  readonly buttons: readonly ButtonLine[];
  readonly leds: LedLines | undefined;
}

/** The chip that this wiring means. Throws GpioProblem. */
export function chipOf(kernel: Kernel, { chip, buttons, leds }: Wiring): Chip {
  return findChip(kernel, chip, [...buttons.map(({ line }) => line), ...(leds?.lines ?? [])]);
}

/** Takes the line of each button, with its bias and debounce, both edges reported. Throws GpioProblem. */
export function takeButtons(kernel: Kernel, wiring: Wiring): readonly number[] {
  const chip = chipOf(kernel, wiring);
  const taken: number[] = [];
  try {
    for (const { line, pressed, bias } of wiring.buttons) {
      const activeLow = pressed === 'low';
      taken.push(takeLines(kernel, chip, [line], { kind: 'input', activeLow, bias, debounceUs: DEBOUNCE_US }));
    }
    return taken;
  } catch (error) {
    for (const fd of taken) kernel.close(fd);
    throw error;
  }
}

/** LEDs that are ours: dark from the moment they are taken. */
export interface Leds {
  /** One for each line, in order. Throws when the chip is gone. */
  light(lit: readonly boolean[]): void;
  /** Lets go of the lines; some kernels keep them as they are. */
  close(): void;
}

/** Takes the lines of the LEDs; undefined where the wiring has none. Throws GpioProblem. */
export function takeLeds(kernel: Kernel, wiring: Wiring): Leds | undefined {
  const { leds } = wiring;
  if (!leds) return undefined;
  const activeLow = leds.lit === 'low';
  const fd = takeLines(kernel, chipOf(kernel, wiring), leds.lines, { kind: 'output', activeLow });
  return {
    light(lit) {
      const bits = lit.reduce((sum, on, at) => (on ? sum | (1n << BigInt(at)) : sum), 0n);
      kernel.ioctl(fd, SET_VALUES, valuesBytes(leds.lines.length, bits));
    },
    close: () => kernel.close(fd),
  };
}
