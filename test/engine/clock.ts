import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../shared/clock.ts';

/** A clock that stands still until it is told to go: nothing in a test depends on how fast the machine is. */
export interface PlayedClock extends Clock {
  /** Lets that much time pass, waking each sleeper at its own moment, in order. */
  advance(ms: number): Promise<void>;
  /** Lets time pass in small steps until `condition` holds; throws after `limitMs` of played time. */
  until(condition: () => boolean | Promise<boolean>, limitMs?: number, stepMs?: number): Promise<void>;
  /** Sleepers that have not been woken. */
  sleeping(): number;
}

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** Rounds of the event loop in which everything that needs no time comes to rest: commits, loopback, promises. */
const ROUNDS = 12;

/** Lets all that waits for no clock happen. */
export async function settle(rounds: number = ROUNDS): Promise<void> {
  for (let round = 0; round < rounds; round++) await turn();
}

export function makePlayedClock(startMs: number = Date.UTC(2026, 0, 1)): PlayedClock {
  const sleepers = new Set<Sleeper>();
  let nowMs = startMs;

  function nextUntil(limitMs: number): Sleeper | undefined {
    const due = [...sleepers].filter(({ atMs }) => atMs <= limitMs);
    return due.sort((a, b) => a.atMs - b.atMs)[0];
  }

  async function advance(ms: number): Promise<void> {
    const limitMs = nowMs + ms;
    await settle();
    for (let next = nextUntil(limitMs); next; next = nextUntil(limitMs)) {
      nowMs = Math.max(nowMs, next.atMs);
      next.wake();
      await settle();
    }
    nowMs = limitMs;
    await settle();
  }

  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs - startMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) {
          resolve();
          return;
        }
        const wake = (): void => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper = { atMs: nowMs + Math.max(0, Math.round(ms)), wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake, { once: true });
      }),
    advance,
    async until(condition, limitMs = 60_000, stepMs = 50) {
      await settle();
      for (let passedMs = 0; !(await condition()); passedMs += stepMs) {
        if (passedMs > limitMs) throw new Error(`what was waited for did not come within ${limitMs} ms of played time`);
        await advance(stepMs);
      }
    },
    sleeping: () => sleepers.size,
  };
}
