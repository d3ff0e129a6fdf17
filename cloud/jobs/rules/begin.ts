import type { JobRow } from '../../engine/job.ts';
import type { JobData } from '../command.ts';
import { jobInWords } from '../sentences.ts';
import { holdInForce, openAlerts } from '../state.ts';
import { place } from '../text.ts';
import type { Answer, From } from './answer.ts';
import { about, addJob, endJob, interruptJob, startJob, write, type Draft } from './draft.ts';
import { countMove, hearOfTrip, tripEverywhere } from './everywhere.ts';
import { flappingTrip } from './flapping.ts';
import { openIncident } from './incident.ts';
import { permit, type Verdict, type Wish } from './permit.ts';
import { refusal, type CodedRefusal } from './refusal.ts';
import { placeAutomatic } from './schedule.ts';

/** May automation do this now? `own` is the waiting job that asks, when it is one. */
export function ask(draft: Draft, wish: Wish, own: string | null): Verdict {
  const { settings, automation, state, everywhere, nowMs } = draft;
  const jobs = draft.jobs.filter(({ id, exclusive, status }) => exclusive && status !== 'waiting' && id !== own);
  return permit(wish, { settings, automation, state, everywhere, jobs, nowMs });
}

/** A new job by automation, as the verdict says: running, waiting or refused. A verdict to join is its caller's. */
export function begin(draft: Draft, verdict: Exclude<Verdict, { kind: 'join' }>, data: JobData, from: From): Answer {
  switch (verdict.kind) {
    case 'go': {
      makeRoom(draft, data.to);
      const job = addJob(draft, { status: 'running', ...from, data });
      write(draft, 'accepted', jobInWords(job), about(job));
      begun(draft, job);
      return { job, refusal: null, text: jobInWords(job) };
    }
    case 'wait': {
      if (data.command === 'restore') draft.state = { ...draft.state, clearSinceMs: draft.nowMs };
      const job = addJob(draft, { status: 'waiting', ...from, data: { ...data, note: verdict.why } });
      write(draft, 'waiting', jobInWords(job), about(job));
      return { job, refusal: null, text: jobInWords(job) };
    }
    case 'refuse': {
      if (verdict.error.code === 'held') holdRecovery(draft, data);
      return recordRefusal(draft, data, verdict.error, from);
    }
    case 'trip':
      return recordRefusal(draft, data, trip(draft, verdict.scope), from);
  }
}

/** A waiting job by automation is permitted: it starts. */
export function beginWaiting(draft: Draft, job: JobRow<JobData>): void {
  for (const drill of placeAutomatic(draft.jobs).interrupt) giveWay(draft, drill, job.data.to);
  begun(draft, startJob(draft, job));
}

function makeRoom(draft: Draft, to: string): void {
  const room = placeAutomatic(draft.jobs);
  for (const job of room.supersede) {
    endJob(draft, job, {
      status: 'superseded',
      data: { ...job.data, note: `Automation moves the switch to ${place(to)} instead.` },
    });
  }
  for (const drill of room.interrupt) giveWay(draft, drill, to);
}

function giveWay(draft: Draft, drill: JobRow<JobData>, to: string): void {
  interruptJob(draft, drill, { status: 'superseded', text: `The drill gives way to a real move to ${place(to)}.` });
}

function begun(draft: Draft, job: JobRow<JobData>): void {
  const { settings, nowMs } = draft;
  draft.everywhere = countMove(draft.everywhere, { switch: settings.name, job: job.id, atMs: nowMs });
  if (job.data.command === 'failover') draft.state = openIncident(draft.state, job.id, 'automation');
}

/**
 * A recovery that a human's hold keeps from moving anything is judged when that hold ends by its time: one that comes
 * during the hold, and one whose restore the hold finds in hand. A restore that arrives all the same has it forgotten.
 */
export function holdRecovery(draft: Draft, { command, alert, trigger }: JobData): void {
  if (command !== 'restore' || alert === null || !holdInForce(draft.state) || openAlerts(draft.state).length > 0)
    return;
  draft.state = {
    ...draft.state,
    heldRecovery: { key: alert, by: { kind: trigger.kind, actor: trigger.actor }, due: false },
  };
}

/** Automation stops itself, and says with which words the job that would have moved is refused. */
export function trip(draft: Draft, scope: 'switch' | 'everywhere'): CodedRefusal {
  const { settings, automation, nowMs } = draft;
  if (scope === 'everywhere') {
    draft.everywhere = tripEverywhere(draft.everywhere, automation, nowMs);
    draft.state = hearOfTrip(draft.state, draft.everywhere);
    draft.tripped = true;
  } else {
    draft.state = { ...draft.state, tripped: flappingTrip(settings.name, settings.guards, nowMs) };
  }
  const why = draft.state.tripped?.text ?? '';
  write(draft, 'tripped', `Automation has stopped itself: ${why}.`, { scope });
  return refusal('tripped', `Automation has stopped itself: ${why}.`);
}

/** A refusal that is recorded as a job. In observe mode the journal calls it what it is: what would have been done. */
export function recordRefusal(draft: Draft, data: JobData, error: CodedRefusal, from: From): Answer {
  const job = addJob(draft, { status: 'refused', ...from, data: { ...data, error } });
  write(draft, error.code === 'observe' ? 'would-have' : 'refused', jobInWords(job), about(job));
  return { job, refusal: error, text: jobInWords(job) };
}
