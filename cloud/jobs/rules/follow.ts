import { durationInWords } from '../../../shared/duration.ts';
import type { JobRow } from '../../engine/job.ts';
import type { JobData } from '../command.ts';
import { holdInWords } from '../sentences.ts';
import { openAlerts } from '../state.ts';
import { clip, sentence } from '../text.ts';
import { ALERT_CLOSED } from './automatic.ts';
import { ask, begin, beginWaiting, trip } from './begin.ts';
import { hear } from './clocks.ts';
import { endJob, startJob, updateJob, write, type Draft } from './draft.ts';
import { hearOfTrip } from './everywhere.ts';
import { dropEmptyIncident, openIncident } from './incident.ts';
import { alertToJudge, judged, judgeNow } from './judge.ts';
import { dataOfJudgement } from './new-job.ts';
import { runOut } from './ownership.ts';
import type { Wish } from './permit.ts';
import { refusal } from './refusal.ts';

/** Before anything else in a decision: what time alone has brought. */
export function passTime(draft: Draft): void {
  const { settings, nowMs } = draft;
  const clocks = draft.state;
  draft.state = hear(draft.state, settings.guards, nowMs);
  if (clocks.clearSinceMs !== draft.state.clearSinceMs) {
    const silentMs = nowMs - clocks.aliveAtMs;
    const why =
      silentMs < 0
        ? `The clock was set back by ${durationInWords(-silentMs)}`
        : `Nobody could hear alerts of ${settings.name} for ${durationInWords(silentMs)}`;
    write(draft, 'waits-afresh', `${why}; the wait before the restore of ${settings.name} begins afresh.`);
  }
  const before = draft.state.tripped;
  draft.state = hearOfTrip(draft.state, draft.everywhere);
  const { tripped } = draft.state;
  if (tripped && tripped !== before) {
    write(draft, 'tripped', `Automation has stopped itself: ${sentence(tripped.text)}`, { scope: tripped.scope });
  }
  endHolds(draft);
}

function endHolds(draft: Draft): void {
  const { nowMs, settings } = draft;
  const { state, ended, left } = runOut(draft.state, nowMs);
  draft.state = state;
  for (const hold of ended) {
    const owner = left ? holdInWords(left, nowMs) : 'Automation owns the switch again.';
    write(draft, 'hold-ended', `The hold of ${settings.name} by ${hold.by} ended by its time. ${owner}`);
  }
  if (ended.length === 0 || left) return;
  const { incident, heldRecovery } = state;
  const due = heldRecovery !== null && openAlerts(state).length === 0;
  const handedOver = {
    ...state,
    incident: incident && { ...incident, holdRanOut: true },
    heldRecovery: heldRecovery && { ...heldRecovery, due },
  };
  draft.state = judgeNow(handedOver, nowMs);
}

/** After anything in a decision: who is next. Humans first, then what waits, then what is still wrong. */
export function follow(draft: Draft): void {
  startQueued(draft);
  // What came to nothing is over before the next one begins: a failover from here on is an incident of its own.
  draft.state = dropEmptyIncident(draft.state, draft.jobs.some(isFailoverInHand));
  for (const job of draft.jobs.filter(({ status }) => status === 'waiting')) judgeWaiting(draft, job);
  judgeAlert(draft);
  judgeHeldRecovery(draft);
  const restoreWaits = draft.jobs.some(({ status, data }) => status === 'waiting' && data.command === 'restore');
  if (!restoreWaits) draft.state = { ...draft.state, clearSinceMs: null };
}

function startQueued(draft: Draft): void {
  for (const job of draft.jobs.filter(({ status }) => status === 'queued')) {
    if (draft.jobs.some(({ exclusive, status }) => exclusive && status === 'running')) return;
    const { expiresAtMs } = job.data;
    if (expiresAtMs !== null && draft.nowMs > expiresAtMs) {
      const error = refusal('expired', 'Its turn came after the time until which it was wanted.');
      endJob(draft, job, { status: 'expired', data: { ...job.data, error } });
    } else {
      const { id, data } = startJob(draft, job);
      // What the job before it has found may have ended the incident that this one was accepted in.
      if (data.command === 'failover') draft.state = openIncident(draft.state, id, 'human');
    }
  }
}

function judgeWaiting(draft: Draft, job: JobRow<JobData>): void {
  const { data } = job;
  const wish: Wish = {
    command: data.command === 'restore' ? 'restore' : 'failover',
    to: data.to,
    alert: data.alert ?? '',
  };
  // A human's restore that has just succeeded may have closed the alert that this failover waits with.
  if (wish.command === 'failover' && !openAlerts(draft.state).some(({ key }) => key === wish.alert)) {
    endJob(draft, job, { status: 'superseded', data: { ...data, note: ALERT_CLOSED } });
    return;
  }
  const verdict = ask(draft, wish, job.id);
  switch (verdict.kind) {
    case 'go':
      beginWaiting(draft, job);
      return;
    case 'wait':
      if (data.note !== verdict.why) updateJob(draft, job, { ...data, note: verdict.why });
      return;
    case 'join':
      endJob(draft, job, {
        status: 'superseded',
        data: { ...data, note: `Job ${verdict.job.id} makes the same move.` },
      });
      return;
    case 'refuse':
      endJob(draft, job, { status: 'refused', data: { ...data, error: verdict.error } });
      return;
    case 'trip':
      endJob(draft, job, { status: 'refused', data: { ...data, error: trip(draft, verdict.scope) } });
  }
}

/** Looks again at an alert that is still open: after a job's end, after a hold's end, after a wait. */
function judgeAlert(draft: Draft): void {
  const { state, nowMs } = draft;
  if (state.judge.atMs === null || state.judge.atMs > nowMs) return;
  const alert = alertToJudge(state);
  // A job in hand ends some day, and its end looks again.
  if (!alert || draft.jobs.some(({ exclusive }) => exclusive)) {
    draft.state = judged(state);
    return;
  }
  // This decision has added its job; the timer asks again at once.
  if (draft.idTaken) return;
  draft.state = judged(state);
  const wish: Wish = { command: 'failover', to: alert.to, alert: alert.key };
  const verdict = ask(draft, wish, null);
  switch (verdict.kind) {
    case 'go':
      begin(draft, verdict, dataOfJudgement(draft, wish, alert.by), { sender: 'automation', commandId: null });
      return;
    case 'refuse':
      write(
        draft,
        verdict.error.code === 'observe' ? 'would-have' : 'not-moved',
        `The alert ${clip(alert.title || alert.key, 120)} is still open. ${verdict.error.message}`,
        { alert: alert.key, code: verdict.error.code },
      );
      return;
    case 'trip':
      trip(draft, verdict.scope);
      return;
    case 'join':
    case 'wait':
  }
}

function judgeHeldRecovery(draft: Draft): void {
  const recovery = draft.state.heldRecovery;
  if (!recovery?.due || draft.idTaken || draft.jobs.some(({ exclusive }) => exclusive)) return;
  draft.state = { ...draft.state, heldRecovery: null };
  const wish: Wish = { command: 'restore', to: 'primary', alert: recovery.key };
  const verdict = ask(draft, wish, null);
  if (verdict.kind === 'join') return;
  begin(draft, verdict, dataOfJudgement(draft, wish, recovery.by), { sender: 'automation', commandId: null });
}

function isFailoverInHand({ status, data }: JobRow<JobData>): boolean {
  return data.command === 'failover' && (status === 'running' || status === 'queued');
}
