import type { Clock } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import type { Command } from '../shared/command.ts';
import { control, controllerWakeMs, startController } from './core/controller.ts';
import type { ControllerSettings, Effect, Happening } from './core/controller-state.ts';
import {
  type Contact,
  FAULT_TEXT,
  type Gesture,
  recognise,
  type Recognised,
  recogniserWakeMs,
  type Recogniser,
  startRecogniser,
} from './core/gesture.ts';
import { faultOf, lampOf } from './core/lamp.ts';
import { patternOf } from './core/lamp-pattern.ts';
import { type Intent, type Notice, openIntent, type Road } from './core/press.ts';
import { watchSleep } from './core/sleep.ts';
import {
  type Button,
  type Ids,
  type Input,
  type InputEvent,
  type LampPort,
  type Link,
  type LinkEvent,
  type Outbox,
  type SecondRoad,
  silentSupervisor,
  type Supervisor,
} from './core/ports.ts';

export interface ButtonSettings extends ControllerSettings {
  readonly holdMs: number;
  readonly buttons: readonly Button[];
}

/** What the button is put together from. */
export interface ButtonPorts {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly link: Link;
  /** Over HTTPS; without it there is only MQTT. */
  readonly second?: SecondRoad | undefined;
  /** Without it a crash of the process forgets a press. */
  readonly outbox?: Outbox | undefined;
  /** Whether the wall clock is known to be right: only then a command is dated. Without it, it is not. */
  readonly isClockRight?: () => boolean;
  /** The kernel's time since it started, which runs on while the machine sleeps. Without it, a sleep makes nothing older. */
  readonly sinceBootMs?: () => number | undefined;
  readonly input: Input;
  readonly lamp: LampPort;
  readonly log: Log;
  /** Nobody, unless given. */
  readonly supervisor?: Supervisor;
}

/** Why it stopped: it was told to, or its input ended and the last press came to this. */
export type Stopped = 'asked' | 'ended-well' | 'ended-badly';

/**
 * Runs the button until `stop` aborts, the person quits, or the input has ended and no press is under way. Everything
 * that happens goes through the pure recogniser and controller in the order in which it is told; at the end the lamp
 * is dark and the link has said goodbye. Rejects only when a port breaks its promise.
 */
