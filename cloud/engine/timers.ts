import { isFault } from '../../shared/faults.ts';
import { delayMs } from './backoff.ts';
import type { Inside } from './inside.ts';
import { MISTAKE_RETRY_MS, SLOW_POLL_MS, TIMER_GAP_MS } from './limits.ts';
import { type Loop, makeLoop } from './loop.ts';

/**
 * Asks each lane with `timer` once at start, and whenever the time has come that its last decision named. Times are
 * rows, so they outlive the process; a lane that this process is not configured for is left to those that are.
 */
export function makeTimers(inside: Inside, lanes: readonly string[]): Loop {
  const { store, clock, ids, log, outage } = inside;
  const fresh = new Set(lanes);
  /** Monotonic time before which a lane is not asked again. */
  const restsUntilMs = new Map<string, number>();
  const failures = new Map<string, number>();

  async function turn(): Promise<number> {
    const nowMs = clock.nowMs();
    const { due, nextAtMs } = await outage.watch(store.timers(nowMs));
    const wanted = lanes.filter((lane) => fresh.has(lane) || due.includes(lane));
    const asked = wanted.filter((lane) => restMs(lane) <= 0);
    // Together, so that they share one commit.
    await Promise.all(asked.map(ask));
    const rests = wanted.map(restMs).filter((ms) => ms > 0);
    const next = nextAtMs === null ? [] : [Math.max(1, nextAtMs - clock.nowMs())];
    return Math.min(SLOW_POLL_MS, ...rests, ...next);
  }

  async function ask(lane: string): Promise<void> {
    try {
      await outage.watch(inside.decide({ lane, event: () => ({ kind: 'timer' }) }));
      fresh.delete(lane);
      failures.delete(lane);
      restsUntilMs.set(lane, clock.monotonicMs() + TIMER_GAP_MS);
    } catch (error) {
      if (isFault(error, 'store-unavailable')) throw error;
      // The rules threw: this lane waits, the others do not.
      const times = (failures.get(lane) ?? 0) + 1;
      failures.set(lane, times);
      restsUntilMs.set(lane, clock.monotonicMs() + delayMs(times, MISTAKE_RETRY_MS, ids.random()));
      log.error({ err: error, lane }, `the timer of ${lane} could not be decided; trying again`);
    }
  }

  function restMs(lane: string): number {
    return (restsUntilMs.get(lane) ?? Number.NEGATIVE_INFINITY) - clock.monotonicMs();
  }

  return makeLoop(inside, 'timers', turn);
}
