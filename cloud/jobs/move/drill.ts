import type { JobEnd } from '../../engine/job.ts';
import type { JobData } from '../command.ts';
import { ownedAmong, ownedBy } from '../records.ts';
import { ended } from './end.ts';
import { changesInWords, inverseInWords, type PlanDetail } from './plan.ts';
import type { Seen } from './read.ts';
import { askOnce } from './verify.ts';
import { take, type Walk } from './walk.ts';

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
  const now = ownedAmong(seen.live, ownedBy(walk.target.positions));
  await take(walk, 'verify', (context) => askOnce(walk, now, seen.live, seen.zone, context));
  return ended(walk, 'succeeded', { outcome: 'drilled', reading: seen.reading });
}
