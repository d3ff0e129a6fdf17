import { setTimeout as sleep } from 'node:timers/promises';
import { isFault } from '../../shared/faults.ts';

/** The account's five requests a second are shared with everybody in it: so long between two attempts. */
const THROTTLED_PAUSES_MS = [500, 1_000, 2_000, 4_000];
const UNREACHABLE_PAUSES_MS = [500];
/** Route 53 answers in tenths of a second. */
const CALL_MS_MAX = 15_000;

/** Asks Route 53, again when it is throttled or does not answer. For questions only: a change is never sent twice. */
export async function patiently<Answer>(ask: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await ask(AbortSignal.timeout(CALL_MS_MAX));
    } catch (error) {
      const pauseMs = pausesAfter(error)[attempt];
      if (pauseMs === undefined) throw error;
      await sleep(pauseMs);
    }
  }
}

function pausesAfter(error: unknown): readonly number[] {
  if (isFault(error, 'route53-throttled')) return THROTTLED_PAUSES_MS;
  return isFault(error, 'route53-unreachable') ? UNREACHABLE_PAUSES_MS : [];
}
