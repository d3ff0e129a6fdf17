import type { PressFile } from '../../device/adapters/press-file.ts';
import type { Chance } from './chance.ts';
import type { Life, MachineClocks } from './life.ts';
import type { PlayedTime } from './time.ts';

/** The kernel tells the time since its start to this. */
const GRAIN_MS = 10;

/** The machine that a button runs on: what outlives its process, and what it knows of time. */
export interface Machine extends MachineClocks {
  /** Which start of it this is. */
  boot(): string;
  sinceBootMs(): number;
  /** Whether it knows that its wall clock is right. */
  isClockRight(): boolean;
  /** So far off the wall clock is from now on; 0 is right, and known to be. */
  setClock(offMs: number): void;
  sleep(): void;
  wake(): void;
  /** It starts anew; what was written is still there. */
  reboot(): void;
  /** The file of the one press, as a process reaches it. */
  openFile(life: Life): PressFile;
  /** What is being written when the process dies: it is there whole, or not at all. */
  cutOff(): void;
  /** What is on the disk. */
  kept(): string;
  /** Whether the last that was to be written could not be. */
  isFull(): boolean;
}

export interface DiskWeather {
  /** How often nothing can be written, and how often it takes longer than anybody waits. */
  readonly full: number;
  readonly slow: number;
}

export function makeMachine(time: PlayedTime, chance: Chance, disk: DiskWeather): Machine {
  let boots = 1;
  let bootAtMs = time.nowMs();
  let offMs = 0;
  let sleptMs = 0;
  let asleepSinceMs: number | null = null;
  let text: string | undefined;
  let full = false;
  let writing: { readonly done: () => void } | undefined;

  /** One write after the other; the text is in place at some moment, and its writer hears of it later. */
  function put(life: Life, next: string | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (next !== undefined) full = chance.happens(disk.full);
    if (next !== undefined && full) {
      time.after(5, () => void life.through().then(() => reject(new Error('ENOSPC: no space left on device'))));
      return promise;
    }
    const done = (): void => {
      text = next;
    };
    const mine = { done };
    writing = mine;
    const ms = chance.happens(disk.slow) ? chance.int(200, 900) : chance.int(1, 20);
    time.after(ms, () => {
      if (writing !== mine) return;
      done();
      writing = undefined;
      time.after(chance.int(1, 5), () => void life.through().then(resolve));
    });
    return promise;
  }

  return {
    wallMs: () => time.nowMs() + offMs,
    sleptMs: () => sleptMs + (asleepSinceMs === null ? 0 : time.nowMs() - asleepSinceMs),
    boot: () => `boot-${boots}`,
    sinceBootMs: () => Math.floor((time.nowMs() - bootAtMs) / GRAIN_MS) * GRAIN_MS,
    isClockRight: () => offMs === 0,
    setClock(off) {
      offMs = off;
    },
    sleep() {
      asleepSinceMs ??= time.nowMs();
    },
    wake() {
      if (asleepSinceMs !== null) sleptMs += time.nowMs() - asleepSinceMs;
      asleepSinceMs = null;
    },
    reboot() {
      boots++;
      bootAtMs = time.nowMs();
    },
    openFile: (life) => ({
      path: '/played/press.json',
      async read() {
        await time.pass(chance.int(1, 5));
        await life.through();
        return text;
      },
      write: (next) => put(life, next),
      remove: () => put(life, undefined),
    }),
    cutOff() {
      if (writing && chance.happens(0.5)) writing.done();
      writing = undefined;
    },
    kept: () => text ?? '',
    isFull: () => full,
  };
}
