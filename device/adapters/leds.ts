import type { Clock } from '../../shared/clock.ts';
import type { Lamp } from '../core/lamp-signal.ts';
import { lightAt, patternOf } from '../core/lamp-pattern.ts';
import { litOf, type Wire } from '../core/lamp-wiring.ts';
import type { LampPort } from '../core/ports.ts';
import type { Leds } from './gpio-open.ts';

const RETRY_MS = 5_000;

export interface LedLampOptions {
  /** Which LED is on which line, in the order of the lines. */
  readonly wired: readonly Wire[];
  /** The lines as they were taken first. */
  readonly taken: Leds;
  /** Takes them anew when they have been lost. Throws, with a sentence. */
  readonly take: () => Leds;
  readonly clock: Clock;
  /** Told once each time when the LEDs cannot be driven. */
  readonly warn: (text: string) => void;
}

export interface LedLamp extends LampPort {
  /** Dark at once, for a process that is about to end. */
  dark(): void;
}

/** The lamp as LEDs that play its pattern. */
export function makeLedLamp(options: LedLampOptions): LedLamp {
  const { wired, clock } = options;
  let leds: Leds | undefined = options.taken;
  let retryAtMs = 0;
  let shown = '';
  let change = new AbortController();
  let playing: Promise<void> = Promise.resolve();

  function light(lit: readonly boolean[]): void {
    try {
      if (!leds && clock.monotonicMs() < retryAtMs) return;
      leds ??= options.take();
      leds.light(lit);
    } catch (error) {
      if (leds) options.warn(`The LEDs cannot be driven: ${error instanceof Error ? error.message : String(error)}.`);
      letGo();
      retryAtMs = clock.monotonicMs() + RETRY_MS;
    }
  }

  function letGo(): void {
    leds?.close();
    leds = undefined;
  }

  async function play(lamp: Lamp, over: AbortSignal): Promise<void> {
    const pattern = patternOf(lamp);
    const fromMs = clock.monotonicMs();
    while (!over.aborted) {
      const { colours, forMs } = lightAt(pattern, clock.monotonicMs() - fromMs);
      light(litOf(wired, colours));
      if (forMs === undefined) return;
      // Rounded up, so that the next look falls behind the edge and not just before it.
      await clock.sleep(Math.ceil(forMs) + 1, over);
    }
  }

  function dark(): void {
    change.abort();
    if (leds) light(wired.map(() => false));
  }

  return {
    show(lamp) {
      // The same rhythm goes on when only the words of a lamp have changed.
      const rhythm = JSON.stringify(patternOf(lamp));
      if (rhythm === shown) return;
      shown = rhythm;
      change.abort();
      change = new AbortController();
      playing = play(lamp, change.signal);
    },
    say: () => undefined,
    dark,
    async close() {
      dark();
      await playing;
      letGo();
    },
  };
}

/** Lamps that show the same; what is said goes to each. */
export function lampsTogether(...lamps: readonly LampPort[]): LampPort {
  return {
    show(lamp) {
      for (const one of lamps) one.show(lamp);
    },
    say(text) {
      for (const one of lamps) one.say(text);
    },
    async close() {
      await Promise.all(lamps.map((one) => one.close()));
    },
  };
}
