import type { JobRow } from '../../engine/job.ts';
import type { JobData } from '../command.ts';

/** What has to happen to the jobs of a switch so that a command takes its place among them. */
export interface Place {
  /** The job for the same position that the command becomes part of, or null for a job of its own. */
  readonly join: JobRow<JobData> | null;
  /** How a job of its own begins. */
  readonly status: 'running' | 'queued';
  /** Waiting and queued jobs that end here. */
  readonly supersede: readonly JobRow<JobData>[];
  /** Running jobs that are told to stop at the next safe place. */
  readonly interrupt: readonly JobRow<JobData>[];
}

/**
 * Stage four, for a human's move: the newest intent counts. `jobs` are all unfinished jobs of the switch, oldest first.
 * What becomes of an interrupted move is the runbook's to say, which knows what has been sent: not sent, it ends
 * superseded; sent, it reads back; accepted, it ends what it began.
 */
export function placeHuman(to: string, jobs: readonly JobRow<JobData>[]): Place {
  const moves = jobs.filter(({ exclusive }) => exclusive);
  const running = moves.filter(({ status }) => status === 'running');
  const queued = moves.filter(({ status }) => status === 'queued');
  const waiting = moves.filter(({ status }) => status === 'waiting');
  const join = uninterrupted([...running, ...queued]).find((job) => job.data.to === to) ?? null;
  return {
    join,
    status: running.length > 0 ? 'queued' : 'running',
    supersede: [...waiting, ...queued.filter((job) => job !== join)],
    interrupt: uninterrupted([...running.filter((job) => job !== join), ...drills(jobs)]),
  };
}

/**
 * Automation that was permitted: nothing else is running or queued. It takes the place of its own waiting jobs and of
 * nobody else's.
 */
export function placeAutomatic(jobs: readonly JobRow<JobData>[]): Place {
  const waiting = jobs.filter(({ exclusive, status }) => exclusive && status === 'waiting');
  return { join: null, status: 'running', supersede: waiting, interrupt: uninterrupted(drills(jobs)) };
}

/** A drill runs at once beside whatever else runs, and gives way to none of it by itself; two to one position are one. */
export function placeDrill(to: string, jobs: readonly JobRow<JobData>[]): Place {
  const same = uninterrupted(drills(jobs)).find((job) => job.data.to === to);
  return { join: same ?? null, status: 'running', supersede: [], interrupt: [] };
}

function drills(jobs: readonly JobRow<JobData>[]): readonly JobRow<JobData>[] {
  return jobs.filter(({ exclusive, status }) => !exclusive && status === 'running');
}

function uninterrupted(jobs: readonly JobRow<JobData>[]): readonly JobRow<JobData>[] {
  return jobs.filter(({ interrupt }) => interrupt === null);
}
