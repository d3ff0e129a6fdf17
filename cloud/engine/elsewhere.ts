import type { Inside, InsideOptions } from './inside.ts';
import type { JobRow } from './job.ts';
import { SLOW_POLL_MS } from './limits.ts';
import type { Live } from './live.ts';
import { makeLoop } from './loop.ts';
import { readStanding } from './standing.ts';
import type { StoreChange } from './store.ts';

/** Tells those who watch here what another endpoint has stored. */
export interface Elsewhere {
  start(): void;
  /** What was stored; null when it may have been anything. */
  changed(change: StoreChange | null): void;
  stop(): Promise<void>;
}

type Options = Pick<InsideOptions, 'rules' | 'lanes'>;

/**
 * Reads what changed and tells it as it is then: of several changes in a row, watchers may see only the last. Nothing is
 * read while nobody watches. One after the other, so that an older reading is never told after a newer one. A store that is
 * away is waited for: the end of a job is news only once.
 */
export function makeElsewhere(inside: Inside, { rules, lanes }: Options, live: Live): Elsewhere {
  const { store, clock, outage } = inside;
  const dueLanes = new Set<string>();
  const dueJobs = new Set<string>();
  const stopped = new AbortController();
  const patiently = <T>(read: () => Promise<T>): Promise<T> => outage.patiently(read, stopped.signal);

  async function turn(): Promise<number> {
    const ids = [...dueJobs];
    dueJobs.clear();
    const read = await Promise.all(ids.map((id) => patiently(() => store.job(id))));
    const changed = read.filter((job) => job !== undefined);
    for (const { lane } of changed) dueLanes.add(lane);
    for (const lane of dueLanes) {
      // Before it is read: what comes meanwhile is read again, in this same round.
      dueLanes.delete(lane);
      if (lanes.includes(lane))
        await tell(
          lane,
          changed.filter((job) => job.lane === lane),
        );
    }
    return dueJobs.size > 0 ? 0 : SLOW_POLL_MS;
  }

  async function tell(lane: string, changed: readonly JobRow[]): Promise<void> {
    const { state, unfinished } = await patiently(() => readStanding(store, lane, (name) => store.lane(name)));
    const nowMs = clock.nowMs();
    live.tell(rules.announceStanding(state ?? rules.initial(lane, nowMs), unfinished, changed, nowMs));
  }

  const loop = makeLoop(inside, 'news of other endpoints', turn);
  return {
    start: () => loop.start(),
    changed(change) {
      if (!live.isWatched()) return;
      for (const lane of change?.lanes ?? lanes) dueLanes.add(lane);
      for (const job of change?.jobs ?? []) dueJobs.add(job);
      loop.ring();
    },
    stop() {
      stopped.abort();
      loop.stop();
      return loop.ended();
    },
  };
}
