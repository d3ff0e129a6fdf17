import { isFault } from '../../../shared/faults.ts';
import type { JobEnd } from '../../engine/job.ts';
import type { StepContext, StepResult } from '../../engine/runbook.ts';
import type { JobData } from '../command.ts';
import { ownedAmong, ownedBy } from '../records.ts';
import { within } from '../within.ts';
import { ended } from './end.ts';
import { changesInWords, inverseInWords, type PlanDetail } from './plan.ts';
import type { Seen } from './read.ts';
import { askOnce } from './verify.ts';
import { stopOf, take, urgencyOf, type Walk } from './walk.ts';

/** No change has this id: whoever may ask hears that it is not known. */
const NO_CHANGE = 'C0DRILL0000000';

/** The rest of the road without a change: says what would be sent, and what would bring it back; then asks around. */
export async function drill<State>(
  walk: Walk<State>,
  seen: Seen,
  plan: Exclude<PlanDetail, { kind: 'refused' }>,
): Promise<JobEnd<JobData>> {
  await take(walk, 'change', async () => {
    const text =
      plan.kind === 'nothing'
        ? 'Drill: nothing would be sent.'
        : `Drill: nothing is sent. It would be: ${changesInWords(plan)}. The way back would be: ${inverseInWords(plan)}.`;
    return { status: 'skipped', text, detail: null };
  });
  await take(walk, 'settle', (context) => mayAsk(walk, seen, context));
  const now = ownedAmong(seen.live, ownedBy(walk.target.positions));
  await take(walk, 'verify', (context) => askOnce(walk, now, seen.live, seen.zone, context));
  return ended(walk, 'succeeded', { outcome: 'drilled', reading: seen.reading });
}

/** What can be seen of the credentials' rights without a change: Route 53 has no dry run of one. */
async function mayAsk<State>(walk: Walk<State>, seen: Seen, { signal }: StepContext): Promise<StepResult<null>> {
  const { world, budget, pace } = walk;
  const zone = seen.zone ? ' and see the zone' : '';
  const untried = 'Whether they may change them is not tried: Route 53 has no dry run.';
  try {
    await budget.take(urgencyOf(walk), signal);
    await within(world.clock, pace.callMs, signal, (signal) => world.records.changeStatus(NO_CHANGE, signal));
  } catch (error) {
    if (stopOf(signal) || !isFault(error)) throw error;
    if (error.code === 'route53-denied') {
      const text = `Drill: the credentials may read the records${zone}, and may not ask how far a change is: ${error.message} ${error.hint}`;
      return { status: 'failed', text, detail: null };
    }
    if (error.code !== 'route53-change-missing') {
      return {
        status: 'skipped',
        text: `Drill: how far a change is could not be asked. ${error.message}`,
        detail: null,
      };
    }
  }
  const text = `Drill: the credentials may read the records${zone}, and ask how far a change is. ${untried}`;
  return { text, detail: null };
}
