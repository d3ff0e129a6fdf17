import type { JobRow } from '../engine/job.ts';
import type { JobData } from './command.ts';
import type { SwitchState } from './state.ts';

/** The queued or running job that would change the position; a drill never does. */
export function movingJob(state: SwitchState, unfinished: readonly JobRow<JobData>[]): JobRow<JobData> | undefined {
  const moves = unfinished.filter((job) => isMoving(job) && job.data.to !== state.position);
  return moves.find(({ status }) => status === 'running') ?? moves[0];
}

function isMoving({ exclusive, status }: JobRow<JobData>): boolean {
  return exclusive && (status === 'running' || status === 'queued');
}

/** The one job that a person would ask about: the move that runs, the next one, a waiting one, a drill. */
export function jobInHand(unfinished: readonly JobRow<JobData>[]): JobRow<JobData> | undefined {
  const moves = unfinished.filter(({ exclusive }) => exclusive);
  return (
    moves.find(({ status }) => status === 'running') ??
    moves.find(({ status }) => status === 'queued') ??
    moves[0] ??
    unfinished[0]
  );
}

/** A job that has changed the records, for certain. */
export function hasSwitched({ status, data }: JobRow<JobData>): boolean {
  return status === 'succeeded' && data.outcome === 'switched';
}

/** A job whose change may have been made: said so by the runbook, or by a mistake of ours after the change had begun. */
export function isInDoubt({ status, data, steps }: JobRow<JobData>): boolean {
  if (data.error?.code === 'unknown-outcome') return true;
  return status === 'failed' && data.reading?.kind === 'unknown' && steps.some(({ name }) => name === 'change');
}
