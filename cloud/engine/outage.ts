import type { Clock } from '../../shared/clock.ts';
import { isFault } from '../../shared/faults.ts';
import type { Log } from '../../shared/log.ts';
import type { Ids } from '../ports.ts';
import { delayMs } from './backoff.ts';
import { STORE_RETRY_MS } from './limits.ts';

/** What the engine knows of a store that is away: said once when it goes, once when it is back. */
export interface Outage {
  /** Passes the call's answer on, and takes note of how the store did. */
  watch<T>(call: Promise<T>): Promise<T>;
  /** Repeats the call while the store is away, until `signal` aborts; then, and for any other error, rejects. */
  patiently<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

export function makeOutage({ clock, ids, log }: { clock: Clock; ids: Ids; log: Log }): Outage {
  let sinceMs: number | null = null;

  async function watch<T>(call: Promise<T>): Promise<T> {
    try {
      const answer = await call;
      if (sinceMs !== null) {
        const awayMs = Math.round(clock.monotonicMs() - sinceMs);
        sinceMs = null;
        log.info({ awayMs }, `the store is back after ${awayMs} ms`);
      }
      return answer;
    } catch (error) {
      if (isFault(error, 'store-unavailable') && sinceMs === null) {
        sinceMs = clock.monotonicMs();
        log.error({ err: error }, `the store is away: ${error.message}. ${error.hint}`);
      }
      throw error;
    }
  }

  return {
    watch,
    async patiently(call, signal) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await watch(call());
        } catch (error) {
          if (!isFault(error, 'store-unavailable') || signal.aborted) throw error;
          await clock.sleep(delayMs(attempt, STORE_RETRY_MS, ids.random()), signal);
          if (signal.aborted) throw error;
        }
      }
    },
  };
}
