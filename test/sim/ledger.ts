import { isUnfinished, type JobRow, type Lease } from '../../cloud/engine/job.ts';
import type { Claim } from '../../cloud/engine/store.ts';
import type { JobData } from '../../cloud/jobs/command.ts';
import type { SwitchState } from '../../cloud/jobs/state.ts';
import type { Decided } from './store.ts';

/** What the simulator knows of a job, from the decisions that were committed. */
export interface KnownJob {
  readonly id: string;
  readonly lane: string;
  status: JobRow['status'];
  exclusive: boolean;
  data: JobData;
  startedAtMs: number | null;
  deadlineAtMs: number | null;
  interrupted: boolean;
  /** A cancel was accepted: told that it is over, or that it is told to stop. */
  cancelled: boolean;
  /** When a change of it first left a process. */
  sentAtMs: number | null;
  /** The latest moment at which any command that became part of it may have been started; null for no such limit. */
  startBeforeMs: number | null;
  /** Places in the history of its switch: where it stood when the job started. */
  historyAtStart: number;
  /** A change of it that Route 53 accepted and never made. */
  forgotten: boolean;
}

/** One change of the records of a switch, by a job, or by somebody that no job answers for. */
interface Written {
  readonly by: string | null;
  readonly atMs: number;
}

/** Everything that was decided, claimed and written so far, kept apart from the code that is being tested. */
export interface Ledger {
  readonly jobs: Map<string, KnownJob>;
  readonly states: Map<string, SwitchState>;
  /** Oldest first, by switch. */
  readonly history: Map<string, Written[]>;
  /** Sender and command id to the job that it became. */
  readonly known: Map<string, string>;
  claim(claims: readonly Claim[]): void;
  handOver(leases: readonly Lease[]): void;
  /** Whether that lease is the newest claim of its job. */
  isNewest(lease: Lease): boolean;
  /** Whether that process holds the newest claim. */
  owns(process: string, job: string): boolean;
  unfinished(lane: string): readonly KnownJob[];
  apply(what: Decided): void;
}

export function makeLedger(lanes: readonly string[]): Ledger {
  const jobs = new Map<string, KnownJob>();
  const states = new Map<string, SwitchState>();
  const history = new Map<string, Written[]>(lanes.map((lane) => [lane, []]));
  const newest = new Map<string, { readonly owner: string | null; readonly token: number }>();

  function isNewest({ job, owner, token }: Lease): boolean {
    const claim = newest.get(job);
    return claim?.owner === owner && claim.token === token;
  }

  return {
    jobs,
    states,
    history,
    known: new Map(),
    claim(claims) {
      for (const { lease } of claims) newest.set(lease.job, { owner: lease.owner, token: lease.token });
    },
    handOver(leases) {
      for (const lease of leases) {
        if (isNewest(lease)) newest.set(lease.job, { owner: null, token: lease.token + 1 });
      }
    },
    isNewest,
    owns: (process, job) => newest.get(job)?.owner === process,
    unfinished: (lane) => [...jobs.values()].filter((job) => job.lane === lane && isUnfinished(job)),
    apply({ turn, decision }) {
      states.set(turn.lane, decision.state);
      const historyAtStart = history.get(turn.lane)?.length ?? 0;
      for (const change of decision.jobs) {
        if (change.kind === 'add') {
          const running = change.status === 'running';
          jobs.set(change.id, {
            id: change.id,
            lane: turn.lane,
            status: change.status,
            exclusive: change.exclusive,
            data: change.data,
            startedAtMs: running ? turn.nowMs : null,
            deadlineAtMs: change.deadlineAtMs,
            interrupted: false,
            cancelled: false,
            sentAtMs: null,
            startBeforeMs: null,
            historyAtStart,
            forgotten: false,
          });
          continue;
        }
        const job = jobs.get(change.id);
        if (!job) continue;
        if (change.kind === 'interrupt') job.interrupted = true;
        if (change.kind === 'start') {
          Object.assign(job, {
            status: 'running',
            data: change.data,
            startedAtMs: turn.nowMs,
            deadlineAtMs: change.deadlineAtMs,
            historyAtStart,
          });
        }
        if (change.kind === 'update') {
          job.status = change.status;
          job.data = change.data;
        }
      }
    },
  };
}
