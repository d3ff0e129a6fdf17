import type { Clock } from '../../shared/clock.ts';

/** Bursts of 50 are told singly, the rest is counted in one message, on `errors` as in the journal. */
export const SINGLY_MAX = 50;
const WINDOW_MS = 10_000;

/**
 * Lets 50 events in 10 s have their own word and counts the rest; at the end of the ten seconds (or at `signal`) one call of
 * `report` tells how many there were. Returns what takes an event's own word.
 */
export function makeBurst(
  clock: Clock,
  signal: AbortSignal,
  report: (count: number) => void,
): (word: () => void) => void {
  let spent = 0;
  let counted = 0;

  async function window(): Promise<void> {
    await clock.sleep(WINDOW_MS, signal);
    const count = counted;
    spent = 0;
    counted = 0;
    if (count > 0) report(count);
  }

  return (word) => {
    if (spent === 0) void window();
    spent++;
    if (spent <= SINGLY_MAX) word();
    else counted++;
  };
}
