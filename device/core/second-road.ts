/** The road over HTTPS: when it is used besides MQTT, and what is asked on it. */
import type { Job, State } from '../../shared/messages.ts';
import type { ControllerState, Effect, Turn } from './controller-state.ts';
import { answered, message, refreshed } from './course.ts';
import { SEND_MS_MAX } from './ports.ts';
import { type Press, repeatMs } from './press.ts';

/** An answer about a job has waited a little for its end; the next question follows soon. */
const ASK_MS = 500;
const ASK_AGAIN_MS = 5_000;
const LOOK_AGAIN_MS = 1_000;
/** A question that is never answered is asked again after this. */
const ASK_MS_MAX = 20_000;

/** Sends and asks over HTTPS, when there is that road and its turn has come. */
export function useSecondRoad(state: ControllerState, atMs: number): Turn {
  const { press } = state;
  const dueMs = dueAtMs(state);
  if (dueMs === undefined || atMs < dueMs) return { next: state, effects: [] };
  switch (press.kind) {
    case 'none':
      return { next: state, effects: [] };
    case 'unanswered':
      return send(state, press, atMs);
    case 'followed':
      return { next: asking(state, press, atMs), effects: [{ kind: 'ask', job: press.job.id }] };
    case 'settling':
      return { next: asking(state, press, atMs), effects: [{ kind: 'look' }] };
  }
}

/** When there is next something to do over HTTPS; empty when only an event can tell. */
export function secondRoadWakeMs(state: ControllerState): number[] {
  const dueMs = dueAtMs(state);
  return dueMs === undefined ? [] : [dueMs];
}

function dueAtMs({ settings, press, link }: ControllerState): number | undefined {
  if (settings.secondRoad !== true || press.kind === 'none') return undefined;
  if (press.kind === 'unanswered') return press.https.nextSendAtMs;
  // Whoever was answered over MQTT hears the rest there, as long as it stands.
  return press.road === 'https' || !link.up ? press.nextAskAtMs : undefined;
}

function send(state: ControllerState, press: Press & { kind: 'unanswered' }, atMs: number): Turn {
  const { intent, https } = press;
  const tries = https.tries + 1;
  const nextSendAtMs = atMs + SEND_MS_MAX + repeatMs(tries);
  const text = `Nobody has answered over MQTT: the ${intent.command} is sent over HTTPS as well.`;
  const first: readonly Effect[] = tries === 1 ? [{ kind: 'say', text }] : [];
  return {
    next: { ...state, press: { ...press, https: { tries, sends: https.sends + 1, nextSendAtMs } } },
    effects: [...first, { kind: 'send', road: 'https', command: message(state, intent, atMs) }],
  };
}

function asking(
  state: ControllerState,
  press: Press & { kind: 'followed' | 'settling' },
  atMs: number,
): ControllerState {
  return { ...state, press: { ...press, nextAskAtMs: atMs + ASK_MS_MAX } };
}

/** The answer to a question about the job that is followed. */
export function asked(state: ControllerState, job: Job | null, atMs: number): Turn {
  const { press } = state;
  if (press.kind !== 'followed' || (job && job.id !== press.job.id)) return { next: state, effects: [] };
  if (!job) return { next: { ...state, press: { ...press, nextAskAtMs: atMs + ASK_AGAIN_MS } }, effects: [] };
  const reply = { type: job.finishedAt === null ? 'step' : 'finished', job } as const;
  const { next, effects } = answered(state, reply, 'https', atMs);
  const calm =
    next.press.kind === 'followed' ? { ...next, press: { ...next.press, nextAskAtMs: atMs + ASK_MS } } : next;
  return { next: calm, effects };
}

/** The answer to a look at the switch, after its job has succeeded. */
export function looked(state: ControllerState, told: State | null, atMs: number): Turn {
  const { next, effects } =
    told && !isOvertaken(state, told) ? refreshed(state, told, 'https', atMs) : { next: state, effects: [] };
  const { press } = next;
  if (press.kind !== 'settling') return { next, effects };
  return { next: { ...next, press: { ...press, nextAskAtMs: atMs + LOOK_AGAIN_MS } }, effects };
}

/** The connection that stands has told something younger while the answer was on its way. Both times are the endpoint's own. */
function isOvertaken({ shown }: ControllerState, told: State): boolean {
  return shown?.fresh === true && Date.parse(told.asOf) < Date.parse(shown.state.asOf);
}
