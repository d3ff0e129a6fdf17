import { z } from 'zod';

/** The keys of button.yaml that say what hangs on which line. */

const write = (words: string): { error: string } => ({ error: `write ${words}.` });

const LINE_WORDS = 'the number of a GPIO line, such as 17, or its name, such as GPIO17';
const ofLine = write(LINE_WORDS);
export const Line = z.union(
  [z.int(ofLine).min(0, ofLine).max(1_023, ofLine), z.string(ofLine).regex(/^(?!\d+$)[A-Za-z0-9_.:+-]{1,31}$/, ofLine)],
  ofLine,
);

export const Level = z.enum(['low', 'high'], write('low or high'));

export const Bias = z.enum(['pull-up', 'pull-down', 'none'], write('pull-up, pull-down or none'));

const CHIP_WORDS = 'auto, the label of a GPIO chip such as pinctrl-rp1, or its path such as /dev/gpiochip0';
export const Chip = z.string(write(CHIP_WORDS)).min(1, write(CHIP_WORDS)).max(64, write(CHIP_WORDS));

const LEDS_WORDS = '{ red: 27, green: 22, blue: 24 } (one or more of them) or { single: 27 }';
export const Leds = z
  .strictObject(
    {
      red: Line.optional(),
      green: Line.optional(),
      blue: Line.optional(),
      single: Line.optional(),
      lit: Level.default('high'),
    },
    write(LEDS_WORDS),
  )
  .superRefine(({ red, green, blue, single }, context) => {
    const coloured = [red, green, blue].some((line) => line !== undefined);
    if (coloured !== (single !== undefined)) return;
    const message = coloured
      ? 'names a single LED and coloured ones; keep either.'
      : `names no LED; write ${LEDS_WORDS}.`;
    context.addIssue({ code: 'custom', message });
  });

type Line = z.output<typeof Line>;

/** Which LED is on which line, both in the same order. */
interface LedWiring {
  readonly wired: readonly ('red' | 'green' | 'blue' | 'single')[];
  readonly lines: readonly Line[];
  readonly lit: 'low' | 'high';
}

/** What the file says of GPIO, with what it leaves out put in. */
export interface GpioWiring {
  readonly chip: string;
  readonly buttons: readonly {
    readonly line: Line;
    readonly pressed: 'low' | 'high';
    readonly bias: 'pull-up' | 'pull-down' | 'none';
  }[];
  readonly leds: LedWiring | undefined;
}

interface Written {
  readonly input: 'keyboard' | 'gpio';
  readonly chip: string;
  readonly buttons: readonly {
    readonly line?: Line | undefined;
    readonly pressed?: 'low' | 'high' | undefined;
    readonly bias?: 'pull-up' | 'pull-down' | 'none' | undefined;
  }[];
  readonly leds?: z.output<typeof Leds> | undefined;
}

/** With `input: keyboard` the lines of the buttons rest. */
export function wiringOf({ input, chip, buttons, leds }: Written): GpioWiring {
  const lines = buttons.flatMap(({ line, pressed = 'low', bias = pressed === 'low' ? 'pull-up' : 'pull-down' }) =>
    line === undefined ? [] : [{ line, pressed, bias }],
  );
  return { chip, buttons: input === 'gpio' ? lines : [], leds: leds && ledWiring(leds) };
}

export function ledWiring(leds: z.output<typeof Leds>): LedWiring {
  const all = (['single', 'red', 'green', 'blue'] as const).flatMap((wire) => {
    const line = leds[wire];
    return line === undefined ? [] : [{ wire, line }];
  });
  return { wired: all.map(({ wire }) => wire), lines: all.map(({ line }) => line), lit: leds.lit };
}

/** What only several of these keys together show. `report` gets the place and a sentence. */
export function checkLines(value: unknown, report: (path: readonly PropertyKey[], text: string) => void): void {
  const file = record(value);
  const buttons = Array.isArray(file['buttons']) ? file['buttons'].map(record) : [{}];
  const places = new Map<unknown, string>();
  const take = (line: unknown, path: readonly PropertyKey[], name: string): void => {
    if (typeof line !== 'number' && typeof line !== 'string') return;
    const first = places.get(line);
    if (first === undefined) places.set(line, name);
    else report(path, `names the same line as ${first}; each needs a line of its own.`);
  };
  for (const [at, button] of buttons.entries()) {
    if (file['input'] === 'gpio' && button['line'] === undefined) {
      report(['buttons', at, 'line'], `is missing; input: gpio needs ${LINE_WORDS}.`);
    }
    take(button['line'], ['buttons', at, 'line'], `buttons[${at}].line`);
  }
  const leds = record(file['leds']);
  for (const wire of ['red', 'green', 'blue', 'single']) take(leds[wire], ['leds', wire], `leds.${wire}`);
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
