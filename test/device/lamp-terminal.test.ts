import { Writable } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { makeTerminalLamp } from '../../device/adapters/lamp-terminal.ts';
import type { LampPort } from '../../device/core/ports.ts';
import { playClock } from './played-clock.ts';

/** Stands for ESC [, the beginning of a control sequence. */
const ESCAPE = '\uE000';

/** What a person sees of a terminal, bytes applied: lines that are too long go on in the next row, as they do there. */
class Screen extends Writable {
  readonly isTTY = true;
  columns: number;
  readonly rows = 24;
  private seen: string[] = [''];
  private row = 0;
  private column = 0;

  constructor(columns: number) {
    super();
    this.columns = columns;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const marked = chunk.toString().replaceAll('\u001B[', ESCAPE);
    for (const part of marked.match(/\uE000[0-9;]*[A-Za-z]|[\s\S]/gu) ?? []) this.take(part);
    done();
  }

  private take(part: string): void {
    if (part === '\r') this.column = 0;
    else if (part === '\n') this.to(this.row + 1, 0);
    else if (/^\uE000\d+A$/.test(part)) this.row = Math.max(0, this.row - Number(part.slice(1, -1)));
    else if (part === `${ESCAPE}J`) {
      this.seen = this.seen.slice(0, this.row + 1);
      this.seen[this.row] = (this.seen[this.row] ?? '').slice(0, this.column);
    } else if (!/^\uE000[0-9;]*m$/.test(part)) {
      if (part.startsWith(ESCAPE)) throw new Error(`the screen does not know ${JSON.stringify(part)}`);
      if (this.column === this.columns) this.to(this.row + 1, 0);
      const line = (this.seen[this.row] ?? '').padEnd(this.column);
      this.seen[this.row] = line.slice(0, this.column) + part + line.slice(this.column + 1);
      this.column += 1;
    }
  }

  private to(row: number, column: number): void {
    while (this.seen.length <= row) this.seen.push('');
    this.row = row;
    this.column = column;
  }

  lines(): string[] {
    return this.seen.map((line) => line.trimEnd());
  }

  /** As terminals do when their window changes: rows that are too long are broken anew. */
  resize(columns: number): void {
    const above = this.seen.slice(0, this.row + 1);
    this.seen = above.flatMap((line) => line.match(new RegExp(`.{1,${columns}}`, 'g')) ?? ['']);
    this.columns = columns;
    this.row = this.seen.length - 1;
    this.column = this.seen.at(-1)?.length ?? 0;
  }
}

const lamps: LampPort[] = [];
afterEach(async () => {
  for (const lamp of lamps.splice(0)) await lamp.close();
});

function start(columns: number) {
  const stdout = new Screen(columns);
  const clock = playClock();
  const lamp = makeTerminalLamp({ stdout, colour: true, clock });
  lamps.push(lamp);
  return { stdout, clock, lamp };
}

const SENT =
  'The failover has been sent, and the endpoint has not answered. It is dropped 60 s after the press. Nobody else is asked.';

test('at 80 columns a sentence is told to its end, over as many lines as it needs, and blinks in place', async () => {
  const { stdout, clock, lamp } = start(80);
  lamp.say('Pressed.');
  lamp.show({ name: 'sent', text: SENT });
  const looks = new Set<string>();
  for (let ms = 0; ms < 4_000; ms += 50) {
    await clock.pass(50);
    const lines = stdout.lines();
    expect(lines[0]).toBe('Pressed.');
    expect(lines.join(' ').replaceAll(/ +/g, ' ')).toMatch(new RegExp(`^Pressed\\. [●○] NOT HEARD YET ${SENT}$`));
    expect(lines).toHaveLength(3);
    looks.add(lines[1]?.charAt(0) ?? '');
  }
  expect(looks).toEqual(new Set(['●', '○']));
});

test('what is said scrolls above the lamp, and a shorter sentence leaves nothing of a longer one', async () => {
  const { stdout, clock, lamp } = start(40);
  lamp.show({ name: 'sent', text: SENT });
  await clock.pass(10);
  lamp.say('One.');
  lamp.say('Two.');
  lamp.show({ name: 'primary', text: 'www is at primary.' });
  await clock.pass(10);
  expect(stdout.lines().map((line) => line.replace(/^[●○]/, '*'))).toEqual([
    'One.',
    'Two.',
    '* PRIMARY  www is at primary.',
  ]);
});

test('a window that becomes narrower or wider is drawn anew without leftovers', async () => {
  const { stdout, clock, lamp } = start(120);
  lamp.say('Pressed.');
  lamp.show({ name: 'sent', text: SENT });
  for (const columns of [50, 33, 90]) {
    await clock.pass(3_000);
    stdout.resize(columns);
    await clock.pass(3_000);
    const lines = stdout.lines();
    expect(lines.join(' ').replaceAll(/ +/g, ' ')).toMatch(new RegExp(`^Pressed\\. [●○] NOT HEARD YET ${SENT}$`));
  }
});

test('a text that is higher than the window is cut at the end, and a word that is wider than it is broken', async () => {
  const { stdout, clock, lamp } = start(30);
  lamp.show({ name: 'fault', text: `${'y'.repeat(70)} ${'many words '.repeat(200)}` });
  await clock.pass(10_000);
  expect(stdout.lines()).toHaveLength(23);
  expect(stdout.lines().at(-1)).toMatch(/…$/);
  expect(stdout.lines().slice(0, 4).join('')).toMatch(/y+/);
  await lamp.close();
  expect(stdout.lines()).toEqual(['OFF', '']);
});
