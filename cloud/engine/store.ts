import type { Json } from '../../shared/json.ts';
import type { JobStatus } from '../../shared/messages.ts';
import type { JobRow, Lease, StepRow } from './job.ts';
import type { Decision, JournalEntry, Outgoing, Seen } from './lane.ts';

/**
 * Where lanes, jobs, steps, outgoing messages and the journal live. Two implementations, one conformance suite
 * (test/store). Every promise resolves only after the commit. When the database is away they reject with the Fault
 * `store-unavailable`, and nothing was stored.
 *
 * The store carries state, data and bodies as JSON and looks into none of them.
 */
export interface Store {
  /**
   * One event of one lane, in one transaction: reads what the rule may see, calls it (synchronously, exactly once
   * unless the transaction is tried again), and stores all that it returns. With `lease`, nothing is stored unless the
   * job is still running under that token: the answer is then `lease-lost`.
   */
  decide<Reply>(turn: Turn, rule: Rule<Reply>): Promise<Decided<Reply> | 'lease-lost'>;

  lane(name: string): Promise<Json | undefined>;
  /** Lanes whose timer is due, and the time of the next one. */
  timers(nowMs: number): Promise<{ readonly due: readonly string[]; readonly nextAtMs: number | null }>;

  job(id: string): Promise<JobRow | undefined>;
  /** Newest first. */
  jobs(filter: JobFilter): Promise<readonly JobRow[]>;

  /** Extends the leases that are still ours; returns the jobs among them with their interrupts as stored now. */
  heartbeat(leases: readonly Lease[], untilMs: number): Promise<readonly JobRow[]>;
  /** Takes over running jobs whose lease has run out, with the next fencing token; of these lanes, default all. */
  takeOver(owner: string, nowMs: number, untilMs: number, lanes?: readonly string[]): Promise<readonly Claim[]>;
  /** Gives running jobs back at once, for whoever comes next. */
  handOver(leases: readonly Lease[]): Promise<void>;
  /** Writes a step (added, or replaced by name) with its messages. `lease-lost` when the token is no longer the job's. */
  step(lease: Lease, step: StepRow, announce: (job: JobRow) => readonly Outgoing[]): Promise<JobRow | 'lease-lost'>;
  /** The job and its lane's state, if the token is still the job's. */
  look(lease: Lease): Promise<{ readonly job: JobRow; readonly state: Json } | 'lease-lost'>;

  /**
   * Forgets jobs that ended at or before that time, with their steps and the ids of their commands: some of the oldest,
   * at most a few hundred at once. How many there were; the journal keeps what it says of them.
   */
  prune(endedByMs: number): Promise<number>;

  /** A decision's journal entry that belongs to no lane's event (a refusal at the door). */
  record(entry: JournalEntry, atMs: number): Promise<void>;
  /** Rows after that number, oldest first. */
  journal(after: number, limit: number): Promise<readonly JournalRow[]>;
  /** Rows before that number, newest first: how people read it. */
  journalBefore(before: number, limit: number): Promise<readonly JournalRow[]>;
  /** What the journal's first row follows: number 0, until it was truncated. */
  journalAnchor(): Promise<JournalAnchor>;
  /**
   * Takes out the oldest rows, up to and including `to`: some thousands at once, so that nobody waits long. It is called
   * again while it answers `more`. `entry` is written into the journal with it, in one transaction. When there is no
   * row of that number with that hash, nothing is done.
   */
  truncateJournal(to: JournalAnchor, entry: JournalEntry | null, atMs: number): Promise<Truncated>;

  /** The oldest undelivered message of a receiver besides those that are on their way, by their ids, when it is due. */
  nextOutgoing(receiver: string, nowMs: number, onTheirWay?: readonly number[]): Promise<OutgoingRow | undefined>;
  /** When the receiver's oldest message is due, or null when it has none. */
  outgoingDueAtMs(receiver: string): Promise<number | null>;
  delivered(...ids: readonly number[]): Promise<void>;
  /** Removes a message that has become pointless, and says so in the journal, in one transaction. */
  drop(id: number, entry: JournalEntry, atMs: number): Promise<void>;
  /** Keeps it first in its line, due again at `dueAtMs`. */
  postpone(id: number, dueAtMs: number, reason: string): Promise<void>;

  /** Takes, keeps or refuses a named lease among endpoints (`mqtt`): true while `owner` has it. */
  hold(name: string, owner: string, nowMs: number, untilMs: number): Promise<boolean>;
  release(name: string, owner: string): Promise<void>;

  /**
   * Calls back when another endpoint has stored something, with what it was, or null when anything may have changed: a
   * reason to look sooner, and never the only one, because it may be lost. Returns the way to stop. A store that nobody
   * shares has none.
   */
  onChange?(listener: (change: StoreChange | null) => void): () => void;

  /** Answers when the database would store something; rejects with `store-unavailable` otherwise. */
  ping(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Which event of which lane, and who asks. */
export interface Turn {
  readonly lane: string;
  readonly nowMs: number;
  readonly newJobId: string;
  /** Looked up for `known`. */
  readonly question?: { readonly sender: string; readonly commandId: string };
  /** The owner and lease end that a job started by this decision gets. The end is asked for when it is written. */
  readonly owner: string;
  readonly leaseUntilMs: number;
  /** The running job whose end this event is. */
  readonly lease?: Lease;
}

/** The pure rule, closed over its event by the engine. `state` is undefined for a lane never seen. */
export type Rule<Reply> = (
  state: Json | undefined,
  seen: Seen<Json, Json>,
  known: JobRow | null,
  /** The job of `Turn.lease`, as stored. */
  ended: JobRow | null,
) => Decision<Json, Json, Reply, Json>;

export interface Decided<Reply> {
  readonly reply: Reply;
  /** Jobs that this decision started, for their owner to run. */
  readonly started: readonly Claim[];
  /** Jobs whose interrupt it set. */
  readonly interrupted: readonly string[];
  readonly outgoing: readonly Outgoing[];
  readonly wakeAtMs: number | null;
  readonly wakeLanes: readonly string[];
}

/** What another endpoint has stored. */
export interface StoreChange {
  /** Lanes that were decided, or are to wake. */
  readonly lanes: readonly string[];
  /** Jobs that were decided, stepped or handed over. */
  readonly jobs: readonly string[];
  /** Receivers that have a new message. */
  readonly receivers: readonly string[];
}

export interface Claim {
  readonly job: JobRow;
  readonly lease: Lease;
}

export interface JobFilter {
  readonly lane?: string;
  readonly status?: JobStatus;
  readonly limit: number;
  /** Only jobs older than this one. */
  readonly before?: string;
}

export interface JournalRow extends JournalEntry {
  readonly seq: number;
  readonly atMs: number;
  /** Hex SHA-256 over the row before's hash and this row. */
  readonly hash: string;
}

/** A row's number and its hash, which the next row's hash covers. */
export type JournalAnchor = Pick<JournalRow, 'seq' | 'hash'>;

export type Truncated = 'done' | 'more' | 'no-such-row';

export interface OutgoingRow extends Outgoing {
  readonly id: number;
  readonly attempts: number;
  readonly createdAtMs: number;
}
