import type { Clock } from '../../shared/clock.ts';
import type { Finding } from './check-finding.ts';
import { GET_VALUES, readActive, valuesBytes } from './gpio-abi.ts';
import { codeOf, findChip, GpioProblem, type LineName } from './gpio-chip.ts';
import type { Kernel } from './gpio-kernel.ts';
import { takeButtons, takeLeds } from './gpio-open.ts';

/** A bias that was just switched on needs a moment to pull its line. */
const SETTLE_MS = 50;
/** Long enough to look from the screen to the lamp. */
const LIT_MS = 1_000;

export interface LinesToCheck {
  readonly chip: string;
  readonly buttons: Parameters<typeof takeButtons>[1]['buttons'];
  readonly leds:
    | (Parameters<typeof takeLeds>[2] & { readonly wired: readonly string[]; readonly lines: readonly LineName[] })
    | undefined;
}

/** The chip, each button's line as it is now, and each LED in turn for a person to see. Lets go of all of it. */
export async function* checkLines(kernel: Kernel, wiring: LinesToCheck, clock: Clock): AsyncGenerator<Finding> {
  const { buttons, leds } = wiring;
  const lines = [...buttons.map(({ line }) => line), ...(leds?.lines ?? [])];
  try {
    const { path, label } = findChip(kernel, wiring.chip, lines);
    yield { name: 'chip', ok: true, text: `${path}, ${label}.` };
    if (buttons.length > 0) yield* checkButtons(kernel, wiring, clock);
    if (leds) yield* checkLeds(kernel, wiring.chip, leds, clock);
  } catch (error) {
    yield { name: 'lines', ok: false, text: whyNot(error) };
  }
}

function whyNot(error: unknown): string {
  if (error instanceof GpioProblem) return error.message;
  // What the kernel refuses has a code; anything else is a mistake of the program.
  if (!(error instanceof Error && 'code' in error)) throw error;
  return `The chip failed while it was looked at (${codeOf(error)}).`;
}

async function* checkButtons(kernel: Kernel, wiring: LinesToCheck, clock: Clock): AsyncGenerator<Finding> {
  const taken = takeButtons(kernel, wiring);
  try {
    await clock.sleep(SETTLE_MS);
    for (const [at, fd] of taken.entries()) {
      const bytes = valuesBytes(1);
      kernel.ioctl(fd, GET_VALUES, bytes);
      const line = `Line ${wiring.buttons[at]?.line ?? '?'}`;
      yield readActive(bytes) === 0n
        ? { name: `button ${at + 1}`, ok: true, text: `${line} is up.` }
        : { name: `button ${at + 1}`, ok: false, text: `${line} is down: jammed, shorted, or "pressed" is wrong.` };
    }
  } finally {
    for (const fd of taken) kernel.close(fd);
  }
}

async function* checkLeds(
  kernel: Kernel,
  chip: string,
  { wired, ...lines }: NonNullable<LinesToCheck['leds']>,
  clock: Clock,
): AsyncGenerator<Finding> {
  const leds = takeLeds(kernel, chip, lines);
  try {
    for (const [at, wire] of wired.entries()) {
      leds.light(wired.map((_, other) => other === at));
      yield { name: 'lamp', ok: true, text: `The ${wire} LED at line ${lines.lines[at] ?? '?'} is lit now, alone.` };
      await clock.sleep(LIT_MS);
    }
  } finally {
    try {
      leds.light(wired.map(() => false));
    } finally {
      leds.close();
    }
  }
}
