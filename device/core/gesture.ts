/**
 * What a finger on a button meant. Pure: fed with edges that carry the monotonic time at which they happened, and with
 * ticks that say how far time has gone. Every gesture acts on RELEASE, inside a window, so that a jammed or shorted
 * button never fires; a line that is down at the start, or too long, is a fault and never a command.
 */

const GESTURES = ['click', 'double', 'triple', 'hold', 'click-hold'] as const;
export type Gesture = (typeof GESTURES)[number];

/** A press of at most this is contact noise or an electrical spike: a spike before a hold must not make it a click-hold. */
export const NOISE_MS_MAX = 15;
/** A press shorter than this is a click. From here to `holdMs` the finger thought better of it: cancelled. */
export const CLICK_MS_MAX = 350;
/** The next press of a double, triple or click-hold begins at most this long after the release. */
export const GAP_MS_MAX = 400;
/** A line that is down for longer is not a finger. */
export const HELD_MS_MAX = 10_000;
/** Edges reach us later than they happened; a tick decides only what is at least this long ago. */
export const TICK_LAG_MS = 60;

type Finger =
  | { readonly kind: 'up' }
  | { readonly kind: 'down'; readonly sinceMs: number; readonly clicks: number; readonly ripe: boolean }
  | { readonly kind: 'between'; readonly sinceMs: number; readonly clicks: number }
  /** Down, but this press can no longer mean anything. */
  | { readonly kind: 'spoilt'; readonly sinceMs: number }
  | { readonly kind: 'stuck' };

/** One button. `closedAtMs` is how far the last row of clicks was waited for: an edge from before came too late. */
export interface Recogniser {
  readonly finger: Finger;
  readonly closedAtMs: number;
}

export type Contact =
  | { readonly kind: 'edge'; readonly pressed: boolean; readonly atMs: number }
  | { readonly kind: 'tick'; readonly atMs: number };

type ButtonFault = 'pressed-at-start' | 'held-too-long';

/** What to say of a line that is no finger. */
export const FAULT_TEXT: Readonly<Record<ButtonFault, string>> = {
  'pressed-at-start':
    'The button was down when its line was first read: it is jammed or its line is shorted. It commands nothing until it is let go.',
  'held-too-long':
    'The button has been down for more than 10 s: it is jammed or its line is shorted. It commands nothing until it is let go.',
};

export type Signal =
  /** The finger is down; `ripe` when letting go now is a hold. */
  | { readonly kind: 'holding'; readonly ripe: boolean }
  /** The finger is up, or its press means nothing any more. Comes after what the press meant, so that no lamp flickers. */
  | { readonly kind: 'let-go' }
  /** `atMs` is the release that completed it. */
  | { readonly kind: 'gesture'; readonly gesture: Gesture; readonly atMs: number }
  | { readonly kind: 'cancelled'; readonly why: string }
  | { readonly kind: 'fault'; readonly fault: ButtonFault }
  | { readonly kind: 'fault-cleared' };

export interface Recognised {
  readonly next: Recogniser;
  readonly signals: readonly Signal[];
}

/** A button whose line was read once, before any edge. */
export function startRecogniser(pressed: boolean): Recognised {
  const closedAtMs = Number.NEGATIVE_INFINITY;
  if (!pressed) return { next: { finger: { kind: 'up' }, closedAtMs }, signals: [] };
  return {
    next: { finger: { kind: 'stuck' }, closedAtMs },
    signals: [{ kind: 'fault', fault: 'pressed-at-start' }],
  };
}

/** Takes one edge or tick. `holdMs` lies between CLICK_MS_MAX and HELD_MS_MAX. */
export function recognise(before: Recogniser, contact: Contact, holdMs: number): Recognised {
  if (contact.kind === 'tick') return advance(before, contact.atMs - TICK_LAG_MS, holdMs);
  const advanced = advance(before, contact.atMs, holdMs);
  const step = contact.pressed ? press(advanced.next, contact.atMs) : release(advanced.next, contact.atMs, holdMs);
  return { next: step.next, signals: [...advanced.signals, ...step.signals] };
}

/** When the next tick can decide something, or undefined when only an edge can. */
export function recogniserWakeMs({ finger }: Recogniser, holdMs: number): number | undefined {
  switch (finger.kind) {
    case 'down': {
      const toMs = !finger.ripe && finger.clicks <= 1 ? holdMs : HELD_MS_MAX + 1;
      return finger.sinceMs + toMs + TICK_LAG_MS;
    }
    case 'spoilt':
      return finger.sinceMs + HELD_MS_MAX + 1 + TICK_LAG_MS;
    case 'between':
      return finger.sinceMs + GAP_MS_MAX + 1 + TICK_LAG_MS;
    case 'up':
    case 'stuck':
      return undefined;
  }
}

