import type { Inside } from './inside.ts';
import { JOB_KEPT_MS, PRUNE_PAUSE_MS, PRUNE_REST_MS } from './limits.ts';
import { type Loop, makeLoop } from './loop.ts';

/** Forgets jobs that ended thirty days ago, some at a time. The journal keeps what it says of them. */
export function makePruning(inside: Inside): Loop {
  const { store, clock, log, outage } = inside;

  async function turn(): Promise<number> {
    const jobs = await outage.watch(store.prune(clock.nowMs() - JOB_KEPT_MS));
    if (jobs === 0) return PRUNE_PAUSE_MS;
    log.info({ jobs }, `${jobs} job${jobs === 1 ? '' : 's'} that ended more than 30 days ago forgotten`);
    return PRUNE_REST_MS;
  }

  return makeLoop(inside, 'pruning', turn);
}
