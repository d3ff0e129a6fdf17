import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync, constants } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test, vi } from 'vitest';
import { systemClock } from '../../shared/system-clock.ts';
import { GpioProblem } from '../../device/adapters/gpio-chip.ts';
import { makeGpioInput } from '../../device/adapters/gpio-input.ts';
import type { InputEvent } from '../../device/core/ports.ts';
import { until } from './until.ts';

vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), 'button-gpio-'));
afterAll(() => rmSync(folder, { recursive: true }));
/** Of every Linux. */
const MKFIFO = 'mkfifo';
let pipes = 0;

/** A pipe stands for a line: what is written at one end is read at the other by the real thread that waits in poll(2). */
function line() {
  const path = join(folder, `line${(pipes += 1)}`);
  execFileSync(MKFIFO, [path]);
  const lineEnd = openSync(path, constants.O_RDWR);
  const readEnd = openSync(path, constants.O_RDONLY);
  const writeEnd = openSync(path, constants.O_WRONLY);
  closeSync(lineEnd);
  let count = 0;
  return {
    fd: readEnd,
    /** As the kernel writes an edge; `skipped` edges were dropped before it. */
    edge(active: boolean, atNs: bigint = process.hrtime.bigint(), skipped = 0): void {
      count += 1 + skipped;
      const event = Buffer.alloc(48);
      event.writeBigUInt64LE(atNs, 0);
      event.writeUInt32LE(active ? 1 : 2, 8);
      event.writeUInt32LE(count, 20);
      writeSync(writeEnd, event);
    },
    goAway: () => closeSync(writeEnd),
  };
}

function start(
  lines: readonly { readonly fd: number }[],
  levels: boolean[],
  take: () => readonly number[] = () => [],
  reading: () => void = () => undefined,
) {
  const events: InputEvent[] = [];
  const kernel = {
    ioctl: (fd: number, _request: number, data: Buffer): void => {
      reading();
      const at = lines.findIndex((one) => one.fd === fd);
      data.writeBigUInt64LE(levels[at] === true ? 1n : 0n, 0);
    },
  };
  const input = makeGpioInput({
    kernel,
    take,
    taken: lines.map(({ fd }) => fd),
    clock: systemClock,
    restMs: 3_600_000,
  });
  input.open((event) => events.push(event));
  return { events, input, kinds: () => events.map(({ kind }) => kind) };
}

test('each line is told as it was found, then its edges with the times at which the kernel saw them', async () => {
  const [one, two] = [line(), line()];
  const { events, input } = start([one, two], [false, true]);
  await until('levels', () => events.length === 2);
  const atNs = process.hrtime.bigint();
  const atMs = systemClock.monotonicMs();
  one.edge(true, atNs);
  one.edge(false, atNs + 1_200_000_000n);
  two.edge(false, atNs + 7_000_000n);
  await until('edges', () => events.length === 5);
  expect(events.slice(0, 2)).toEqual([
    { kind: 'level', button: 0, pressed: false },
    { kind: 'level', button: 1, pressed: true },
  ]);
  const edges = events.filter((event) => event.kind === 'edge');
  expect(edges.filter(({ button }) => button === 0)).toMatchObject([{ pressed: true }, { pressed: false }]);
  const [down, up] = edges.filter(({ button }) => button === 0);
  expect((up?.atMs ?? 0) - (down?.atMs ?? 0)).toBeCloseTo(1_200, 3);
  // The kernel's clock and the button's own are told apart by a fixed distance.
  expect(Math.abs((down?.atMs ?? 0) - atMs)).toBeLessThan(5_000);
  await input.close();
});

test('an edge from before the line was read is known by its level already', async () => {
  const one = line();
  one.edge(true, 1n);
  const { events, input } = start([one], [true]);
  await until('the level', () => events.length === 1);
  one.edge(false);
  await until('the edge', () => events.length === 2);
  expect(events).toMatchObject([
    { kind: 'level', pressed: true },
    { kind: 'edge', pressed: false },
  ]);
  await input.close();
});

