import type { JobRow } from './job.ts';
import { type ReadsJobs, unfinishedJobs } from './unfinished.ts';

/** Each look costs four reads of the store; a lane on which more is decided meanwhile is told as it was last seen. */
const LOOKS_MAX = 4;

/** How a lane stands. */
export interface Standing<State, Data> {
  readonly state: State;
  /** Oldest first. */
  readonly unfinished: readonly JobRow<Data>[];
}

/**
 * The state of a lane and its unfinished jobs as they were at one moment, so that nobody is told of a job that the state
 * has never heard of, or of none while one is at work.
 */
export async function readStanding<State, Data>(
  reads: ReadsJobs<Data>,
  lane: string,
  readState: (lane: string) => Promise<State>,
): Promise<Standing<State, Data>> {
  let state = await readState(lane);
  let unfinished = await unfinishedJobs(reads, lane);
  for (let look = 1; look < LOOKS_MAX; look += 1) {
    const after = await readState(lane);
    // Nothing was decided between the two: the jobs read in between are those of this state.
    if (JSON.stringify(after) === JSON.stringify(state)) break;
    state = after;
    unfinished = await unfinishedJobs(reads, lane);
  }
  return { state, unfinished };
}
