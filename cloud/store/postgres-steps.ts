import type { JobRow, Lease, StepRow } from '../engine/job.ts';
import type { Outgoing } from '../engine/lane.ts';
import { lockJob, readOwned, writeStep } from './postgres-jobs.ts';
import { putOutgoing } from './postgres-outgoing.ts';
import type { PgSql } from './postgres-sql.ts';
import { withStep } from './with-step.ts';

/**
 * Writes a step with its messages under its lease, in a transaction. The job as it is then, or `lease-lost`, with
 * nothing written, when the token is no longer the job's.
 */
export async function writeOwnStep(
  sql: PgSql,
  lease: Lease,
  step: StepRow,
  announce: (job: JobRow) => readonly Outgoing[],
): Promise<JobRow | 'lease-lost'> {
  const [, job] = await Promise.all([lockJob(sql, lease.job), readOwned(sql, lease)]);
  if (!job) return 'lease-lost';
  const after = withStep(job, step);
  const place = after.steps.findIndex(({ name }) => name === step.name);
  const messages = announce(after);
  await Promise.all([
    writeStep(sql, lease.job, step, place),
    putOutgoing(sql, messages, step.finishedAtMs ?? step.startedAtMs),
  ]);
  return after;
}
