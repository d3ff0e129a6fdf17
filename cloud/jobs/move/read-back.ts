import { isFault } from '../../../shared/faults.ts';
import type { StepContext } from '../../engine/runbook.ts';
import type { RecordSet } from '../../ports.ts';
import { ownedAmong, ownedBy, sameSets, setsInWords } from '../records.ts';
import type { ChangePlan } from '../plan.ts';
import { pause } from './pace.ts';
import { readLive } from './read.ts';
import { isWeather, type Walk } from './walk.ts';

/** What the live records say about a change that may have been made. */
export type ReadBack =
  /** They are as wanted: it was made. */
  | { readonly kind: 'made' }
  /** They are as they were: it was not, or not yet. */
  | { readonly kind: 'not-made' }
  /** They are something else: somebody moved them. */
  | { readonly kind: 'moved'; readonly words: string; readonly owned: readonly RecordSet[] }
  /** Route 53 would not tell, until the deadline or at all. */
  | { readonly kind: 'unknown'; readonly why: string };

/**
 * Looks whether a change was made: after any error of the call, and in a run that was resumed. Goes on through weather
 * until the deadline, and looks at least once, also after it: what is said about the change depends on it.
 */
export async function readBack<State>(walk: Walk<State>, context: StepContext, planned: ChangePlan): Promise<ReadBack> {
  const { run, target, world, pace } = walk;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const owned = ownedAmong(await readLive(walk, context.signal), ownedBy(target.positions));
      if (sameSets(owned, planned.after)) return { kind: 'made' };
      if (sameSets(owned, planned.before)) return { kind: 'not-made' };
      return { kind: 'moved', words: setsInWords(owned), owned };
    } catch (error) {
      if (!isFault(error)) throw error;
      const { message } = error;
      world.log.warn({ job: run.job.id, switch: target.name, attempt }, message);
      // What will not go away by itself says no more about the change than a silence does.
      if (!isWeather(error) || world.clock.nowMs() >= run.deadlineAtMs) return { kind: 'unknown', why: message };
      await pause(world, pace, attempt, run.deadlineAtMs, context.signal);
      context.signal.throwIfAborted();
    }
  }
}
