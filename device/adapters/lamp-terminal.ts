import type { WriteStream } from 'node:tty';
import type { Writable } from 'node:stream';
import type { Clock } from '../../shared/clock.ts';
import type { Lamp } from '../core/lamp-signal.ts';
import { type Colour, lightAt, patternOf } from '../core/lamp-pattern.ts';
import type { LampPort } from '../core/ports.ts';
import { wrap } from './wrap.ts';

export interface TerminalLampOptions {
  readonly stdout: Writable & Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows'>>;
  /** False where the person wants none (NO_COLOR), or there is no terminal. */
  readonly colour: boolean;
  readonly clock: Clock;
}

/**
 * The lamp in words. On a terminal: a few lines at the bottom, with a dot that blinks as an LED would; what is said scrolls
 * above it. Elsewhere: a line for each change.
 */
export function makeTerminalLamp(options: TerminalLampOptions): LampPort {
  const { stdout, clock } = options;
  const live = stdout.isTTY === true;
  let shown: Lamp | undefined;
  let blinking = new AbortController();
  let drawn: { readonly text: string; readonly lines: readonly string[] } | undefined;

  /** Takes away what is drawn, from its first row on: a window that became narrower has broken its lines into more rows. */
  function clear(): string {
    if (!drawn) return '';
    const columns = stdout.columns ?? COLUMNS;
    const rows = drawn.lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0);
    return `${rows > 1 ? `\u001B[${rows - 1}A` : ''}\r\u001B[J`;
  }

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
    // One column stays free, so that the terminal itself never breaks a line.
    const width = Math.max(20, (stdout.columns ?? COLUMNS) - 1) - INDENT.length;
    const linesMax = Math.max(3, (stdout.rows ?? ROWS) - 1);
    const words = wrap(`${patternOf(lamp).word}  ${printable(lamp.text)}`, width, linesMax);
    const text = `${paint(dot, lit)} ${words.join(`\n${INDENT}`)}`;
    if (text === drawn?.text) return;
    stdout.write(`${clear()}${text}`);
    drawn = { text, lines: words.map((line) => INDENT + line) };
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
      stdout.write(`${clear()}${printable(text)}\n${drawn?.text ?? ''}`);
    },
    async close() {
      blinking.abort();
      stdout.write(`${clear()}OFF\n`);
      drawn = undefined;
    },
  };
}

/** Under the dot and the space behind it. */
const INDENT = '  ';
/** Of a terminal that does not say how large it is. */
const COLUMNS = 80;
const ROWS = 24;

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
