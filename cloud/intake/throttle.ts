import type { Clock } from '../../shared/clock.ts';

/** Wrong secrets that an address may send in a minute before it is told to slow down. */
const FAILURES_MAX = 10;
const WINDOW_MS = 60_000;
/** Addresses remembered: 10,000 × about 100 bytes. Beyond it the oldest is forgotten. */
const ADDRESSES_MAX = 10_000;

export interface Throttle {
  /** Counts a wrong secret. Returns the seconds after which the address may try again, or null while it may at once. */
  failed(address: string): number | null;
}

/** Counts wrong secrets by client address. A right one is never counted, and never refused. */
export function makeThrottle(clock: Clock): Throttle {
  const failures = new Map<string, { count: number; sinceMs: number }>();
  return {
    failed(address) {
      const nowMs = clock.monotonicMs();
      const found = failures.get(address);
      const entry = found && nowMs - found.sinceMs < WINDOW_MS ? found : { count: 0, sinceMs: nowMs };
      entry.count++;
      failures.delete(address);
      failures.set(address, entry);
      const [oldest] = failures.keys();
      if (failures.size > ADDRESSES_MAX && oldest !== undefined) failures.delete(oldest);
      if (entry.count <= FAILURES_MAX) return null;
      return Math.ceil((entry.sinceMs + WINDOW_MS - nowMs) / 1_000);
    },
  };
}
