/**
 * What the button needs of the world. Adapters implement these thinly; tests and the simulator play them.
 */
import type { Command, CommandName } from '../../shared/command.ts';
import type { Job, JobMessage, RefusalMessage, State } from '../../shared/messages.ts';
import type { Gesture } from './gesture.ts';
import type { Lamp } from './lamp-signal.ts';
import type { Intent } from './press.ts';

// ---- the road to the endpoint ---------------------------------------------------------------------------------------

/** A job message or a refusal, as it arrives on the device's `replies`. */
export type Reply = JobMessage | RefusalMessage;

export type LinkEvent =
  /** The road is open both ways: what is sent now can be answered. */
  | { readonly kind: 'up'; readonly text: string }
  | { readonly kind: 'down'; readonly text: string }
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'state'; readonly state: State }
  /** Something a person should hear: a takeover, a message that could not be read. */
  | { readonly kind: 'warning'; readonly text: string };

/** How a command left, as far as the road can know. None of these proves that the endpoint heard it. */
export type Delivery =
  | Taken
  | { readonly kind: 'not-sent'; readonly text: string }
  | { readonly kind: 'unknown'; readonly text: string };

interface Taken {
  readonly kind: 'taken';
}

export interface Link {
  /** Begins to connect and keeps the road open until `close`. Called once. */
  open(on: (event: LinkEvent) => void): void;
  /**
   * Sends once, at once or not at all: a road keeps no command for later. Never rejects, and answers within
   * SEND_MS_MAX or when the command expires, whichever is first; what has not left by then is withdrawn.
   */
  send(command: Command): Promise<Delivery>;
  /** Publishes what is wrong with this button, now and with each presence; null when nothing is. */
  tellFault(text: string | null): void;
  /** Says goodbye and lets go, in bounded time. */
  close(): Promise<void>;
}

/** The longest a road may take to say how a command left, milliseconds. */
export const SEND_MS_MAX = 5_000;

/** The second road. It has no connection to keep: each question is a request of its own, and none ever rejects. */
export interface SecondRoad {
  /**
   * Sends once, at once or not at all, as a Link does; the endpoint's answer comes with it. Gives up when `withdrawn`
   * aborts: what has not left by then never leaves.
   */
  send(
    command: Command,
    withdrawn?: AbortSignal,
  ): Promise<{ readonly kind: 'answered'; readonly reply: Reply } | Exclude<Delivery, Taken>>;
  /** What has become of this job; waits a little for its end. Null when that could not be learnt. */
  ask(job: string): Promise<Job | null>;
  /** How the switch is; null when that could not be learnt. */
  look(): Promise<State | null>;
  close(): Promise<void>;
}

// ---- the press that must survive ------------------------------------------------------------------------------------

/** What an earlier process has left behind. Times are of this process. */
export type Left =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'press'; readonly intent: Intent }
  /** There was one, and how old it is cannot be known any more: it may not be sent. */
  | { readonly kind: 'lost'; readonly text: string };

/** Keeps the one unanswered press where a crash of the process does not reach it. Never rejects. */
export interface Outbox {
  open(): Promise<Left>;
  /**
   * In place of what was kept before. Resolves to whether it is safe: false when it could not be written, or when waiting
   * longer would hold up the press.
   */
  keep(intent: Intent): Promise<boolean>;
  forget(): Promise<void>;
  /** Waits for what is being written, in bounded time. Resolves to whether the press that was to be kept is safe by then. */
  close(): Promise<boolean>;
}

// ---- the finger ----------------------------------------------------------------------------------------------------

/** `button` is the place in the configuration's list of buttons; times are monotonic milliseconds. */
export type InputEvent =
  /** The line as it was found: once per button before any edge, and afresh whenever edges may have been missed. */
  | { readonly kind: 'level'; readonly button: number; readonly pressed: boolean }
  | { readonly kind: 'edge'; readonly button: number; readonly pressed: boolean; readonly atMs: number }
  /** A key that stands for a whole gesture. */
  | { readonly kind: 'gesture'; readonly button: number; readonly gesture: Gesture; readonly atMs: number }
  /** The line cannot be read any more; `text` says why. */
  | { readonly kind: 'broken'; readonly button: number; readonly text: string }
  /** No more input will come: finish what is under way, then stop. */
  | { readonly kind: 'ended' }
  /** The person at the keyboard wants out, now. */
  | { readonly kind: 'quit' };

export interface Input {
  open(on: (event: InputEvent) => void): void;
  close(): Promise<void>;
}

// ---- the lamp ------------------------------------------------------------------------------------------------------

export interface LampPort {
  /** Shows this from now on; called for every change. */
  show(lamp: Lamp): void;
  /** A sentence for whoever stands in front of it. A lamp without a screen ignores it. */
  say(text: string): void;
  /** Dark, whatever happened. */
  close(): Promise<void>;
}

// ---- whoever keeps it running --------------------------------------------------------------------------------------

/** Starts the program again when it has died or hangs, and shows how it is: systemd. */
export interface Supervisor {
  /** `alive` must be heard at least this often, milliseconds; absent when nobody watches. */
  readonly turnMs?: number;
  /** The loop runs, and a press would be noticed. */
  ready(): void;
  /** The loop has turned. */
  alive(): void;
  /** What the lamp says, for whoever asks the supervisor. */
  status(text: string): void;
  /** It ends because it was asked to. */
  stopping(): void;
  close(): void;
}

/** Started by hand. */
export const silentSupervisor: Supervisor = { ready() {}, alive() {}, status() {}, stopping() {}, close() {} };

// ---- chance --------------------------------------------------------------------------------------------------------

export interface Ids {
  /** A fresh id, unique. */
  next(): string;
}

/** One button of the configuration: what its gestures ask for. `click` always shows the state. */
export interface Button {
  readonly gestures: Readonly<Partial<Record<Exclude<Gesture, 'click'>, CommandName | undefined>>>;
}