export async function runButton(settings: ButtonSettings, ports: ButtonPorts, stop: AbortSignal): Promise<Stopped> {
  const { clock, ids, link, second, outbox, input, lamp, log, supervisor = silentSupervisor } = ports;
  const over = new AbortController();
  const recognisers = new Map<number, Recogniser>();
  const found = new Set<number>();
  const fingers = new Map<number, 'holding' | 'ripe'>();
  let state = startController({ ...settings, secondRoad: second !== undefined });
  /** Aborted when nobody waits any longer for the press that was open: it was answered, dropped, or replaced. */
  let withdrawn = new AbortController();
  /** The open press is safe, or need not be waited for any longer. */
  let kept: Promise<boolean> | undefined;
  let stopped: Stopped = 'asked';
  let ending = false;
  let awake = new AbortController();
  let sleptMs = 0;
  const sleptNow = watchSleep(clock, ports.sinceBootMs);

  /** Before anything else happens, what is open becomes as old as it is. Returns by how much. */
  function noteSleep(): number {
    const ms = sleptNow();
    sleptMs += ms;
    if (ms > 0) turnAt({ kind: 'slept', ms });
    return ms;
  }

  function happen(event: Happening): void {
    const ms = noteSleep();
    // A finger that was on a line before the sleep and is found off it after: nobody can say when it was lifted.
    turnAt(event.kind === 'gesture' ? { ...event, pressedAtMs: event.pressedAtMs - ms } : event);
  }

  function turnAt(event: Happening): void {
    if (over.signal.aborted) return;
    const turn = control(state, { ...event, atMs: clock.monotonicMs() });
    const fault = faultOf(turn.next);
    if (fault !== faultOf(state)) {
      if (fault !== null) log.error({}, fault);
      link.tellFault(fault);
    }
    const open = openIntent(turn.next.press);
    if (open?.id !== openIntent(state.press)?.id) opened(open);
    state = turn.next;
    show();
    for (const effect of turn.effects) perform(effect);
    if (ending && state.press.kind === 'none') {
      stopped = state.notice && BAD_NEWS.includes(state.notice.kind) ? 'ended-badly' : 'ended-well';
      over.abort();
    }
    // Whatever happened may have moved the next moment at which something is due. The default reason costs a stack trace.
    awake.abort('happened');
  }

  function show(): void {
    const now = lampOf(state);
    lamp.show(now);
    supervisor.status(`${patternOf(now).word}: ${now.text}`);
  }

  /** Another press is open now, or none. */
  function opened(now: Intent | undefined): void {
    withdrawn.abort();
    withdrawn = new AbortController();
    kept = now && outbox?.keep(now);
    if (!now) void outbox?.forget();
  }

  function perform(effect: Effect): void {
    switch (effect.kind) {
      case 'say':
        lamp.say(effect.text);
        return;
      case 'send':
        void send(effect.command, effect.road);
        return;
      case 'ask':
        void second?.ask(effect.job).then((job) => happen({ kind: 'asked', job }));
        return;
      case 'look':
        void second?.look().then((told) => happen({ kind: 'looked', state: told }));
    }
  }

  async function send(command: Command, road: Road): Promise<void> {
    const before = { atMs: clock.monotonicMs(), sleptMs };
    // What leaves before it is kept could be pressed again after a crash, by a person who saw nothing happen.
    if (kept) {
      await kept;
      noteSleep();
      if (openIntent(state.press)?.id !== command.id) return;
    }
    const ageMs = (command.ageMs ?? 0) + Math.round(clock.monotonicMs() - before.atMs) + sleptMs - before.sleptMs;
    const dated = ports.isClockRight?.() === true && { issuedAt: new Date(clock.nowMs() - ageMs).toISOString() };
    const message = { ...command, ageMs, ...dated };
    log.debug({ command: message, road }, `Sending the ${command.command}.`);
    const id = command.id ?? '';
    const went = road === 'https' && second ? await second.send(message, withdrawn.signal) : await link.send(message);
    if (went.kind === 'answered') happen({ kind: 'reply', reply: went.reply, road });
    else happen({ kind: 'delivery', id, delivery: went, road });
  }

  function hear(event: LinkEvent): void {
    if (event.kind === 'warning') {
      log.warn({}, event.text);
      return;
    }
    if (event.kind === 'up') log.info({}, event.text);
    happen(event);
  }

  function touch(event: InputEvent): void {
    if (event.kind === 'level' || event.kind === 'broken') found.add(event.button);
    switch (event.kind) {
      case 'level':
        lift(event.button);
        happen({ kind: 'fault-cleared', button: event.button });
        recognised(event.button, startRecogniser(event.pressed));
        return;
      case 'edge':
        contact(event.button, event);
        return;
      case 'gesture':
        // A key is told as it is pressed, so that no sleep lies between.
        noteSleep();
        gesture(event.button, event.gesture, event.atMs);
        return;
      case 'broken':
        recognisers.delete(event.button);
        lift(event.button);
        fault(event.button, event.text);
        return;
      case 'ended':
        ending = true;
        happen({ kind: 'tick' });
        return;
      case 'quit':
        over.abort();
    }
  }

  function contact(button: number, contact: Contact): void {
    const recogniser = recognisers.get(button);
    if (recogniser) recognised(button, recognise(recogniser, contact, settings.holdMs));
  }

  function recognised(button: number, { next, signals }: Recognised): void {
    recognisers.set(button, next);
    for (const signal of signals) {
      switch (signal.kind) {
        case 'holding':
          fingers.set(button, signal.ripe ? 'ripe' : 'holding');
          tellFinger();
          break;
        case 'let-go':
          lift(button);
          break;
        case 'gesture':
          gesture(button, signal.gesture, signal.atMs);
          break;
        case 'cancelled':
          lamp.say(`No command: ${signal.why}.`);
          break;
        case 'fault':
          fault(button, FAULT_TEXT[signal.fault]);
          break;
        case 'fault-cleared':
          happen({ kind: 'fault-cleared', button });
      }
    }
    // A press that is going on keeps the loop looking at the clock.
    awake.abort('happened');
  }

  function lift(button: number): void {
    if (fingers.delete(button)) tellFinger();
  }

  /** Of fingers on several buttons the lamp shows the one that would act. */
  function tellFinger(): void {
    const all = [...fingers.values()];
    happen({ kind: 'finger', finger: all.includes('ripe') ? 'ripe' : all.length > 0 ? 'holding' : 'off' });
  }

  function fault(button: number, text: string): void {
    const which = settings.buttons.length > 1 ? `Button ${button + 1}: ${text}` : text;
    happen({ kind: 'fault', button, text: which });
  }

  function gesture(button: number, gesture: Gesture, pressedAtMs: number): void {
    const command = gesture === 'click' ? undefined : settings.buttons[button]?.gestures[gesture];
    happen({ kind: 'gesture', gesture, command, id: ids.next(), pressedAtMs });
  }

  /** The next moment at which time alone decides something. */
  function wakeMs(): number | undefined {
    const times = [
      controllerWakeMs(state),
      ...Array.from(recognisers.values(), (one) => recogniserWakeMs(one, settings.holdMs)),
    ];
    const due = times.filter((time) => time !== undefined);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  const halt = (): void => over.abort();
  stop.addEventListener('abort', halt, { once: true });
  if (stop.aborted) halt();
  try {
    show();
    if (outbox) {
      const left = await outbox.open();
      if (left.kind === 'press') happen({ kind: 'recovered', intent: left.intent });
      if (left.kind === 'lost') happen({ kind: 'lost', text: left.text });
    }
    link.open(hear);
    input.open(touch);
    let ready = false;
    while (!over.signal.aborted) {
      awake = new AbortController();
      // Armed: each button's line has been looked at, and one at least can be read.
      if (!ready && found.size === settings.buttons.length && recognisers.size > 0) {
        supervisor.ready();
        ready = true;
      }
      supervisor.alive();
      const idleMs = Math.min(IDLE_MS, supervisor.turnMs ?? IDLE_MS);
      const dueMs = wakeMs();
      const forMs = dueMs === undefined ? idleMs : Math.max(1, Math.min(idleMs, dueMs - clock.monotonicMs()));
      await clock.sleep(Math.ceil(forMs), AbortSignal.any([awake.signal, over.signal]));
      const atMs = clock.monotonicMs();
      for (const button of recognisers.keys()) contact(button, { kind: 'tick', atMs });
      happen({ kind: 'tick' });
    }
  } finally {
    stop.removeEventListener('abort', halt);
    over.abort();
    supervisor.stopping();
    // The lamp first: it may not go on telling what nobody watches over any more.
    await lamp.close();
    const [isKept] = await Promise.all([outbox?.close(), input.close(), link.close(), second?.close()]);
    const open = openIntent(state.press);
    if (outbox && open) log.warn({}, `The ${open.command} is unanswered. ${isKept === true ? KEPT : NOT_KEPT}`);
  }
  return stopped;
}

const BAD_NEWS: readonly Notice['kind'][] = ['refused', 'not-delivered', 'lost'];

const KEPT = 'It is kept, and goes on if the program starts before its deadline.';
const NOT_KEPT = 'It could not be kept in time: look at the switch.';

/** With nothing due the loop still turns now and then: a clock that jumped, or a supervisor that waits to be fed. */
const IDLE_MS = 10_000;
