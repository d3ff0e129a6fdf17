import type { Clock } from '../../shared/clock.ts';

/** Time that passes only when the test says so. */
export interface PlayedClock extends Clock {
  /** Lets this much time pass, waking each sleeper at its moment, and whatever follows from it. */
  pass(ms: number): Promise<void>;
}

async function settle(): Promise<void> {
  // Each turn of the event loop runs every promise that is ready; a few of them let a chain of awaits run out.
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export function playClock(): PlayedClock {
  let nowMs = 0;
  const sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();

  return {
    nowMs: () => 1_700_000_000_000 + nowMs,
    monotonicMs: () => nowMs,
    sleep(ms, signal) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const sleeper = { atMs: nowMs + ms, wake: resolve };
      if (signal?.aborted) resolve();
      else sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        sleepers.delete(sleeper);
        resolve();
      });
      return promise;
    },
    async pass(ms) {
      const untilMs = nowMs + ms;
      await settle();
      for (;;) {
        const next = [...sleepers].sort((one, two) => one.atMs - two.atMs)[0];
        if (!next || next.atMs > untilMs) break;
        sleepers.delete(next);
        nowMs = Math.max(nowMs, next.atMs);
        next.wake();
        await settle();
      }
      nowMs = untilMs;
    },
  };
}
