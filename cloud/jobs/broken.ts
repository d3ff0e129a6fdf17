import type { Fault } from '../../shared/faults.ts';
import type { EndingReason } from '../engine/engine.ts';
import type { JobEnd, JobRow } from '../engine/job.ts';
import type { JobData } from './command.ts';
import { errorOf, interruptOf } from './move/end.ts';
import { foundBy } from './move/plan.ts';

/** How a job ends whose runbook threw. What it knew of the records is kept; what it sent, it has told in its steps. */
export function brokenOff({ data, steps }: JobRow<JobData>, { code, message, hint }: Fault): JobEnd<JobData> {
  // After a mistake of ours nothing is taken for granted: the next reading says where the records are.
  const reading = code === 'internal-error' ? ({ kind: 'unknown', why: message } as const) : data.reading;
  const before = data.command === 'failover' ? foundBy(steps) : data.before;
  return { status: 'failed', data: { ...data, reading, before, error: errorOf(code, message, hint) } };
}

/** How a job ends that was stopped where the runbook had nothing to say about it. */
export function stoppedShort({ data }: JobRow<JobData>, reason: EndingReason): JobEnd<JobData> {
  if (reason.kind === 'interrupted') {
    const { status, text } = interruptOf(reason.reason);
    return { status, data: { ...data, note: text } };
  }
  return {
    status: 'failed',
    data: { ...data, error: errorOf('deadline-exceeded', 'The deadline of the job has come.') },
  };
}
