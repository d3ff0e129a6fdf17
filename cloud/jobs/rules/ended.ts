import { isUnfinished, type JobEnd, type JobRow } from '../../engine/job.ts';
import type { Interrupt, JobData } from '../command.ts';
import { isInDoubt } from '../in-hand.ts';
import { DIFFERENCES_MAX, type Asker, type SwitchState } from '../state.ts';
import type { Switch } from '../switch.ts';
import { clip } from '../text.ts';
import { failoverSucceeded, restoreSucceeded, type Arrival } from './arrival.ts';
import { adopt } from './external.ts';
import { confirmIncident } from './incident.ts';
import { judgeLater, judgeNow } from './judge.ts';

/**
 * The data of a job that has ended: what the runbook found out, and what the rules wrote meanwhile. Its runbook may have
 * begun before somebody joined, so what it carries of the rules' part can be old.
 */
export function endData(job: JobRow<JobData>, end: JobEnd<JobData>): JobData {
  const { outcome, verified, cachesUntilMs, reading, before, error } = end.data;
  const stopped = end.status === 'superseded' || end.status === 'cancelled';
  const note = end.data.note ?? (stopped ? interruptText(job) : undefined);
  const { note: waited, ...data } = job.data;
  const kept = note ?? waited;
  return {
    ...data,
    outcome,
    verified,
    cachesUntilMs,
    reading,
    before,
    error,
    ...(kept === undefined ? {} : { note: kept }),
  };
}

function interruptText({ interrupt }: JobRow<JobData>): string | undefined {
  return (interrupt as Partial<Interrupt> | null)?.text;
}

/** Who a job belongs to: the human who took it over, or whoever asked for it. */
function ownerOf({ takenOverBy, trigger }: JobData): Asker {
  return takenOverBy ?? { kind: trigger.kind, actor: trigger.actor };
}

/** What the end of a move makes of the switch. `job` is as it ended; drills change nothing and do not come here. */
export function afterMove(state: SwitchState, job: JobRow<JobData>, settings: Switch, nowMs: number): SwitchState {
  if (isUnfinished(job)) throw new Error(`job ${job.id} has not ended`);
  const succeeded = job.status === 'succeeded';
  const placed = whereNow(state, job, settings.name, nowMs);
  const arrived = succeeded ? arrive(placed, job.data, settings, nowMs) : placed;
  // A human's job ended: whatever is still wrong may move the switch at once. After an automatic failure, later.
  return succeeded || !job.data.automatic ? judgeNow(arrived, nowMs) : judgeLater(arrived, nowMs);
}

function arrive(state: SwitchState, data: JobData, settings: Switch, nowMs: number): SwitchState {
  const arrival: Arrival = {
    to: data.to,
    automatic: data.automatic,
    by: ownerOf(data),
    reason: data.reason,
    switched: data.outcome === 'switched',
  };
  return data.command === 'restore'
    ? restoreSucceeded(state, arrival, settings.guards, nowMs)
    : failoverSucceeded(state, arrival, settings.guards, nowMs);
}

/** The position as the job's last look at the records says it, and who is to thank for it. */
function whereNow(state: SwitchState, job: JobRow<JobData>, name: string, nowMs: number): SwitchState {
  const { data } = job;
  if (isInDoubt(job)) return inDoubt(state, job, nowMs);
  const switched = data.outcome === 'switched';
  const kept = switched ? { ...state, cachesUntilMs: data.cachesUntilMs, before: data.before ?? state.before } : state;
  const found = positionFound(data, job.status === 'succeeded');
  if (found === null) return kept;
  const drift = data.reading?.kind === 'drifted' ? bounded(data.reading.differences) : [];
  const moved = {
    ...kept,
    position: found,
    drift,
    doubt: null,
    sinceMs: found === state.position && !switched ? state.sinceMs : nowMs,
  };
  if (switched) {
    const { kind: trigger, actor } = ownerOf(data);
    return { ...moved, by: { trigger, actor, job: job.id } };
  }
  if (found === state.position) return { ...moved, by: state.by };
  // Somebody else moved it before this job looked. A human who wanted it there owns it by their own command.
  const wanted = job.status === 'succeeded' && !data.automatic;
  return wanted || found === 'drifted' ? { ...moved, by: null } : adopt(kept, found, name, nowMs).state;
}

function positionFound(data: JobData, succeeded: boolean): string | null {
  switch (data.reading?.kind) {
    case 'position':
      return data.reading.position;
    case 'drifted':
      return 'drifted';
    case 'unknown':
    case undefined:
      // It succeeded, so the change is in; only the records from before are no position.
      if (!succeeded) return null;
      return data.to === 'before' ? 'drifted' : data.to;
  }
}

function bounded(differences: readonly string[]): readonly string[] {
  return differences.slice(0, DIFFERENCES_MAX).map((difference) => clip(difference, 300));
}

function inDoubt(state: SwitchState, { id, data }: JobRow<JobData>, nowMs: number): SwitchState {
  const doubt = {
    job: id,
    command: data.command,
    from: state.doubt?.from ?? state.position,
    to: data.to,
    automatic: data.automatic,
    by: ownerOf(data),
    reason: data.reason,
    before: data.command === 'failover' ? data.before : null,
    incidentMoved: state.doubt?.incidentMoved ?? state.incident?.moved ?? false,
  };
  return confirmIncident({ ...state, position: 'unknown', sinceMs: nowMs, by: null, drift: [], doubt });
}
