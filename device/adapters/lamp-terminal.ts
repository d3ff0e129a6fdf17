import type { WriteStream } from 'node:tty';
import type { Writable } from 'node:stream';
import type { Clock } from '../../shared/clock.ts';
import type { Lamp } from '../core/lamp-signal.ts';
import { type Colour, lightAt, patternOf } from '../core/lamp-pattern.ts';
import type { LampPort } from '../core/ports.ts';

export interface TerminalLampOptions {
  readonly stdout: Writable & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;
  /** False where the person wants none (NO_COLOR), or there is no terminal. */
  readonly colour: boolean;
  readonly clock: Clock;
}

/**
 * The lamp in words. On a terminal: one line at the bottom, with a dot that blinks as an LED would; what is said scrolls
 * above it. Elsewhere: a line for each change.
 */
export function makeTerminalLamp(options: TerminalLampOptions): LampPort {
  const { stdout, clock } = options;
  const live = stdout.isTTY === true;
  let shown: Lamp | undefined;
  let blinking = new AbortController();
  let line = '';

  const clear = (): string => (live && line !== '' ? '\r\u001B[2K' : '');

  async function blink(lamp: Lamp, over: AbortSignal): Promise<void> {
    const pattern = patternOf(lamp);
    const fromMs = clock.monotonicMs();
    while (!over.aborted) {
      const light = lightAt(pattern, clock.monotonicMs() - fromMs);
      draw(lamp, light.colours);
      if (light.forMs === undefined) return;
      // Rounded up, so that the next look falls behind the edge and not just before it.
      await clock.sleep(Math.ceil(light.forMs) + 1, over);
    }
  }

  function draw(lamp: Lamp, lit: readonly Colour[]): void {
    const dot = lit.length > 0 ? '●' : '○';
    const words = `${patternOf(lamp).word}  ${printable(lamp.text)}`;
    const width = Math.max(20, (stdout.columns ?? 80) - 3);
    const next = `${paint(dot, lit)} ${words.length > width ? `${words.slice(0, width - 1)}…` : words}`;
    if (next === line) return;
    stdout.write(`${clear()}${next}`);
    line = next;
  }

  function paint(text: string, lit: readonly Colour[]): string {
    if (!options.colour || lit.length === 0) return text;
    return `\u001B[1;${CODES[lit.join('+')] ?? 37}m${text}\u001B[0m`;
  }

  return {
    show(lamp) {
      if (shown && patternOf(shown).word === patternOf(lamp).word && shown.text === lamp.text) return;
      shown = lamp;
      blinking.abort();
      blinking = new AbortController();
      if (live) void blink(lamp, blinking.signal);
      else stdout.write(`${patternOf(lamp).word}: ${printable(lamp.text)}\n`);
    },
    say(text) {
      const before = line;
      stdout.write(`${clear()}${printable(text)}\n`);
      line = '';
      if (live && before !== '') {
        stdout.write(before);
        line = before;
      }
    },
    async close() {
      blinking.abort();
      if (live) stdout.write(clear());
      line = '';
      stdout.write('OFF\n');
    },
  };
}

const CODES: Readonly<Record<string, number>> = {
  red: 31,
  green: 32,
  blue: 34,
  'red+green': 33,
  'red+green+blue': 37,
};

/** A sentence of the endpoint may hold a stranger's words: no control character of theirs reaches the terminal. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
}
