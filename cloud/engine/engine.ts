import type { Clock } from '../../shared/clock.ts';
import type { Fault } from '../../shared/faults.ts';
import type { Log } from '../../shared/log.ts';
import type { Ids, Receiver } from '../ports.ts';
import type { JobEnd, JobRow } from './job.ts';
import type { Outgoing, Rules } from './lane.ts';
import type { Runbook, StopReason } from './runbook.ts';
import type { JobFilter, Store } from './store.ts';

/** The reasons to stop that end a job; after the others its next owner goes on. */
export type EndingReason = Extract<StopReason, { kind: 'interrupted' | 'deadline' }>;

export interface EngineOptions<State, Shared, Command, Reply, Data> {
  readonly store: Store;
  readonly rules: Rules<State, Shared, Command, Reply, Data>;
  readonly runbook: Runbook<Data, State>;
  /** How a job ends whose runbook threw. What is no Fault arrives as `internal-error`, its cause is in the log. Pure. */
  readonly failed: (job: JobRow<Data>, error: Fault) => JobEnd<Data>;
  /** How a job ends whose runbook let a `Stopped` pass. Pure. */
  readonly stopped: (job: JobRow<Data>, reason: EndingReason) => JobEnd<Data>;
  /** Receivers by name. Messages to a receiver that is not configured are not stored. */
  readonly receivers: Readonly<Record<string, Receiver>>;
  /** Whether this process delivers to that receiver now, or another endpoint does; default: it does. */
  readonly delivers?: (receiver: string) => boolean;
  /** Every lane: asked with `timer` at start, and whenever its time has come. */
  readonly lanes: readonly string[];
  /** This process, unique: the owner of its leases. */
  readonly owner: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}

export interface Engine<State, Command, Reply, Data> {
  /** Decides one command, stores what follows, then answers; a job that it started runs afterwards. */
  command(lane: string, command: Command, from: { sender: string; commandId: string | null }): Promise<Reply>;
  state(lane: string): Promise<State>;
  job(id: string): Promise<JobRow<Data> | undefined>;
  jobs(filter: JobFilter): Promise<readonly JobRow<Data>[]>;
  /** Resolves with the job when it has ended, or as it is after `ms` or when the engine stops. */
  wait(id: string, ms: number): Promise<JobRow<Data> | undefined>;
  /**
   * Calls back after each commit with the messages that it told, those to receivers that are not configured included:
   * live views (server-sent events). What another endpoint has committed is told as it stands when it is heard of.
   * Returns the way to stop.
   */
  onStored(listener: (outgoing: readonly Outgoing[]) => void): () => void;
  /** Begins: heartbeats, timers, takeovers, deliveries. */
  start(): void;
  /** Wakes the deliveries of a receiver that has come back. */
  wake(receiver: string): void;
  /** Graceful stop: no new runs, running steps are stopped and their jobs handed over, messages get `graceMs` to leave. */
  stop(graceMs: number): Promise<void>;
}
