import type { Clock } from '../../shared/clock.ts';
import { COMMANDS } from '../../shared/command.ts';
import { isFault } from '../../shared/faults.ts';
import type { JobStatus } from '../../shared/messages.ts';
import type { JobRow } from '../engine/job.ts';
import type { Decision, JobChange, Seen } from '../engine/lane.ts';
import type { Store, Turn } from '../engine/store.ts';
import type { Meter } from '../ports.ts';
import type { JobData } from './command.ts';

type Operation = 'decide' | 'step' | 'write' | 'read';

/** What each call of the store counts as; one that is not named here is not timed. */
const OPERATIONS = {
  decide: 'decide',
  step: 'step',
  lane: 'read',
  timers: 'read',
  job: 'read',
  jobs: 'read',
  look: 'read',
  journal: 'read',
  journalBefore: 'read',
  journalAnchor: 'read',
  truncateJournal: 'write',
  nextOutgoing: 'read',
  outgoingDueAtMs: 'read',
  heartbeat: 'write',
  takeOver: 'write',
  handOver: 'write',
  prune: 'write',
  record: 'write',
  delivered: 'write',
  drop: 'write',
  postpone: 'write',
  hold: 'write',
  release: 'write',
  ping: 'write',
} as const satisfies { readonly [Name in keyof Store]?: Operation };

const ENDED: readonly JobStatus[] = ['succeeded', 'failed', 'refused', 'superseded', 'expired', 'cancelled'];

export interface MeasureOptions {
  readonly meter: Meter;
  readonly clock: Clock;
  /** Names of the configured switches. */
  readonly switches: readonly string[];
}

/**
 * The store, with its operations timed and, once they are committed, the ends of jobs and steps counted. It stands between
 * the engine and the store, so that only what is stored is ever counted, and by the one endpoint that stored it.
 */
export function measuredStore(store: Store, { meter, clock, switches }: MeasureOptions): Store {
  for (const operation of new Set(Object.values(OPERATIONS))) {
    meter.count('dashover_store_errors_total', { operation }, 0);
  }
  for (const name of switches) {
    for (const command of COMMANDS) meter.count('dashover_job_failures_total', { switch: name, command }, 0);
  }

  const timed = { ...store, ...timedCalls(store, meter, clock) };
  return {
    ...timed,
    async decide(turn, rule) {
      // A store may try its transaction again: what counts is what the rule said last.
      let count: (() => void) | undefined;
      const decided = await timed.decide(turn, (state, seen, known, ended) => {
        const decision = rule(state, seen, known, ended);
        count = () => countJobs(meter, turn, decision, ended ? [...seen.jobs, ended] : seen.jobs);
        return decision;
      });
      if (decided !== 'lease-lost') count?.();
      return decided;
    },
    async step(lease, step, announce) {
      const answer = await timed.step(lease, step, announce);
      const { name, status, startedAtMs, finishedAtMs } = step;
      if (answer !== 'lease-lost' && finishedAtMs !== null) {
        // A later round's steps carry its number: `change-2` is a `change`.
        const labels = { step: name.replace(/-\d+$/, ''), status };
        meter.time('dashover_step_seconds', labels, Math.max(0, finishedAtMs - startedAtMs) / 1_000);
      }
      return answer;
    },
  };
}

function timedCalls(store: Store, meter: Meter, clock: Clock): Pick<Store, keyof typeof OPERATIONS> {
  const calls = Object.entries(OPERATIONS).map(([name, operation]) => {
    const call = store[name as keyof typeof OPERATIONS] as (...given: unknown[]) => Promise<unknown>;
    const timed = async (...given: unknown[]): Promise<unknown> => {
      const sinceMs = clock.monotonicMs();
      try {
        const answer = await call(...given);
        meter.time('dashover_store_seconds', { operation }, (clock.monotonicMs() - sinceMs) / 1_000);
        return answer;
      } catch (error) {
        if (isFault(error, 'store-unavailable')) meter.count('dashover_store_errors_total', { operation });
        throw error;
      }
    };
    return [name, timed] as const;
  });
  return Object.fromEntries(calls) as unknown as Pick<Store, keyof typeof OPERATIONS>;
}

/** The ends among the changes of a decision; `before` are the jobs as they were. */
function countJobs(
  meter: Meter,
  { lane, nowMs }: Turn,
  { jobs }: Pick<Decision<unknown, unknown, unknown, unknown>, 'jobs'>,
  before: Seen<unknown, unknown>['jobs'],
): void {
  for (const change of jobs) {
    const end = endOf(change);
    if (!end) continue;
    const { status, data } = end;
    const { command, trigger, outcome, error } = data;
    meter.count('dashover_jobs_total', {
      switch: lane,
      command,
      trigger: trigger.kind,
      status,
      outcome: outcome ?? 'none',
    });
    const acceptedAtMs = before.find(({ id }: Pick<JobRow, 'id'>) => id === change.id)?.acceptedAtMs ?? nowMs;
    meter.time('dashover_job_seconds', { command, status }, Math.max(0, nowMs - acceptedAtMs) / 1_000);
    if (status === 'failed') meter.count('dashover_job_failures_total', { switch: lane, command });
    if (status === 'refused' || status === 'expired') {
      meter.count('dashover_refusals_total', { code: error?.code ?? status });
    }
  }
}

/** The engine carries the data of a job as JSON; what the rules put into it is said here, once. */
function endOf(change: JobChange<unknown>): { readonly status: JobStatus; readonly data: JobData } | undefined {
  if (change.kind !== 'add' && change.kind !== 'update') return undefined;
  return ENDED.includes(change.status) ? { status: change.status, data: change.data as JobData } : undefined;
}
