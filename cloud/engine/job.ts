import type { Json } from '../../shared/json.ts';
import type { JobStatus, StepStatus } from '../../shared/messages.ts';

/** One recorded step of a job. Its `detail` is both what people see and what a resumed run reads back. */
export interface StepRow {
  readonly name: string;
  readonly status: StepStatus;
  readonly startedAtMs: number;
  readonly finishedAtMs: number | null;
  /** The step so far, or its result, in one sentence. */
  readonly text: string;
  readonly detail: Json;
}

/** One job, as stored. `data` is the rules' and the runbook's; the engine only carries it. */
export interface JobRow<Data = Json> {
  readonly id: string;
  readonly lane: string;
  readonly status: JobStatus;
  /** An exclusive job is alone on its lane while it runs; a drill is not exclusive. */
  readonly exclusive: boolean;
  /** Who sent the command, and its id for that sender: the same pair is the same job. */
  readonly sender: string;
  readonly commandId: string | null;
  readonly data: Data;
  readonly acceptedAtMs: number;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  /** Set while it runs: give up at this wall-clock time. */
  readonly deadlineAtMs: number | null;
  /** Set by the rules while it runs: stop at the next safe place, for this reason. */
  readonly interrupt: Json;
  readonly steps: readonly StepRow[];
}

const UNFINISHED: readonly JobStatus[] = ['waiting', 'queued', 'running'];

export function isUnfinished(job: Pick<JobRow, 'status'>): boolean {
  return UNFINISHED.includes(job.status);
}

/** How a job ended. */
export interface JobEnd<Data = Json> {
  readonly status: Exclude<JobStatus, 'waiting' | 'queued' | 'running'>;
  readonly data: Data;
}

/** The right to write to a running job: proved in the `where` of every write, dead after a takeover. */
export interface Lease {
  readonly job: string;
  readonly owner: string;
  /** The fencing token: grows with every claim of the job. */
  readonly token: number;
}
