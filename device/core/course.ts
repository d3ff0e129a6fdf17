/** The course of a press: made, sent and repeated, answered, followed to its end, or dropped at its deadline. */
import type { Command, CommandName } from '../../shared/command.ts';
import type { Job, State } from '../../shared/messages.ts';
import { durationInWords } from '../../shared/duration.ts';
import type { ControllerEvent, ControllerState, Effect, Turn } from './controller-state.ts';
import { lampOf, mayBeRepeated, stateLamp } from './lamp.ts';
import type { Lamp } from './lamp-signal.ts';
import { type Reply, SEND_MS_MAX } from './ports.ts';
import { carriesOut, EARLIER_MAX, type Intent, isOf, type Notice, type Press, repeatMs, type Road } from './press.ts';

/** How long a refusal or a finished drill stays on the lamp, unless the button is touched. */
const NOTICE_MS = 60_000;
/** A press that was not heard is bad news for somebody who may be on the way back to the button. */
const NOT_DELIVERED_NOTICE_MS = 300_000;
/** How long the state may lag behind the end of its job before the lamp stops waiting for it. */
const SETTLE_MS_MAX = 5_000;
/** Without a connection that would tell more, the lamp goes on showing what was confirmed, but not for ever. */
const CONFIRMED_NOTICE_MS = 300_000;
/** Without a word about a job for this long, the lamp goes back to the state of the switch. */
const SILENCE_MS_MAX = 900_000;

const NONE: Press = { kind: 'none' };
const say = (text: string): Effect => ({ kind: 'say', text });

/** What has run out by now: the deadline of a press, the patience with its job, old news. */
export function timePassed(before: ControllerState, atMs: number): Turn {
  const notice = before.notice && atMs >= before.notice.untilMs ? null : before.notice;
  const state: ControllerState = { ...before, notice };
  const { press } = state;
  switch (press.kind) {
    case 'none':
      return { next: state, effects: [] };
    case 'unanswered':
      return atMs < press.intent.deadlineAtMs ? { next: state, effects: [] } : drop(state, press, atMs);
    case 'followed':
      if (atMs < press.untilMs) return { next: state, effects: [] };
      return unheard(state, press.intent, `Nothing was heard of it for ${durationInWords(SILENCE_MS_MAX)}.`, atMs);
    case 'settling':
      return { next: atMs < press.untilMs ? state : settled(state, press.job, undefined, atMs), effects: [] };
  }
}

/** The job has done what was asked. Without a connection, what is known of it is shown for a while. */
function settled(state: ControllerState, job: Job, told: State | undefined, atMs: number): ControllerState {
  const over: ControllerState = { ...state, press: NONE };
  if (state.link.up) return over;
  const known: Lamp = told
    ? stateLamp(told, state.settings.device)
    : { name: job.to === 'primary' ? 'primary' : 'maintenance', text: job.text };
  const text = `${known.text} There is no connection to the broker; this is the last that was heard.`;
  return { ...over, notice: { kind: 'confirmed', lamp: { ...known, text }, untilMs: atMs + CONFIRMED_NOTICE_MS } };
}

/** Sends the open press when its turn has come. */
export function sendWhenDue(state: ControllerState, atMs: number): Turn {
  const { press } = state;
  if (press.kind !== 'unanswered' || !state.link.up || atMs < press.nextSendAtMs) return { next: state, effects: [] };
  const sends = press.sends + 1;
  // The road answers within SEND_MS_MAX and then sets the next repeat; this is for one that never does.
  const nextSendAtMs = atMs + SEND_MS_MAX + repeatMs(sends);
  return {
    next: { ...state, press: { ...press, sends, nextSendAtMs } },
    effects: [{ kind: 'send', road: 'mqtt', command: message(state, press.intent, atMs) }],
  };
}

export function message(state: ControllerState, intent: Intent, atMs: number): Command {
  return {
    command: intent.command,
    switch: state.settings.switch,
    id: intent.id,
    ageMs: Math.max(0, Math.round(atMs - intent.pressedAtMs)),
    expiresInMs: Math.round(intent.deadlineAtMs - intent.pressedAtMs),
    ...(intent.ifRevision === null ? {} : { ifRevision: intent.ifRevision }),
  };
}

function drop(state: ControllerState, press: Press & { kind: 'unanswered' }, atMs: number): Turn {
  const { intent, https } = press;
  const sends = press.sends + https.sends;
  const notice: Notice = { kind: 'not-delivered', intent, sends, untilMs: atMs + NOT_DELIVERED_NOTICE_MS };
  const next: ControllerState = { ...state, press: NONE, notice };
  return { next, effects: [say(lampOf({ ...next, finger: 'off' }).text)] };
}

/**
 * A gesture became a wish. It takes the place of the unanswered one, which is never sent again: with a deadline of its
 * own, so that a press is never dropped with an older one, and an id of its own, which joins at the endpoint what the
 * older one may have begun there. A drill does not push a real command aside, answered or not: its news would not reach
 * the lamp any more.
 */