/** What the mere passing of time decides. */
function advance(before: Recogniser, toMs: number, holdMs: number): Recognised {
  const { finger } = before;
  switch (finger.kind) {
    case 'down': {
      const heldMs = toMs - finger.sinceMs;
      if (heldMs > HELD_MS_MAX) return jam(before);
      if (finger.ripe || finger.clicks > 1 || heldMs < holdMs) return { next: before, signals: [] };
      return {
        next: { ...before, finger: { ...finger, ripe: true } },
        signals: [{ kind: 'holding', ripe: true }],
      };
    }
    case 'spoilt':
      return toMs - finger.sinceMs > HELD_MS_MAX ? jam(before) : { next: before, signals: [] };
    case 'between': {
      if (toMs - finger.sinceMs <= GAP_MS_MAX) return { next: before, signals: [] };
      const next: Recogniser = { finger: { kind: 'up' }, closedAtMs: finger.sinceMs + GAP_MS_MAX };
      const gesture = ROWS[finger.clicks];
      if (gesture) return { next, signals: [{ kind: 'gesture', gesture, atMs: finger.sinceMs }] };
      return {
        next,
        signals: [{ kind: 'cancelled', why: `${finger.clicks} clicks in a row mean nothing; three is the most` }],
      };
    }
    case 'up':
    case 'stuck':
      return { next: before, signals: [] };
  }
}

const ROWS: Readonly<Record<number, Gesture>> = { 1: 'click', 2: 'double', 3: 'triple' };

function jam(before: Recogniser): Recognised {
  return {
    next: { ...before, finger: { kind: 'stuck' } },
    signals: [{ kind: 'fault', fault: 'held-too-long' }, { kind: 'let-go' }],
  };
}

function press(before: Recogniser, atMs: number): Recognised {
  const { finger } = before;
  switch (finger.kind) {
    case 'up':
    case 'between': {
      // The row of clicks that this press may have belonged to has been acted upon; a click-hold must not become a hold.
      if (atMs <= before.closedAtMs)
        return spoil(before, atMs, 'the press reached the program too late to be told apart');
      const clicks = finger.kind === 'between' ? finger.clicks : 0;
      return {
        next: { ...before, finger: { kind: 'down', sinceMs: atMs, clicks, ripe: false } },
        signals: [{ kind: 'holding', ripe: false }],
      };
    }
    case 'down':
      return spoil(before, atMs, 'a release was missed');
    case 'spoilt':
    case 'stuck':
      return { next: before, signals: [] };
  }
}

function release(before: Recogniser, atMs: number, holdMs: number): Recognised {
  const { finger } = before;
  switch (finger.kind) {
    case 'up':
    case 'between':
      return { next: before, signals: [] };
    case 'spoilt':
      return { next: { ...before, finger: { kind: 'up' } }, signals: [{ kind: 'let-go' }] };
    case 'stuck':
      return { next: { ...before, finger: { kind: 'up' } }, signals: [{ kind: 'fault-cleared' }] };
    case 'down': {
      const { clicks } = finger;
      const heldMs = atMs - finger.sinceMs;
      const up: Recogniser = { ...before, finger: { kind: 'up' } };
      const ended = (signal: Signal): Recognised => ({ next: up, signals: [signal, { kind: 'let-go' }] });
      if (heldMs <= NOISE_MS_MAX) {
        const back: Finger = clicks === 0 ? { kind: 'up' } : { kind: 'between', clicks, sinceMs: atMs };
        return { next: { ...before, finger: back }, signals: [{ kind: 'let-go' }] };
      }
      if (heldMs < CLICK_MS_MAX) {
        const finger: Finger = { kind: 'between', clicks: clicks + 1, sinceMs: atMs };
        return { next: { ...before, finger }, signals: [{ kind: 'let-go' }] };
      }
      if (heldMs < holdMs) {
        return ended({ kind: 'cancelled', why: `let go after ${Math.floor(heldMs)} ms; a hold takes ${holdMs} ms` });
      }
      if (clicks > 1) return ended({ kind: 'cancelled', why: `${clicks} clicks and a hold mean nothing` });
      return ended({ kind: 'gesture', gesture: clicks === 0 ? 'hold' : 'click-hold', atMs });
    }
  }
}

function spoil(before: Recogniser, atMs: number, why: string): Recognised {
  return {
    next: { ...before, finger: { kind: 'spoilt', sinceMs: atMs } },
    signals: [{ kind: 'cancelled', why }, { kind: 'let-go' }],
  };
}
