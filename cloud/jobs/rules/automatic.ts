import type { AlertEvent, NoMove } from '../command.ts';
import { jobInWords } from '../sentences.ts';
import { openAlerts } from '../state.ts';
import { clip } from '../text.ts';
import type { MoveCommand } from './admit.ts';
import { alertKey, closeAlert, openAlert, type Heard } from './alerts.ts';
import type { Answer, From } from './answer.ts';
import { ask, begin, recordRefusal } from './begin.ts';
import { endJob, updateJob, write, type Draft } from './draft.ts';
import { dataOf, joinJob } from './new-job.ts';
import type { Wish } from './permit.ts';
import { refusal } from './refusal.ts';

/** An automatic failover or restore: the alert is remembered whatever comes of it, then automation may or may not. */
export function automaticMove(draft: Draft, move: MoveCommand, to: string, from: From): Answer {
  const command = move.command === 'restore' ? 'restore' : 'failover';
  const event = move.alert ?? namelessAlert(draft.settings.name, move);
  const key = alertKey(event);
  const heard = hearAlert(draft, command, event, move, to);
  if (command === 'failover' && heard.kind === 'acknowledged') return refuseAcknowledged(draft, move, to, key, from);
  if (heard.kind !== 'opened' && heard.kind !== 'closed') return movesNothing(draft, command, key, heard.kind, event);
  if (heard.kind === 'opened') alertOpened(draft, event);
  else alertClosed(draft, key, event);
  return act(draft, { command, to, alert: key }, move, from);
}

/** A source that names no alert is one alert: its failover opens it, its restore closes it. */
function namelessAlert(name: string, { origin }: MoveCommand): AlertEvent {
  return { key: `url:${name}`, cycle: null, title: `HTTP trigger ${origin.actor}`, atMs: null };
}

function hearAlert(draft: Draft, command: Wish['command'], event: AlertEvent, move: MoveCommand, to: string): Heard {
  const opening = {
    event,
    nameless: move.alert === null,
    to: command === 'failover' ? to : draft.settings.failoverTo,
    by: { kind: move.origin.kind, actor: move.origin.actor },
  };
  const hear = command === 'failover' ? openAlert : closeAlert;
  const heard = hear(draft.state.alerts, opening, draft.nowMs);
  draft.state = { ...draft.state, alerts: heard.alerts };
  return heard;
}

function alertOpened(draft: Draft, event: AlertEvent): void {
  write(draft, 'alert-opened', `Alert opened: ${clip(event.title || event.key, 120)}.`, { alert: alertKey(event) });
  draft.state = { ...draft.state, heldRecovery: null };
  for (const job of draft.jobs.filter(({ status, data }) => status === 'waiting' && data.command === 'restore')) {
    endJob(draft, job, { status: 'superseded', data: { ...job.data, note: 'An alert opened while it waited.' } });
  }
}

/** Jobs that answered this alert answer another open one from now on, or are not wanted any more. */
function alertClosed(
  draft: Draft,
  key: string,
  event: AlertEvent | { readonly key: string; readonly title: string },
): void {
  write(draft, 'alert-closed', `Alert closed: ${clip(event.title || event.key, 120)}.`, { alert: key });
  dropAlert(draft, key);
}

/** Why a failover that waited is not wanted any more. */
export const ALERT_CLOSED = 'Its alert closed while it waited.';

/** Also when a human clears the alert. A running job finds out at its last look before the change. */
export function dropAlert(draft: Draft, key: string): void {
  const other = openAlerts(draft.state).find(({ acknowledged }) => !acknowledged);
  for (const job of draft.jobs.filter(
    ({ data }) => data.command === 'failover' && data.automatic && data.alert === key,
  )) {
    if (other) updateJob(draft, job, { ...job.data, alert: other.key });
    else if (job.status !== 'running') {
      endJob(draft, job, { status: 'superseded', data: { ...job.data, note: ALERT_CLOSED } });
    }
  }
}

const NOTHING: Readonly<Record<NoMove, string>> = {
  repeat: 'is open already; a repeat moves nothing',
  acknowledged: 'was acknowledged; a repeat moves nothing',
  'not-open': 'is not open; its recovery moves nothing',
  late: 'was overtaken by newer news of the same alert; it moves nothing',
  old: 'is too old to act on; it is only recorded',
  'too-many': 'is one of too many open alerts to remember; it moves nothing',
};

function movesNothing(draft: Draft, command: Wish['command'], key: string, kind: NoMove, event: AlertEvent): Answer {
  const text = `The alert ${clip(event.title || event.key, 120)} ${NOTHING[kind]}.`;
  write(draft, `alert-${kind}`, text, { alert: key, command });
  const job = draft.jobs.find(({ data }) => data.alert === key && data.command === command) ?? null;
  return { job, refusal: null, text, movedNothing: kind };
}

function refuseAcknowledged(draft: Draft, move: MoveCommand, to: string, key: string, from: From): Answer {
  const error = refusal(
    'acknowledged',
    `A human restored ${draft.settings.name} over this alert, which is still open.`,
  );
  return recordRefusal(draft, dataOf(draft, move, to, { commandId: from.commandId, alert: key }), error, from);
}

/** What permit says of a command that has just arrived, done. */
function act(draft: Draft, wish: Wish, move: MoveCommand, from: From): Answer {
  const verdict = ask(draft, wish, null);
  if (verdict.kind === 'join') {
    const job = joinJob(draft, verdict.job, move, from);
    return { job, refusal: null, text: jobInWords(job) };
  }
  if (verdict.kind === 'wait') {
    const waiting = draft.jobs.find(({ status, data }) => status === 'waiting' && data.to === wish.to);
    if (waiting) {
      const job = joinJob(draft, waiting, move, from);
      return { job, refusal: null, text: jobInWords(job) };
    }
  }
  const data = dataOf(draft, move, wish.to, { commandId: from.commandId, alert: wish.alert });
  return begin(draft, verdict, data, from);
}