export function pressed(
  state: ControllerState,
  wish: { readonly command: CommandName; readonly id: string; readonly pressedAtMs: number; readonly atMs: number },
): Turn {
  const { press } = state;
  const effects: Effect[] = [];
  let earlier: readonly string[] = [];
  const older = press.kind === 'none' ? undefined : press.intent.command;
  if (wish.command === 'drill' && older !== undefined && older !== 'drill') {
    const so = press.kind === 'unanswered' ? 'unanswered' : 'under way';
    return { next: state, effects: [say(`No drill while the ${older} is ${so}.`)] };
  }
  if (press.kind === 'unanswered') {
    if (older === wish.command) {
      earlier = [...press.intent.earlier, press.intent.id].slice(-EARLIER_MAX);
      effects.push(say(`The ${older} was on its way already; from now on this press counts.`));
    } else {
      const fate = press.sends + press.https.sends === 0 ? 'was never sent' : 'had been sent, and is not repeated';
      effects.push(say(`The ${wish.command} takes the place of the ${older}, which ${fate}.`));
    }
  }
  const intent: Intent = {
    id: wish.id,
    command: wish.command,
    pressedAtMs: wish.pressedAtMs,
    deadlineAtMs: wish.pressedAtMs + state.settings.deadlineMs,
    ifRevision: wish.command === 'restore' ? seenRevision(state, wish.pressedAtMs) : null,
    earlier,
    recovered: false,
  };
  return { next: { ...state, press: begun(intent, wish.atMs) }, effects };
}

function seenRevision({ glance, shown }: ControllerState, pressedAtMs: number): number | null {
  const seen = glance && pressedAtMs <= glance.untilMs ? glance.revision : null;
  return seen ?? shown?.state.revision ?? null;
}

/** The second road waits for a third of the deadline, so that MQTT has its chance and HTTPS some more of them. */
function begun(intent: Intent, atMs: number): Press {
  const { pressedAtMs, deadlineAtMs } = intent;
  const https = { tries: 0, sends: 0, nextSendAtMs: pressedAtMs + Math.round((deadlineAtMs - pressedAtMs) / 3) };
  return { kind: 'unanswered', intent, sends: 0, nextSendAtMs: atMs, https };
}

/** What an earlier process left unanswered goes on, under its id and until its deadline. */
export function recovered(state: ControllerState, intent: Intent, atMs: number): Turn {
  const text = `The ${intent.command} pressed before the program restarted is still unanswered.`;
  return { next: { ...state, press: begun(intent, atMs) }, effects: [say(text)] };
}

/** What an earlier process left unanswered, and may not be sent any more. */
export function lost(state: ControllerState, text: string, atMs: number): Turn {
  const notice: Notice = { kind: 'lost', text, untilMs: atMs + NOT_DELIVERED_NOTICE_MS };
  return { next: { ...state, notice }, effects: [say(text)] };
}

/** A press is as old as the world is, not as the machine was awake: its deadline may have passed in its sleep. */
export function slept(state: ControllerState, ms: number): Turn {
  const { press } = state;
  if (press.kind !== 'unanswered') return { next: state, effects: [] };
  const { pressedAtMs, deadlineAtMs, command } = press.intent;
  const intent = { ...press.intent, pressedAtMs: pressedAtMs - ms, deadlineAtMs: deadlineAtMs - ms };
  const https = { ...press.https, nextSendAtMs: press.https.nextSendAtMs - ms };
  const text = `The machine has slept for ${durationInWords(Math.round(ms / 1_000) * 1_000)}: the ${command} is that much older.`;
  return { next: { ...state, press: { ...press, intent, https } }, effects: [say(text)] };
}

/** How a send went, as far as the road knows. Whatever it was, only the endpoint's answer ends the repeats. */
export function sentOnce(
  state: ControllerState,
  { id, delivery, road = 'mqtt', atMs }: ControllerEvent & { kind: 'delivery' },
): Turn {
  const { press } = state;
  if (press.kind !== 'unanswered' || press.intent.id !== id) return { next: state, effects: [] };
  const effects = delivery.kind === 'taken' ? [] : [say(delivery.text)];
  const withdrawn = delivery.kind === 'not-sent' ? 1 : 0;
  if (road === 'https') {
    const { tries } = press.https;
    const sends = Math.max(0, press.https.sends - withdrawn);
    const https = { tries, sends, nextSendAtMs: atMs + repeatMs(tries) };
    return { next: { ...state, press: { ...press, https } }, effects };
  }
  const sends = Math.max(0, press.sends - withdrawn);
  return { next: { ...state, press: { ...press, sends, nextSendAtMs: atMs + repeatMs(sends) } }, effects };
}

