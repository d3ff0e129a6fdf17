import type { Command, CommandName } from '../../shared/command.ts';
import type { State } from '../../shared/messages.ts';
import type { Gesture } from './gesture.ts';
import { answered, pressed, refreshed, sendWhenDue, sentOnce, timePassed } from './course.ts';
import { lampOf } from './lamp.ts';
import type { Delivery, Reply } from './ports.ts';
import type { Notice, Press } from './press.ts';

export interface ControllerSettings {
  readonly device: string;
  readonly switch: string;
  /** A press that cannot be delivered within this is dropped, visibly. */
  readonly deadlineMs: number;
}

export interface ControllerState {
  readonly settings: ControllerSettings;
  readonly link: { readonly up: boolean; readonly text: string };
  /** The newest state of the switch; `fresh` when it was told on the connection that stands now. */
  readonly shown: { readonly state: State; readonly fresh: boolean } | null;
  readonly press: Press;
  readonly notice: Notice | null;
  readonly finger: 'off' | 'holding' | 'ripe';
  /** At most one per button. */
  readonly faults: readonly { readonly button: number; readonly text: string }[];
}

/** Everything that can happen to a button. */
export type Happening =
  | { readonly kind: 'finger'; readonly finger: 'off' | 'holding' | 'ripe' }
  /** `command` is what the configuration makes of the gesture; `id` is fresh, and used when the gesture becomes a press. */
  | {
      readonly kind: 'gesture';
      readonly gesture: Gesture;
      readonly command: CommandName | undefined;
      readonly id: string;
      readonly pressedAtMs: number;
    }
  | { readonly kind: 'fault'; readonly button: number; readonly text: string }
  | { readonly kind: 'fault-cleared'; readonly button: number }
  | { readonly kind: 'up'; readonly text: string }
  | { readonly kind: 'down'; readonly text: string }
  | { readonly kind: 'delivery'; readonly id: string; readonly delivery: Delivery }
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'state'; readonly state: State }
  | { readonly kind: 'tick' };

/** With the monotonic time at which it is told. */
export type ControllerEvent = { readonly atMs: number } & Happening;

export type Effect =
  | { readonly kind: 'send'; readonly command: Command }
  | { readonly kind: 'say'; readonly text: string };

export interface Turn {
  readonly next: ControllerState;
  readonly effects: readonly Effect[];
}

export function startController(settings: ControllerSettings): ControllerState {
  return {
    settings,
    link: { up: false, text: 'Connecting for the first time.' },
    shown: null,
    press: { kind: 'none' },
    notice: null,
    finger: 'off',
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
  const last = sendWhenDue(third.next, event.atMs);
  return { next: last.next, effects: [first, second, third, last].flatMap(({ effects }) => effects) };
}

function react(state: ControllerState, event: ControllerEvent): Turn {
  const quietly = (next: ControllerState): Turn => ({ next, effects: [] });
  switch (event.kind) {
    case 'tick':
      return quietly(state);
    case 'finger':
      return quietly({ ...state, finger: event.finger });
    case 'fault':
      return quietly({
        ...state,
        faults: [...withoutFault(state, event.button), { button: event.button, text: event.text }],
      });
    case 'fault-cleared':
      return quietly({ ...state, faults: withoutFault(state, event.button) });
    case 'up':
      return quietly({ ...state, link: { up: true, text: event.text }, press: dueNow(state.press, event.atMs) });
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
      return sentOnce(state, event.id, event.delivery, event.atMs);
    case 'reply':
      return answered(state, event.reply, event.atMs);
    case 'state':
      return refreshed(state, event.state);
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

function withoutFault(state: ControllerState, button: number): ControllerState['faults'] {
  return state.faults.filter((fault) => fault.button !== button);
}

/** A road that has just opened carries the open press at once. */
function dueNow(press: Press, atMs: number): Press {
  return press.kind === 'unanswered' ? { ...press, nextSendAtMs: atMs } : press;
}

/** When the controller next has something to do by itself, monotonic milliseconds; undefined when only an event can tell. */
export function controllerWakeMs({ press, notice, link }: ControllerState): number | undefined {
  const times: number[] = [];
  if (press.kind === 'unanswered') {
    times.push(press.intent.deadlineAtMs);
    if (link.up) times.push(press.nextSendAtMs);
  }
  if (press.kind === 'followed' || press.kind === 'settling') times.push(press.untilMs);
  if (notice) times.push(notice.untilMs);
  return times.length === 0 ? undefined : Math.min(...times);
}
