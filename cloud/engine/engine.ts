import type { Clock } from '../../shared/clock.ts';
import type { Json } from '../../shared/json.ts';
import type { Log } from '../../shared/log.ts';
import type { Ids } from '../ports.ts';
import type { JobRow } from './job.ts';
import type { Outgoing, Rules } from './lane.ts';
import type { Runbook } from './runbook.ts';
import type { JobFilter, Store } from './store.ts';

/** A message's way out. Resolves when the receiver has it; a rejection is tried again, in order. */
export type Deliver = (body: Json) => Promise<void>;

export interface EngineOptions<State, Shared, Command, Reply, Data> {
  readonly store: Store;
  readonly rules: Rules<State, Shared, Command, Reply, Data>;
  readonly runbook: Runbook<Data, State>;
  /** Receivers by name. Messages to a receiver that is not configured are not stored. */
  readonly receivers: Readonly<Record<string, Deliver>>;
  /** Lanes to wake at start. */
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
  /** Resolves with the job when it has ended, or as it is after `ms`. */
  wait(id: string, ms: number): Promise<JobRow<Data> | undefined>;
  /** Calls back after each commit with the messages it stored: live views (server-sent events). Returns the way to stop. */
  onStored(listener: (outgoing: readonly Outgoing[]) => void): () => void;
  /** Begins: heartbeats, timers, takeovers, deliveries. */
  start(): void;
  /** Wakes the deliveries of a receiver that has come back. */
  wake(receiver: string): void;
  /** Graceful stop: no new runs, running steps are stopped and their jobs handed over, messages get `graceMs` to leave. */
  stop(graceMs: number): Promise<void>;
}
