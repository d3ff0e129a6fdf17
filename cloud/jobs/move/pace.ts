import type { Clock } from '../../../shared/clock.ts';
import type { Ids } from '../../ports.ts';

/** How fast a move goes about things, milliseconds. Tests go faster. */
export interface Pace {
  /** One call to Route 53; the adapter's own limits (2 s to connect, 5 s to answer) come first. */
  readonly callMs: number;
  readonly retryMsMin: number;
  readonly retryMsMax: number;
  /** Waits before each look whether a change is INSYNC; the last one repeats. */
  readonly settlePollMs: readonly number[];
  /** How long name servers have to follow an INSYNC change, and how often they are asked. */
  readonly verifyMs: number;
  readonly verifyPauseMs: number;
}

export const PACE: Pace = {
  callMs: 8_000,
  retryMsMin: 500,
  // 0.5, 1, 2, 4, 8, 8 … s and jitter: in a throttled account some 5 requests a second are all there is.
  retryMsMax: 8_000,
  settlePollMs: [500, 750, 1_000, 2_000, 2_000, 4_000],
  verifyMs: 60_000,
  verifyPauseMs: 1_000,
};

/** Milliseconds to wait after so many failed attempts (1, 2 …): doubling, with jitter between half and whole. */
function retryMs({ retryMsMin, retryMsMax }: Pace, attempt: number, random: number): number {
  const full = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(attempt - 1, 16));
  return Math.round(full * (0.5 + random / 2));
}

/** Waits after a failed attempt, but not past `untilMs`; returns early when the signal aborts. */
export async function pause(
  { clock, ids }: { readonly clock: Clock; readonly ids: Ids },
  pace: Pace,
  attempt: number,
  untilMs: number,
  signal: AbortSignal,
): Promise<void> {
  const left = Math.max(0, untilMs - clock.nowMs());
  await clock.sleep(Math.min(left, retryMs(pace, attempt, ids.random())), signal);
}
