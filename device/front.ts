import { systemClock } from '../shared/system-clock.ts';
import { GpioProblem } from './adapters/gpio-chip.ts';
import { type Leds, takeButtons, takeLeds } from './adapters/gpio-open.ts';
import { KEYS_TEXT, LINES_TEXT, makeKeyboard } from './adapters/keyboard.ts';
import { lampsTogether, makeLedLamp } from './adapters/leds.ts';
import { type GpioWiring, wiringOf } from './config/gpio.ts';
import type { ButtonConfig } from './config/schema.ts';
import type { Input, LampPort } from './core/ports.ts';

export interface FrontOptions {
  readonly stdin: NodeJS.ReadStream;
  /** The lamp in words, which is there in any case. */
  readonly terminal: LampPort;
  readonly warn: (text: string) => void;
}

/** What a finger touches and an eye sees: keyboard or lines, terminal and LEDs. Throws GpioProblem. */
export async function openFront(
  config: ButtonConfig,
  { stdin, terminal, warn }: FrontOptions,
): Promise<{ readonly input: Input; readonly lamp: LampPort }> {
  const wiring = wiringOf(config);
  const say = (text: string): void => terminal.say(text);
  const gpio = config.input === 'gpio' || wiring.leds ? await openGpio() : undefined;
  const lamp = gpio ? withLeds(gpio.kernel, wiring, config.input, terminal, warn) : terminal;
  if (config.input === 'gpio' && gpio) {
    const take = (): readonly number[] => takeButtons(gpio.kernel, wiring);
    const input = gpio.makeGpioInput({ kernel: gpio.kernel, take, taken: take(), clock: systemClock });
    return { input, lamp };
  }
  say(stdin.isTTY ? KEYS_TEXT : LINES_TEXT);
  return { input: makeKeyboard({ stdin, buttons: config.buttons.length, clock: systemClock, say }), lamp };
}

/** Loaded only for those who have lines: the binding to the C library is large. */
async function openGpio() {
  const [{ openKernel }, { makeGpioInput }] = await Promise.all([
    import('./adapters/gpio-kernel.ts'),
    import('./adapters/gpio-input.ts'),
  ]);
  return { kernel: openKernel(), makeGpioInput };
}

type Kernel = Awaited<ReturnType<typeof openGpio>>['kernel'];

function withLeds(
  kernel: Kernel,
  wiring: GpioWiring,
  input: ButtonConfig['input'],
  terminal: LampPort,
  warn: (text: string) => void,
): LampPort {
  const { leds } = wiring;
  if (!leds) return terminal;
  const take = (): Leds => takeLeds(kernel, wiring.chip, leds);
  try {
    const lamp = makeLedLamp({ wired: leds.wired, taken: take(), take, clock: systemClock, warn });
    // An exception that nobody caught ends here too.
    process.once('exit', () => lamp.dark());
    return lampsTogether(lamp, terminal);
  } catch (error) {
    // At a desk the same file works without the box; on the wall a lamp that is missing is found out at once.
    if (!(error instanceof GpioProblem) || input === 'gpio') throw error;
    warn(`The terminal alone shows the lamp. ${error.message}`);
    return terminal;
  }
}

/** Turns the LEDs of a wiring dark, whatever a program that died has left them at. Throws GpioProblem. */
export async function darken({ chip, leds }: Pick<GpioWiring, 'chip' | 'leds'>): Promise<void> {
  if (!leds) return;
  const { kernel } = await openGpio();
  takeLeds(kernel, chip, leds).close();
}
