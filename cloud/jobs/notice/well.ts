import type { Clock } from '../../../shared/clock.ts';
import { durationInWords } from '../../../shared/duration.ts';
import { within } from '../within.ts';

const ASK_MS = 5_000;
/** A message that has waited for so long is one that somebody should have had. */
const WAITING_MS_MAX = 600_000;

export interface WellOptions {
  /** What `/readyz` answers for. */
  readonly checks: readonly { readonly name: string; ask(signal: AbortSignal): Promise<string | null> }[];
  readonly switches: readonly string[];
  readonly positionOf: (name: string) => Promise<string>;
  readonly receivers: readonly string[];
  /** Why a receiver takes nothing at all, or null. */
  readonly troubleOf: (receiver: string) => string | null;
  /** Since when the first message to a receiver waits, or null. */
  readonly waitingSinceMs: (receiver: string) => Promise<number | null>;
  readonly clock: Clock;
}

/** Null while all is well: ready, every switch known, and nobody out of reach who was to be told. Else what is not. */
export async function whatIsNotWell(options: WellOptions, signal: AbortSignal): Promise<string | null> {
  const { checks, switches, positionOf, receivers, troubleOf, waitingSinceMs, clock } = options;
  try {
    return await within(clock, ASK_MS, signal, async (over) => {
      for (const check of checks) {
        const why = await check.ask(over);
        if (why !== null) return `${check.name}: ${why}`;
      }
      for (const name of switches) {
        if ((await positionOf(name)) === 'unknown') return `Where ${name} is is not known.`;
      }
      for (const receiver of receivers) {
        const why = troubleOf(receiver);
        if (why !== null) return `${receiver} takes no messages: ${why}.`;
        const sinceMs = await waitingSinceMs(receiver);
        const waitedMs = sinceMs === null ? 0 : clock.nowMs() - sinceMs;
        if (waitedMs > WAITING_MS_MAX) return `A message to ${receiver} waits for ${durationInWords(waitedMs)}.`;
      }
      return null;
    });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
