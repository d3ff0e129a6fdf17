import { isUnfinished, type JobRow } from './job.ts';
import type { JobFilter } from './store.ts';

/** An engine, or a store. */
export interface ReadsJobs<Data> {
  jobs(filter: JobFilter): Promise<readonly JobRow<Data>[]>;
}

/** More than a lane can have: one job runs, drills beside it are few, and newer intents supersede what waits. */
const EACH_MAX = 50;

/** In the order in which a job passes through them, so that one that goes on meanwhile is met in the next. */
const UNFINISHED = ['waiting', 'queued', 'running'] as const;

/**
 * The unfinished jobs of a lane, oldest first. Asked by status, because any number of refusals may be newer: whoever
 * can only have commands refused must not be able to hide a job that runs.
 */
export async function unfinishedJobs<Data>(reads: ReadsJobs<Data>, lane: string): Promise<readonly JobRow<Data>[]> {
  const found = new Map<string, JobRow<Data>>();
  for (const status of UNFINISHED) {
    for (const job of await reads.jobs({ lane, status, limit: EACH_MAX })) found.set(job.id, job);
  }
  const age = (one: JobRow<Data>, other: JobRow<Data>): number =>
    one.acceptedAtMs - other.acceptedAtMs || (one.id < other.id ? -1 : 1);
  return [...found.values()].filter(isUnfinished).toSorted(age);
}
