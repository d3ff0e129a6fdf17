import type { Json } from '../../shared/json.ts';
import type { StepStatus } from '../../shared/messages.ts';
import type { JobEnd, JobRow } from './job.ts';

/** The result of a step: what is stored before the next one begins. */
export interface StepResult<Detail extends Json> {
  readonly status?: Exclude<StepStatus, 'running'>;
  readonly text: string;
  readonly detail: Detail;
}

/** What a step may do while it runs. */
export interface StepContext {
  /**
   * Aborts when the job is interrupted, its lease is lost, its deadline has come, or the process stops; its `reason` is
   * the `Stopped`. A result returned after an interrupt or the deadline is still stored.
   */
  readonly signal: AbortSignal;
  /**
   * Tells how far it is (`attempt 3, giving up at 12:04:10`), stored and announced. The detail is what a run resumed
   * after a crash finds as `before`.
   */
  readonly progress: (text: string, detail: Json) => Promise<void>;
  /** The detail of the same step as an earlier run of this job left it, or null. */
  readonly before: Json;
}

export interface StepOptions {
  /**
   * Runs although the job was interrupted or its deadline has come, and is not aborted by them: the read-back after a
   * `Stopped`. A lost lease and a shutdown stop it all the same.
   */
  readonly though?: readonly ('interrupted' | 'deadline')[];
}

/**
 * A run of a job by its owner. A step that has ended is not run again: its stored detail is returned. Every method
 * throws a `Stopped` when the run may not go on; the runbook lets it pass (or catches `interrupted` to read back first).
 */
export interface Run<Data = Json, State = Json> {
  /** As last read from the store: every step, progress and look brings it up to date. */
  readonly job: JobRow<Data>;
  /** Wall-clock time by which the job gives up. */
  readonly deadlineAtMs: number;
  readonly signal: AbortSignal;
  /**
   * Names are unique within a job. A step left `running` or `failed` by an earlier run is acted again; all other ended
   * ones return what they stored. What `act` throws after its signal aborted comes out as `Stopped`; what it returns
   * then is still stored.
   */
  step<Detail extends Json>(
    name: string,
    act: (context: StepContext) => Promise<StepResult<Detail>>,
    options?: StepOptions,
  ): Promise<Detail>;
  /** True when the stored job has such a step in that status. */
  has(name: string, status: StepStatus): boolean;
  /**
   * The last look: the lease is still ours (else throws), and the job and its lane as they are stored this moment.
   * On SQLite nothing can happen between its return and the caller's next synchronous line.
   */
  look(): Promise<{ readonly job: JobRow<Data>; readonly state: State }>;
}

export type Runbook<Data = Json, State = Json> = (run: Run<Data, State>) => Promise<JobEnd<Data>>;

/** Why a run may not go on. */
export type StopReason =
  /** The rules set the job's interrupt; the runbook decides how it ends. */
  | { readonly kind: 'interrupted'; readonly reason: Json }
  /** Another process owns the job now; nothing more may be written. */
  | { readonly kind: 'lease-lost' }
  /** The deadline of the job has come. */
  | { readonly kind: 'deadline' }
  /** This process stops; the job is handed over as it stands. */
  | { readonly kind: 'shutdown' };

export class Stopped extends Error {
  override readonly name = 'Stopped';
  readonly reason: StopReason;

  constructor(reason: StopReason) {
    super(`the run stopped: ${reason.kind}`);
    this.reason = reason;
  }
}
