import type { ControllerEvent, ControllerSettings, ControllerState, Turn } from './controller-state.ts';
import { answered, lost, pressed, recovered, refreshed, sendWhenDue, sentOnce, slept, timePassed } from './course.ts';
import { GAP_MS_MAX, TICK_LAG_MS } from './gesture.ts';
import { lampOf } from './lamp.ts';
import type { Press } from './press.ts';
import { asked, looked, secondRoadWakeMs, useSecondRoad } from './second-road.ts';

export function startController(settings: ControllerSettings): ControllerState {
  return {
    settings,
    link: { up: false, text: 'Connecting for the first time.' },
    shown: null,
    press: { kind: 'none' },
    notice: null,
    finger: 'off',
    glance: null,
    faults: [],
  };
}

/**
 * One event, one turn. Time is told with every event, so a deadline that has passed is kept before anything else
 * happens, however late the tick for it comes. Sending is last: an answer or a lost connection may just have made it
 * needless, a new press or connection possible.
 */
export function control(before: ControllerState, event: ControllerEvent): Turn {
  const first = timePassed(before, event.atMs);
  const second = react(first.next, event);
  const third = timePassed(second.next, event.atMs);
  const fourth = sendWhenDue(third.next, event.atMs);
  const last = useSecondRoad(fourth.next, event.atMs);
  return { next: last.next, effects: [first, second, third, fourth, last].flatMap(({ effects }) => effects) };
}

const quietly = (next: ControllerState): Turn => ({ next, effects: [] });

function react(state: ControllerState, event: ControllerEvent): Turn {
  switch (event.kind) {
    case 'tick':
      return quietly(state);
    case 'finger':
      return quietly({ ...state, finger: event.finger, glance: glance(state, event.finger, event.atMs) });
    case 'fault':
      return quietly({
        ...state,
        faults: [...withoutFault(state, event.button), { button: event.button, text: event.text }],
      });
    case 'fault-cleared':
      return quietly({ ...state, faults: withoutFault(state, event.button) });
    case 'up':
      return quietly({
        ...state,
        link: { up: true, text: event.text },
        press: dueNow(state.press, event.atMs),
        // From here on the switch itself is told again.
        notice: state.notice?.kind === 'confirmed' ? null : state.notice,
      });
    case 'down': {
      const { press, shown } = state;
      return quietly({
        ...state,
        link: { up: false, text: event.text },
        shown: shown && { ...shown, fresh: false },
        press: press.kind === 'followed' ? { ...press, missed: true } : press,
      });
    }
    case 'gesture':
      return gesture(state, event);
    case 'delivery':
      return sentOnce(state, event);
    case 'reply':
      return answered(state, event.reply, event.road ?? 'mqtt', event.atMs);
    case 'state':
      return refreshed(state, event.state, 'mqtt', event.atMs);
    case 'asked':
      return asked(state, event.job, event.atMs);
    case 'looked':
      return looked(state, event.state, event.atMs);
    case 'recovered':
      return recovered(state, event.intent, event.atMs);
    case 'lost':
      return lost(state, event.text, event.atMs);
    case 'slept':
      return slept(state, event.ms);
  }
}

function gesture(state: ControllerState, event: ControllerEvent & { kind: 'gesture' }): Turn {
  const calm: ControllerState = { ...state, notice: null };
  if (event.command) return pressed(calm, { ...event, command: event.command });
  const text =
    event.gesture === 'click'
      ? lampOf({ ...calm, finger: 'off' }).text
      : `This button has no command for ${event.gesture}.`;
  return { next: calm, effects: [{ kind: 'say', text }] };
}

/**
 * A finger hides the lamp, and between the clicks of a gesture nobody reads it: what is told meanwhile has not been seen
 * by whoever is pressing.
 */
function glance(state: ControllerState, finger: ControllerState['finger'], atMs: number): ControllerState['glance'] {
  const before = state.glance && atMs <= state.glance.untilMs ? state.glance : null;
  if (finger === 'off') return before && { ...before, untilMs: Math.min(before.untilMs, atMs + ROW_MS_MAX) };
  return { revision: before ? before.revision : (state.shown?.state.revision ?? null), untilMs: Infinity };
}

/** From here on after a release a press begins a new gesture, however late the edges come. */
const ROW_MS_MAX = GAP_MS_MAX + TICK_LAG_MS;

function withoutFault(state: ControllerState, button: number): ControllerState['faults'] {
  return state.faults.filter((fault) => fault.button !== button);
}

/** A road that has just opened carries the open press at once. */
function dueNow(press: Press, atMs: number): Press {
  return press.kind === 'unanswered' ? { ...press, nextSendAtMs: atMs } : press;
}

/** When the controller next has something to do by itself, monotonic milliseconds; undefined when only an event can tell. */
export function controllerWakeMs(state: ControllerState): number | undefined {
  const { press, notice, link } = state;
  const times: number[] = secondRoadWakeMs(state);
  if (press.kind === 'unanswered') {
    times.push(press.intent.deadlineAtMs);
    if (link.up) times.push(press.nextSendAtMs);
  }
  if (press.kind === 'followed' || press.kind === 'settling') times.push(press.untilMs);
  if (notice) times.push(notice.untilMs);
  return times.length === 0 ? undefined : Math.min(...times);
}
