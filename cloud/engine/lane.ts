import type { Json } from '../../shared/json.ts';
import type { JobStatus } from '../../shared/messages.ts';
import type { JobEnd, JobRow } from './job.ts';

/**
 * A lane is what is decided one event after the other: here, a switch. The engine keeps an opaque state for it and
 * asks one pure function what follows from an event; in one transaction, all that it returns is stored.
 */
export type LaneEvent<Command, Data> =
  | {
      readonly kind: 'command';
      readonly command: Command;
      readonly sender: string;
      readonly commandId: string | null;
      /** The job that this sender's id made before, when it did. */
      readonly known: JobRow<Data> | null;
    }
  | { readonly kind: 'timer' }
  /**
   * A run of the job has come to its end, and the decision ends the job. Where the run has missed what the job has become
   * meanwhile, an update that leaves the job running has it run once more.
   */
  | { readonly kind: 'ended'; readonly job: JobRow<Data>; readonly end: JobEnd<Data> };

/** What the function may look at besides the state, read in the same transaction. */
export interface Seen<Shared, Data> {
  /** Unfinished jobs of this lane, oldest first. */
  readonly jobs: readonly JobRow<Data>[];
  /** The state that all lanes share (the automation count and trip), or undefined before the first write. */
  readonly shared: Shared | undefined;
  /** The id that a job added by this decision takes. */
  readonly newJobId: string;
}

export type JobChange<Data> =
  | {
      readonly kind: 'add';
      readonly id: string;
      /** `running` claims it in the same transaction; an ended status (`refused`, say) records it as ended. */
      readonly status: JobStatus;
      readonly exclusive: boolean;
      readonly sender: string;
      readonly commandId: string | null;
      readonly data: Data;
      readonly deadlineAtMs: number | null;
    }
  | { readonly kind: 'start'; readonly id: string; readonly deadlineAtMs: number; readonly data: Data }
  | { readonly kind: 'update'; readonly id: string; readonly status: JobStatus; readonly data: Data }
  | { readonly kind: 'interrupt'; readonly id: string; readonly reason: Json }
  /**
   * This sender's id is that job too, from now on: its command joined the job, and a repeat of it must find the same job
   * as `known`, also after the job has ended.
   */
  | { readonly kind: 'alias'; readonly id: string; readonly sender: string; readonly commandId: string };

/** A message that must reach its receiver: a row, written with the change that caused it. */
export interface Outgoing {
  /** `mqtt`, or a notifier's name. One receiver's messages go in order. */
  readonly receiver: string;
  /** Of the undelivered messages with the same key, only the newest is kept (a state); null keeps all. */
  readonly key: string | null;
  readonly body: Json;
  /** Pointless after this time, or null. */
  readonly expiresAtMs: number | null;
}

/** One line of the journal: what happened, or was refused, and why. */
export interface JournalEntry {
  readonly kind: string;
  readonly lane: string | null;
  readonly text: string;
  readonly detail: Json;
}

export interface Decision<State, Shared, Reply, Data> {
  readonly state: State;
  /** Undefined leaves the shared state as it is. */
  readonly shared?: Shared;
  readonly reply: Reply;
  readonly jobs: readonly JobChange<Data>[];
  readonly journal: readonly JournalEntry[];
  readonly outgoing: readonly Outgoing[];
  /** When to be asked again with `timer`; undefined clears the timer. */
  readonly wakeAtMs?: number;
  /** Other lanes to be asked with `timer` at once, because the shared state changed. */
  readonly wakeLanes?: readonly string[];
}

/** What a lane's owner hands to the engine. All of it is pure: no clock, no network, no log. */
export interface Rules<State, Shared, Command, Reply, Data> {
  initial(lane: string, nowMs: number): State;
  decide(
    state: State,
    event: LaneEvent<Command, Data>,
    seen: Seen<Shared, Data>,
    nowMs: number,
  ): Decision<State, Shared, Reply, Data>;
  /** The messages that tell of a step's begin, progress or end; `job.steps` already holds it. */
  announceStep(job: JobRow<Data>, nowMs: number): readonly Outgoing[];
  /**
   * The messages that tell how a lane and these jobs of it stand: for whoever watches here what another process has
   * decided. `unfinished` are all of its unfinished jobs, oldest first. They are shown, and never stored.
   */
  announceStanding(
    state: State,
    unfinished: readonly JobRow<Data>[],
    changed: readonly JobRow<Data>[],
    nowMs: number,
  ): readonly Outgoing[];
}
