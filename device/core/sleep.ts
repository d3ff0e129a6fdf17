import type { Clock } from '../../shared/clock.ts';

/** Less is the grain of two clocks that are not read in the same moment. */
const SLEPT_MS_MIN = 1_000;

/**
 * How long the machine has slept since this was asked before, milliseconds; 0 when it has not, or nobody knows. The clock
 * that ages are counted with stands still meanwhile; `sinceBootMs`, the kernel's since it started, does not.
 */
export function watchSleep(clock: Clock, sinceBootMs?: () => number | undefined): () => number {
  let apartMs: number | undefined;
  return () => {
    const bootMs = sinceBootMs?.();
    if (bootMs === undefined) return 0;
    const nowApartMs = bootMs - clock.monotonicMs();
    const sleptMs = nowApartMs - (apartMs ?? nowApartMs);
    if (apartMs !== undefined && sleptMs < SLEPT_MS_MIN) return 0;
    apartMs = nowApartMs;
    return Math.round(sleptMs);
  };
}
