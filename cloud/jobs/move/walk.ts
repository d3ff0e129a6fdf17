import type { Clock } from '../../../shared/clock.ts';
import { FAULTS, type Fault, isFault } from '../../../shared/faults.ts';
import type { Json } from '../../../shared/json.ts';
import type { Log } from '../../../shared/log.ts';
import type { JobRow } from '../../engine/job.ts';
import {
  type Run,
  type StepContext,
  type StepOptions,
  type StepResult,
  type StopReason,
  Stopped,
} from '../../engine/runbook.ts';
import type { Ids, NameServers, Prober, RecordSet, RecordStore } from '../../ports.ts';
import type { JobData } from '../command.ts';
import type { RateBudget, Urgency } from '../rate-budget.ts';
import type { Switch } from '../switch.ts';
import type { ZoneTurns } from '../zone-turn.ts';
import type { Pace } from './pace.ts';

/** What a move needs of the world and of the rules. */
export interface MoveOptions<State> {
  readonly switches: Readonly<Record<string, Switch>>;
  readonly records: RecordStore;
  readonly nameServers: NameServers;
  readonly prober: Prober;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /**
   * Asked about an automatic job in the very tick before its change is sent: null when it may, else why not any more,
   * in a sentence (its alert has closed, a human holds the switch, automation has tripped).
   */
  readonly mayStillSend: (job: JobRow<JobData>, state: State) => string | null;
  /** The records as the failover found them, for a restore to `before` whose job does not carry them; else null. */
  readonly beforeOf: (state: State) => readonly RecordSet[] | null;
  /** Shared with the watch; without one, every request goes at once. */
  readonly budget?: RateBudget;
  readonly pace?: Partial<Pace>;
}

/** One job on its way. */
export interface Walk<State> {
  readonly run: Run<JobData, State>;
  readonly target: Switch;
  readonly world: MoveOptions<State>;
  readonly turns: ZoneTurns;
  readonly budget: RateBudget;
  readonly pace: Pace;
}

/** How long the requests of a job may wait for those of others. A drill is in no hurry. */
export function urgencyOf<State>({ run }: Walk<State>): Urgency {
  const { automatic, command } = run.job.data;
  return automatic || command === 'drill' ? 'automation' : 'human';
}

/** A step's stored detail, and whether this run acted it (rather than one before a crash). */
export interface Taken<Detail> {
  readonly detail: Detail;
  readonly acted: boolean;
}

/**
 * Acts a step, or takes what an earlier run stored of it. An earlier run's end counts even when the run may not go on:
 * only so can a resumed run, interrupted before it began, know what it has sent.
 */
export async function take<State, Detail extends Json>(
  { run }: Walk<State>,
  name: string,
  act: (context: StepContext) => Promise<StepResult<Detail>>,
  options?: StepOptions,
): Promise<Taken<Detail>> {
  const stored = run.job.steps.find((step) => step.name === name);
  if (stored && stored.status !== 'running' && stored.status !== 'failed') {
    return { detail: stored.detail as Detail, acted: false };
  }
  return { detail: await run.step(name, act, options), acted: true };
}

/** Why the run may not go on, or undefined while it may. */
export function stopOf(signal: AbortSignal): StopReason | undefined {
  return signal.aborted && signal.reason instanceof Stopped ? signal.reason.reason : undefined;
}

/** A Fault that may go away by itself. */
export function isWeather(error: unknown): error is Fault {
  return isFault(error) && FAULTS[error.code].retry === 'backoff';
}

/** Lets weather pass. Throws everything else, with it what a stop threw. */
export function weather(error: unknown): Fault {
  if (isWeather(error)) return error;
  throw error;
}

/** `12:04:10 UTC`. */
export function timeOfDay(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 19)} UTC`;
}
