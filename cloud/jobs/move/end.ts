import { FAULTS, type FaultCode } from '../../../shared/faults.ts';
import type { JobEnd } from '../../engine/job.ts';
import { type StopReason, Stopped } from '../../engine/runbook.ts';
import type { Interrupt, JobData } from '../command.ts';
import type { ChangeDetail } from './change.ts';
import type { Walk } from './walk.ts';

/** How a job ended, besides its status. */
export type Result = Partial<
  Pick<JobData, 'outcome' | 'verified' | 'cachesUntilMs' | 'reading' | 'before' | 'error' | 'note'>
>;

/** The end, over the job's data as it was last read from the store. */
export function ended<State>({ run }: Walk<State>, status: JobEnd['status'], result: Result = {}): JobEnd<JobData> {
  return { status, data: { ...run.job.data, ...result } };
}

/** A refusal or failure, in the words of its code. */
export function errorOf(code: string, message: string, hint?: string): NonNullable<JobData['error']> {
  const known = code in FAULTS ? FAULTS[code as FaultCode] : FAULTS['job-failed'];
  const guard = code === 'probe-failed' || code === 'drift' ? code : null;
  return { code, message, hint: hint ?? known.hint, guard };
}

/** The end of a job that was told to stop before anything was changed. A lost lease or a shutdown is no end: thrown. */
export function stoppedUnchanged<State>(
  walk: Walk<State>,
  reason: StopReason,
  message: string,
  result: Result = {},
): JobEnd<JobData> {
  switch (reason.kind) {
    case 'interrupted': {
      const { status, text } = interruptOf(reason.reason);
      return ended(walk, status, { ...result, note: text });
    }
    case 'deadline':
      return ended(walk, 'failed', { ...result, error: errorOf('deadline-exceeded', message) });
    case 'lease-lost':
    case 'shutdown':
      throw new Stopped(reason);
  }
}

/** The end of a job whose change was not made, or of which that is not known. */
export function endedUnchanged<State>(
  walk: Walk<State>,
  changed: Exclude<ChangeDetail, { kind: 'accepted' | 'again' }>,
  result: Result,
): JobEnd<JobData> {
  switch (changed.kind) {
    case 'withheld':
      return ended(walk, 'superseded', { ...result, note: changed.reason });
    case 'stopped': {
      const { interrupt } = walk.run.job;
      const reason: StopReason =
        changed.by === 'deadline' ? { kind: 'deadline' } : { kind: 'interrupted', reason: interrupt };
      return stoppedUnchanged(walk, reason, changed.message, result);
    }
    case 'failed': {
      const { code, message, hint } = changed;
      const error = errorOf(code, message, hint);
      if (code === 'unknown-outcome')
        return ended(walk, 'failed', { ...result, error, reading: { kind: 'unknown', why: message } });
      return ended(walk, code === 'protected' ? 'refused' : 'failed', { ...result, error });
    }
  }
}

/** The rules' own words for it. */
export function interruptOf(reason: Extract<StopReason, { kind: 'interrupted' }>['reason']): Interrupt {
  const fields = typeof reason === 'object' && reason !== null && !Array.isArray(reason) ? reason : {};
  const { status, text } = fields as Record<string, unknown>;
  return {
    status: status === 'cancelled' ? 'cancelled' : 'superseded',
    text: typeof text === 'string' ? text : 'A newer command took its place.',
  };
}
