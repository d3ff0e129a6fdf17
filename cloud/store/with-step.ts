import type { Json } from '../../shared/json.ts';
import type { JobRow, StepRow } from '../engine/job.ts';

/** The job as it will be read back once this step is written: added, or in the place of the one of its name. */
export function withStep(job: JobRow, step: StepRow): JobRow {
  // JSON leaves out what it cannot say.
  const written = { ...step, detail: JSON.parse(JSON.stringify(step.detail)) as Json };
  const known = job.steps.findIndex(({ name }) => name === step.name);
  return { ...job, steps: known === -1 ? [...job.steps, written] : job.steps.with(known, written) };
}