test('an edge while the line is read is told when the level does not have it, and is known already when it does', async () => {
  for (const level of [false, true]) {
    const one = line();
    // A finger comes just as the line is looked at.
    const { events, input } = start(
      [one],
      [level],
      () => [],
      () => one.edge(true),
    );
    const told = () => events.map((event) => `${event.kind} ${'pressed' in event ? event.pressed : ''}`);
    await until('the level', () => events.length > 0);
    one.edge(false);
    await until('the last edge', () => told().at(-1) === 'edge false');
    expect(told()).toEqual([`level ${level}`, ...(level ? [] : ['edge true']), 'edge false']);
    await input.close();
  }
});

test('after edges that were dropped the line is read afresh, so that no hold is made of two halves', async () => {
  const one = line();
  const { events, input } = start([one], [false]);
  await until('the level', () => events.length === 1);
  one.edge(true);
  one.edge(false, process.hrtime.bigint(), 2);
  await until('the level again', () => events.length === 3);
  expect(events).toMatchObject([{ kind: 'level' }, { kind: 'edge', pressed: true }, { kind: 'level', pressed: false }]);
  await input.close();
});

test('a chip that goes while a line is read afresh is told as broken, and does not end the button', async () => {
  const one = line();
  let gone = false;
  const reading = (): void => {
    if (gone) throw Object.assign(new Error('ioctl: ENODEV'), { code: 'ENODEV' });
  };
  const { events, input } = start([one], [false], () => [], reading);
  await until('the level', () => events.length === 1);
  gone = true;
  one.edge(true, process.hrtime.bigint(), 2);
  await until('why', () => events.length === 2);
  expect(events[1]).toEqual({
    kind: 'broken',
    button: 0,
    text: 'The line of the button cannot be read any more: the chip is gone.',
  });
  await input.close();
});

test('a line that is lost is told as broken with the reason, and tried again until it can be read', async () => {
  const [one, next] = [line(), line()];
  let tries = 0;
  const take = (): readonly number[] => {
    tries += 1;
    if (tries === 1) throw new GpioProblem('There is no GPIO chip.');
    return [next.fd];
  };
  const lines = [one, next];
  const events: InputEvent[] = [];
  const kernel = { ioctl: (): void => undefined };
  const input = makeGpioInput({ kernel, take, taken: [lines[0]?.fd ?? -1], clock: quick, restMs: 3_600_000 });
  input.open((event) => events.push(event));
  await until('the level', () => events.length === 1);
  one.goAway();
  await until('the level again', () => events.length === 4);
  expect(events).toMatchObject([
    { kind: 'level' },
    { kind: 'broken', text: 'The line of the button cannot be read any more: the chip is gone.' },
    { kind: 'broken', text: 'There is no GPIO chip.' },
    { kind: 'level' },
  ]);
  await input.close();
});

/** Waits a hundredth of what it is asked to. */
const quick = { ...systemClock, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 100, signal) };

test('a process that dies of an exception does not wait for the thread that waits for a finger', async () => {
  const one = line();
  const script = `
    import { makeGpioInput } from '${fileURLToPath(new URL('../../device/adapters/gpio-input.ts', import.meta.url))}';
    import { systemClock } from '${fileURLToPath(new URL('../../shared/system-clock.ts', import.meta.url))}';
    const kernel = { ioctl() {} };
    const input = makeGpioInput({ kernel, take: () => [], taken: [3], clock: systemClock, restMs: 3_600_000 });
    input.open(() => setTimeout(() => { throw new Error('Nobody caught this.'); }, 500));
  `;
  const words = ['--input-type=module-typescript', '-e', script];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe', one.fd] });
  let said = '';
  child.stderr?.on('data', (data: Buffer) => (said += data.toString()));
  const [code] = (await once(child, 'close')) as [number];
  expect([code, said.includes('Nobody caught this.')]).toEqual([1, true]);
});