/** A message of the endpoint about a press of this device. What is about an older one only gets said. */
export function answered(state: ControllerState, reply: Reply, road: Road, atMs: number): Turn {
  const { press, notice } = state;
  const intent = press.kind === 'none' ? (notice && 'intent' in notice ? notice.intent : undefined) : press.intent;
  if (reply.type === 'refused') {
    // Also when it comes after the deadline: that it was heard and refused is more than that it was not heard.
    const open = press.kind === 'unanswered' || press.kind === 'none';
    if (!intent || reply.id !== intent.id || !open) return { next: state, effects: [say(reply.text)] };
    const { code } = reply.error;
    if (mayBeRepeated(code)) return { next: state, effects: [say(reply.text)] };
    return end(state, { kind: 'refused', code, text: reply.text, untilMs: atMs + NOTICE_MS });
  }
  const { job } = reply;
  const known = press.kind === 'followed' || press.kind === 'settling' ? press.job : undefined;
  if (!intent || !(job.id === known?.id || carriesOut(job, intent))) {
    return { next: state, effects: [say(`An earlier press: ${job.text}`)] };
  }
  if (known && isOlder(job, known)) return { next: state, effects: [] };
  return follow(state, intent, job, road, atMs);
}

/** QoS 1 may deliver a message again, after younger ones: a job does not go back. */
function isOlder(told: Job, known: Job): boolean {
  return told.id === known.id && progress(told) < progress(known);
}

function progress(job: Job): number {
  if (job.finishedAt !== null) return 2;
  return job.status === 'running' ? 1 : 0;
}

function follow(state: ControllerState, intent: Intent, job: Job, road: Road, atMs: number): Turn {
  const told = { intent, job, road, nextAskAtMs: atMs };
  const text = road === 'https' ? `${job.text} Told over HTTPS.` : job.text;
  switch (job.status) {
    case 'waiting':
    case 'queued':
    case 'running': {
      const press: Press = { kind: 'followed', ...told, missed: false, untilMs: atMs + SILENCE_MS_MAX };
      return { next: { ...state, press, notice: null }, effects: [] };
    }
    case 'succeeded': {
      const effects = [say(text)];
      if (intent.command === 'drill') {
        return end(state, { kind: 'drilled', text, untilMs: atMs + NOTICE_MS });
      }
      if (tellsEndOf(state.shown?.state, job)) return { next: { ...state, press: NONE, notice: null }, effects };
      const press: Press = { kind: 'settling', ...told, untilMs: atMs + SETTLE_MS_MAX };
      return { next: { ...state, press, notice: null }, effects };
    }
    case 'failed':
    case 'refused':
    case 'superseded':
    case 'expired':
    case 'cancelled': {
      const code = job.error?.code ?? (job.status === 'failed' ? 'job-failed' : job.status);
      const own = isOf(job, intent.id);
      return end(state, { kind: 'refused', code, text, untilMs: atMs + NOTICE_MS, ...(own ? {} : { intent }) });
    }
  }
}

function end(state: ControllerState, notice: Notice & { readonly text: string }): Turn {
  return { next: { ...state, press: NONE, notice }, effects: [say(notice.text)] };
}

/** The endpoint told how the switch is. It also ends a press whose last word was lost with a connection. */
export function refreshed(state: ControllerState, told: State, road: Road, atMs: number): Turn {
  if (told.switch !== state.settings.switch) return { next: state, effects: [] };
  // Over HTTPS nobody tells when it changes: that is no standing connection.
  const fresh = road === 'mqtt' || state.link.up;
  const next: ControllerState = { ...state, shown: { state: told, fresh } };
  const { press } = state;
  if (press.kind === 'settling' && tellsEndOf(told, press.job)) {
    return { next: settled(next, press.job, told, atMs), effects: [] };
  }
  if (press.kind !== 'followed' || !press.missed) return { next, effects: [] };
  // While any job is unfinished, a drill among them, the state names one.
  const over = told.job === null && Date.parse(told.asOf) > Date.parse(press.job.acceptedAt);
  if (!over) return { next, effects: [] };
  const { command } = press.intent;
  if (command !== 'drill' && told.position === press.job.to) {
    return { next: { ...next, press: NONE }, effects: [say(`The ${command} ended while the connection was lost.`)] };
  }
  return unheard(next, press.intent, `The connection was lost meanwhile. ${told.text}`, atMs);
}

/** It was accepted, and what came of it is not known here. Should its end be told after all, that counts. */
function unheard(state: ControllerState, intent: Intent, why: string, atMs: number): Turn {
  const text = `The end of the ${intent.command} was not heard. ${why}`;
  return end(state, { kind: 'refused', code: 'unknown-outcome', text, intent, untilMs: atMs + NOTICE_MS });
}

/** Both times are the endpoint's own, so they may be compared. */
function tellsEndOf(told: State | undefined, job: Job): boolean {
  if (!told || told.position === 'moving') return false;
  return Date.parse(told.asOf) >= Date.parse(job.finishedAt ?? job.acceptedAt);
}
