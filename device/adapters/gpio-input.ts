import { closeSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../shared/clock.ts';
import type { Input, InputEvent } from '../core/ports.ts';
import { GET_VALUES, readActive, readEvents, valuesBytes } from './gpio-abi.ts';
import { codeOf, GpioProblem } from './gpio-chip.ts';
import { bindLibc, type Kernel } from './gpio-kernel.ts';
import type { WatchData, WatchMessage } from './gpio-watch.ts';

/** A bias that was just switched on needs a moment to pull its line: what is read before may be a press that is none. */
const SETTLE_MS = 50;
const REST_MS = 5_000;
const RETRY_MS = 5_000;

export interface GpioInputOptions {
  readonly kernel: Pick<Kernel, 'ioctl'>;
  /** Takes the lines of all buttons, in their order; used again when they have been lost. Throws GpioProblem. */
  readonly take: () => readonly number[];
  /** The lines as they were taken first, so that a mistake is told before anything else starts. */
  readonly taken: readonly number[];
  readonly clock: Clock;
  readonly restMs?: number;
}

/**
 * Buttons on lines of the kernel. Edges carry the time at which the kernel saw them. A line that is lost is told as
 * broken, and tried again until it is there.
 */
export function makeGpioInput(options: GpioInputOptions): Input {
  const { kernel, clock } = options;
  const stop = new AbortController();
  let running: Promise<void> = Promise.resolve();
  // Both clocks run at the same rate from different beginnings: edges come in the kernel's, the button counts in its own.
  const offsetMs = clock.monotonicMs() - Number(process.hrtime.bigint()) / 1e6;

  /** Until it is stopped, or with why the lines cannot be read any more. */
  async function live(lines: readonly number[], on: (event: InputEvent) => void): Promise<string> {
    await clock.sleep(SETTLE_MS, stop.signal);
    if (stop.signal.aborted) return 'stopped';
    const pressed = (place: number): boolean => {
      const bytes = valuesBytes(1);
      kernel.ioctl(lines[place] ?? -1, GET_VALUES, bytes);
      return readActive(bytes) !== 0n;
    };
    const readAtNs: bigint[] = [];
    const levels: boolean[] = [];
    const counts = lines.map(() => 0);
    const readAfresh = (place: number): void => {
      // Before the reading: an edge that comes in between has a later time, and the level tells whether it was seen.
      readAtNs[place] = process.hrtime.bigint();
      const level = pressed(place);
      levels[place] = level;
      on({ kind: 'level', button: place, pressed: level });
    };
    for (const place of lines.keys()) readAfresh(place);
    return watch(lines, (place, bytes) => {
      for (const event of readEvents(bytes)) {
        const missed = event.count !== (counts[place] ?? 0) + 1;
        counts[place] = event.count;
        // The level that was read knows already of an edge from before it.
        if (event.atNs <= (readAtNs[place] ?? 0n)) continue;
        if (missed) {
          readAfresh(place);
          continue;
        }
        if (event.active === levels[place]) continue;
        levels[place] = event.active;
        on({ kind: 'edge', button: place, pressed: event.active, atMs: Number(event.atNs) / 1e6 + offsetMs });
      }
    });
  }

  async function watch(lines: readonly number[], hear: (place: number, bytes: Uint8Array) => void): Promise<string> {
    const wake = bindLibc().eventfd(0, EVENTFD_CLOSE_ON_EXEC);
    const workerData: WatchData = { lines, stop: wake, restMs: options.restMs ?? REST_MS };
    const worker = new Worker(new URL('./gpio-watch.ts', import.meta.url), { workerData });
    const { promise, resolve } = Promise.withResolvers<string>();
    let why = 'the thread that reads them has ended';
    // The thread sleeps where only the kernel can wake it.
    const end = (): void => void writeSync(wake, ONE);
    stop.signal.addEventListener('abort', end, { once: true });
    if (stop.signal.aborted) end();
    const lose = (code: string): void => void (why = code === 'ENODEV' ? 'the chip is gone' : code);
    worker.on('message', (message: WatchMessage) => {
      if (message.kind === 'gone') {
        lose(message.code);
        return;
      }
      try {
        hear(message.place, message.bytes);
      } catch (error) {
        // What the kernel refuses has a code. Anything else is a mistake of the program and ends it.
        if (!(error instanceof Error && 'code' in error)) throw error;
        lose(codeOf(error));
        end();
      }
    });
    worker.on('error', (error) => (why = error instanceof Error ? error.message : String(error)));
    worker.on('exit', () => resolve(why));
    try {
      return await promise;
    } finally {
      stop.signal.removeEventListener('abort', end);
      closeSync(wake);
    }
  }

  async function keepReading(on: (event: InputEvent) => void): Promise<void> {
    const tell = (event: InputEvent): void => {
      if (!stop.signal.aborted) on(event);
    };
    let lines: readonly number[] | undefined = options.taken;
    let why = '';
    while (!stop.signal.aborted) {
      try {
        lines ??= options.take();
        why = `The line of the button cannot be read any more: ${await live(lines, tell)}.`;
      } catch (error) {
        why = error instanceof GpioProblem ? error.message : `The line of the button cannot be read: ${codeOf(error)}.`;
      }
      for (const fd of lines ?? []) closeSync(fd);
      lines = undefined;
      for (const place of options.taken.keys()) tell({ kind: 'broken', button: place, text: why });
      await clock.sleep(RETRY_MS, stop.signal);
    }
    for (const fd of lines ?? []) closeSync(fd);
  }

  return {
    open(on) {
      running = keepReading(on);
    },
    async close() {
      stop.abort();
      await running;
    },
  };
}

const EVENTFD_CLOSE_ON_EXEC = 0x8_0000;
/** What an eventfd is written: a number of 64 bits. */
const ONE = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
