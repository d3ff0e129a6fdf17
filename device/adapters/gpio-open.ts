import { type Bias, SET_VALUES, valuesBytes } from './gpio-abi.ts';
import { findChip, type LineName, takeLines } from './gpio-chip.ts';
import type { Kernel } from './gpio-kernel.ts';

/** Twenty edges of a contact that bounces for 20 ms come as one; a finger is never so quick. */
const DEBOUNCE_US = 10_000;

interface ButtonLine {
  readonly line: LineName;
  /** Which level a finger makes. */
  readonly pressed: 'low' | 'high';
  readonly bias: Bias;
}

interface LedLines {
  /** In the order of `wired`, see `core/lamp-wiring.ts`. */
  readonly lines: readonly LineName[];
  /** Which level lights them. */
  readonly lit: 'low' | 'high';
}

/** Takes the line of each button, with its bias and debounce, both edges reported. Throws GpioProblem. */
export function takeButtons(
  kernel: Kernel,
  { chip: wanted, buttons }: { readonly chip: string; readonly buttons: readonly ButtonLine[] },
): readonly number[] {
  const chip = findChip(
    kernel,
    wanted,
    buttons.map(({ line }) => line),
  );
  const taken: number[] = [];
  try {
    for (const { line, pressed, bias } of buttons) {
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

/** Takes the lines of the LEDs. Throws GpioProblem. */
export function takeLeds(kernel: Kernel, chip: string, leds: LedLines): Leds {
  const use = { kind: 'output', activeLow: leds.lit === 'low' } as const;
  const fd = takeLines(kernel, findChip(kernel, chip, leds.lines), leds.lines, use);
  return {
    light(lit) {
      const bits = lit.reduce((sum, on, at) => (on ? sum | (1n << BigInt(at)) : sum), 0n);
      kernel.ioctl(fd, SET_VALUES, valuesBytes(leds.lines.length, bits));
    },
    close: () => kernel.close(fd),
  };
}
