/**
 * The thread that waits for edges: it sleeps in poll(2) until there is one, so that an idle button costs nothing and no
 * edge waits for a timer. It ends when `stop` becomes readable, or when a line cannot be read any more.
 */
import { readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { EVENT_BYTES, GET_VALUES, valuesBytes } from './gpio-abi.ts';
import { codeOf } from './gpio-chip.ts';
import { bindLibc } from './gpio-kernel.ts';

export interface WatchData {
  /** Descriptors of the lines, one button each. */
  readonly lines: readonly number[];
  /** An eventfd. */
  readonly stop: number;
  /** A chip that was removed wakes nobody: after so long without an edge the lines are looked at. */
  readonly restMs: number;
}

export type WatchMessage =
  /** Events of one line, as the kernel wrote them. */
  | { readonly kind: 'events'; readonly place: number; readonly bytes: Uint8Array }
  | { readonly kind: 'gone'; readonly code: string };

const POLLIN = 1;
const ENTRY_BYTES = 8;
const EVENTS_AT_ONCE = 16;

const { lines, stop, restMs } = workerData as WatchData;
const libc = bindLibc();
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
const tell = (message: WatchMessage): void => parentPort?.postMessage(message);

function watch(): void {
  const files = Buffer.alloc((lines.length + 1) * ENTRY_BYTES);
  for (const [at, fd] of [...lines, stop].entries()) {
    files.writeInt32LE(fd, at * ENTRY_BYTES);
    files.writeInt16LE(POLLIN, at * ENTRY_BYTES + 4);
  }
  const happened = (at: number): number => files.readInt16LE(at * ENTRY_BYTES + 6);
  for (;;) {
    const ready = libc.poll(files, lines.length + 1, restMs);
    if (ready < 0) {
      const code = libc.lastError();
      if (code === 'EINTR') continue;
      throw Object.assign(new Error(code), { code });
    }
    if (happened(lines.length) !== 0) return;
    for (const [place, fd] of lines.entries()) {
      if ((happened(place) & POLLIN) !== 0) {
        const room = new Uint8Array(EVENT_BYTES * EVENTS_AT_ONCE);
        const size = readSync(fd, room);
        tell({ kind: 'events', place, bytes: room.subarray(0, size) });
      } else if (happened(place) !== 0) {
        throw Object.assign(new Error('gone'), { code: 'ENODEV' });
      } else if (ready === 0 && libc.ioctl(fd, GET_VALUES, valuesBytes(1)) < 0) {
        const code = libc.lastError();
        throw Object.assign(new Error(code), { code });
      }
    }
  }
}

try {
  watch();
} catch (error) {
  tell({ kind: 'gone', code: codeOf(error) });
}
