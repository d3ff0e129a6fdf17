import { isUnfinished, type JobEnd, type JobRow } from '../../engine/job.ts';
import type { Interrupt, JobData } from '../command.ts';
import { hasSwitched, isInDoubt } from '../in-hand.ts';
import { DIFFERENCES_MAX, recordsBefore, type Asker, type SwitchState } from '../state.ts';
import type { Switch } from '../switch.ts';
import { clip } from '../text.ts';
import { failoverSucceeded, restoreSucceeded, type Arrival } from './arrival.ts';
import { drift, observe, settleDoubt, type Adoption } from './external.ts';
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

/**
 * A human has joined, and the run did not know of it when it ended the job: what has stopped it (its probe, its alert,
 * drift) may be what stops automation alone.
 */
export function isOutOfDate(job: JobRow<JobData>, { status, data }: JobEnd<JobData>): boolean {
  const stopped = status === 'refused' || (status === 'superseded' && job.interrupt === null);
  return stopped && data.automatic && !job.data.automatic;
}

function interruptText({ interrupt }: JobRow<JobData>): string | undefined {
  return (interrupt as Partial<Interrupt> | null)?.text;
}

/** Who a job belongs to: the human who took it over, or whoever asked for it. */
function ownerOf({ takenOverBy, trigger }: JobData): Asker {
  return takenOverBy ?? { kind: trigger.kind, actor: trigger.actor };
}

/** What the end of a move makes of the switch. `job` is as it ended; drills change nothing and do not come here. */
export function afterMove(state: SwitchState, job: JobRow<JobData>, settings: Switch, nowMs: number): Adoption {
  if (isUnfinished(job)) throw new Error(`job ${job.id} has not ended`);
  const succeeded = job.status === 'succeeded';
  const found = whereNow(state, job, settings, nowMs);
  const arrived = succeeded ? arrive(found.state, job.data, settings, nowMs) : found.state;
  // A human's job ended: whatever is still wrong may move the switch at once. After an automatic failure, later.
  const judge = succeeded || !job.data.automatic ? judgeNow : judgeLater;
  return { ...found, state: judge(arrived, nowMs) };
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

/** Where the job's last look at the records has found the switch, and who is to thank for it. */
function whereNow(state: SwitchState, job: JobRow<JobData>, settings: Switch, nowMs: number): Adoption {
  const { data } = job;
  if (isInDoubt(job)) return { state: inDoubt(state, job, nowMs), text: null };
  if (hasSwitched(job)) return { state: moved(state, job, nowMs), text: null };
  if (job.status === 'succeeded' && !data.automatic) return wanted(state, data, settings, nowMs);
  // It has moved nothing: what it has read counts as what the watch reads.
  return data.reading ? observe(state, data.reading, settings, nowMs) : { state, text: null };
}

function moved(state: SwitchState, { id, data }: JobRow<JobData>, nowMs: number): SwitchState {
  const { kind: trigger, actor } = ownerOf(data);
  // Had the restore in doubt that began here not been made, there would have been nothing to move: it gave them back.
  const { doubt } = state;
  const givenBack = doubt?.command === 'restore' && doubt.from === data.to;
  return {
    ...state,
    ...placeOf(data),
    doubt: null,
    sinceMs: nowMs,
    by: { trigger, actor, job: id },
    cachesUntilMs: data.cachesUntilMs,
    before: data.before ?? (givenBack ? null : recordsBefore(state)),
  };
}

/** A human found it where they wanted it: it is theirs by their own command, whoever else may have moved it there. */
function wanted(state: SwitchState, data: JobData, settings: Switch, nowMs: number): Adoption {
  const found = placeOf(data);
  if (found.position === state.position) return { state: { ...state, ...found }, text: null };
  // The records from before, as they wanted them: no drift to tell of.
  if (data.reading?.kind === 'drifted') {
    return { ...drift(state, data.reading.differences, settings.name, nowMs), text: null };
  }
  const there = { ...state, ...found, doubt: null, sinceMs: nowMs, by: null };
  return settleDoubt(state, found.position, settings, nowMs) ?? { state: there, text: null };
}

/** The position that a job which has succeeded has reached. */
function placeOf({ reading, to }: JobData): Pick<SwitchState, 'position' | 'drift'> {
  switch (reading?.kind) {
    case 'position':
      return { position: reading.position, drift: [] };
    case 'drifted':
      return { position: 'drifted', drift: bounded(reading.differences) };
    case 'unknown':
    case undefined:
      // The change is in; only the records from before are no position.
      return { position: to === 'before' ? 'drifted' : to, drift: [] };
  }
}

function bounded(differences: readonly string[]): readonly string[] {
  return differences.slice(0, DIFFERENCES_MAX).map((difference) => clip(difference, 300));
}

function inDoubt(state: SwitchState, { id, data }: JobRow<JobData>, nowMs: number): SwitchState {
  // What a failover has found at no position was there when it began, though nobody may have seen it before.
  const found = data.command === 'failover' ? data.before : null;
  const doubt = {
    job: id,
    command: data.command,
    from: state.doubt?.from ?? (found ? 'drifted' : state.position),
    to: data.to,
    automatic: data.automatic,
    by: ownerOf(data),
    reason: data.reason,
    before: found ?? state.doubt?.before ?? null,
    incidentMoved: state.doubt?.incidentMoved ?? state.incident?.moved ?? false,
    earlier: state.doubt && { ...state.doubt, earlier: null },
  };
  return confirmIncident({ ...state, position: 'unknown', sinceMs: nowMs, by: null, drift: [], doubt });
}
