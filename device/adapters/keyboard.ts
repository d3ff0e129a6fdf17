import { createInterface } from 'node:readline';
import type { ReadStream } from 'node:tty';
import type { Readable } from 'node:stream';
import type { Clock } from '../../shared/clock.ts';
import type { Gesture } from '../core/gesture.ts';
import type { Input, InputEvent } from '../core/ports.ts';

/** What a key, or a line of the same word, stands for. */
const WORDS: Readonly<Record<string, Gesture | 'finger' | 'down' | 'up' | 'quit'>> = {
  h: 'hold',
  hold: 'hold',
  c: 'click',
  click: 'click',
  d: 'double',
  double: 'double',
  t: 'triple',
  triple: 'triple',
  r: 'click-hold',
  'click-hold': 'click-hold',
  ' ': 'finger',
  down: 'down',
  up: 'up',
  q: 'quit',
  quit: 'quit',
  '\u0003': 'quit',
  '\u0004': 'quit',
};

/** What to press, for whoever sits in front of it. */
export const KEYS_TEXT =
  'Keys: h hold, r click-hold, t triple, d double, c click; space puts the finger down and lifts it; q quits.';
export const LINES_TEXT =
  'Lines: hold, click-hold, triple, double, click; down and up move the finger; quit quits; the end of input waits for what is under way.';

const LINE_CHARACTERS_MAX = 200;

export interface KeyboardOptions {
  readonly stdin: Readable & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>>;
  /** How many buttons there are; keys 1 to 9 choose among them. */
  readonly buttons: number;
  readonly clock: Clock;
  /** A sentence for a key or line that means nothing. */
  readonly say: (text: string) => void;
}

/** The virtual button: keys on a terminal, lines from anything else. */
export function makeKeyboard(options: KeyboardOptions): Input {
  const { stdin, clock, say } = options;
  const stop = new AbortController();
  const down = new Set<number>();
  let button = 0;

  function take(word: string, on: (event: InputEvent) => void): void {
    const place = /^[1-9]$/.test(word) ? Number(word) : undefined;
    if (place !== undefined && place <= options.buttons) {
      button = place - 1;
      say(`Button ${place} of ${options.buttons}.`);
      return;
    }
    const meaning = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
    const atMs = clock.monotonicMs();
    switch (meaning) {
      case undefined:
        say(`${JSON.stringify(word.slice(0, 40))} means nothing here. ${stdin.isTTY ? KEYS_TEXT : LINES_TEXT}`);
        return;
      case 'quit':
        on({ kind: 'quit' });
        return;
      case 'finger':
      case 'down':
      case 'up': {
        const pressed = meaning === 'finger' ? !down.has(button) : meaning === 'down';
        if (pressed) down.add(button);
        else down.delete(button);
        on({ kind: 'edge', button, pressed, atMs });
        return;
      }
      case 'click':
      case 'double':
      case 'triple':
      case 'hold':
      case 'click-hold':
        on({ kind: 'gesture', button, gesture: meaning, atMs });
    }
  }

  function readKeys(on: (event: InputEvent) => void): void {
    stdin.setRawMode?.(true);
    stdin.setEncoding('utf8');
    stdin.on('data', (keys: string) => {
      // An arrow or function key arrives as one sequence that begins with ESC; its letters are no gestures.
      if (keys.startsWith('\u001B')) return;
      for (const key of keys) if (!stop.signal.aborted) take(key, on);
    });
    stdin.on('end', () => on({ kind: 'quit' }));
  }

  function readLines(on: (event: InputEvent) => void): void {
    const lines = createInterface({ input: stdin, crlfDelay: Infinity });
    lines.on('line', (line) => {
      const word = line.trim().slice(0, LINE_CHARACTERS_MAX);
      if (word !== '' && !stop.signal.aborted) take(word, on);
    });
    lines.on('close', () => {
      if (!stop.signal.aborted) on({ kind: 'ended' });
    });
    stop.signal.addEventListener('abort', () => lines.close(), { once: true });
  }

  return {
    open(on) {
      for (let place = 0; place < options.buttons; place += 1) on({ kind: 'level', button: place, pressed: false });
      stdin.on('error', (error) => {
        say(`The keyboard cannot be read: ${error.message}.`);
        on({ kind: 'ended' });
      });
      if (stdin.isTTY) readKeys(on);
      else readLines(on);
    },
    async close() {
      stop.abort();
      if (stdin.isTTY) stdin.setRawMode?.(false);
      stdin.removeAllListeners('data');
      stdin.pause();
    },
  };
}
