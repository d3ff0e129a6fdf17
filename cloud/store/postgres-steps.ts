import type { Json } from '../../shared/json.ts';
import type { JobRow, Lease, StepRow } from '../engine/job.ts';
import type { Outgoing } from '../engine/lane.ts';
import { lockJob, readOwned, writeStep } from './postgres-jobs.ts';
import { putOutgoing } from './postgres-outgoing.ts';
import type { PgSql } from './postgres-sql.ts';

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
  // As it will be read back: JSON leaves out what it cannot say.
  const written = { ...step, detail: JSON.parse(JSON.stringify(step.detail)) as Json };
  const known = job.steps.findIndex(({ name }) => name === step.name);
  const place = known === -1 ? job.steps.length : known;
  const after = { ...job, steps: job.steps.toSpliced(place, known === -1 ? 0 : 1, written) };
  const messages = announce(after);
  await Promise.all([
    writeStep(sql, lease.job, step, place),
    putOutgoing(sql, messages, step.finishedAtMs ?? step.startedAtMs),
  ]);
  return after;
}
