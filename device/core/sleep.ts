import type { Clock } from '../../shared/clock.ts';

/** Less is the grain of two clocks that are not read in the same moment. */
const SLEPT_MS_MIN = 1_000;

/**
 * How long the machine has slept since this was made or asked before, milliseconds; 0 when it has not, or nobody knows. The clock
 * that ages are counted with stands still meanwhile; `sinceBootMs`, the kernel's since it started, does not.
 */
export function watchSleep(clock: Clock, sinceBootMs?: () => number | undefined): () => number {
  const apart = (): number => (sinceBootMs?.() ?? Number.NaN) - clock.monotonicMs();
  let apartMs = apart();
  return () => {
    const nowApartMs = apart();
    const sleptMs = Math.round(nowApartMs - apartMs);
    // It is not a number where the kernel did not tell.
    if (!Number.isNaN(apartMs) && !(sleptMs >= SLEPT_MS_MIN)) return 0;
    apartMs = nowApartMs;
    return sleptMs || 0;
  };
}
