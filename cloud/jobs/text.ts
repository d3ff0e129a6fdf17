/** The product's voice: how times, people and switches are said in a sentence. */
import type { TriggerKind } from '../../shared/messages.ts';

const DAY_MS = 86_400_000;

/**
 * `12:04:10 UTC`; with its date (`22 Nov 2026, 12:04:10 UTC`) when it is not on the UTC day of `besideMs`, the moment
 * the sentence speaks from.
 */
export function timeInWords(atMs: number, besideMs: number): string {
  const [date = '', time = ''] = isoTime(atMs).split('T');
  const clock = `${time.slice(0, 8)} UTC`;
  if (Math.floor(atMs / DAY_MS) === Math.floor(besideMs / DAY_MS)) return clock;
  const [year = '', month = '', day = ''] = date.split('-');
  return `${Number(day)} ${MONTHS[Number(month) - 1]} ${year}, ${clock}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** ISO 8601 in UTC, as every message and the API say times. */
export function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}

export function isoTimeOrNull(atMs: number | null): string | null {
  return atMs === null ? null : isoTime(atMs);
}

const ROADS: Readonly<Record<TriggerKind, string>> = {
  button: 'button',
  mqtt: 'MQTT',
  datadog: 'Datadog',
  http: 'HTTP trigger',
  api: 'API',
  dashboard: 'dashboard',
  cli: 'command line',
};

/** `lobby (button)`, `ops (API)`. */
export function who(asker: { readonly kind: TriggerKind; readonly actor: string }): string {
  return `${asker.actor} (${ROADS[asker.kind]})`;
}

/** `one`, `one and two`, `one, two and 3 more`. */
export function list(items: readonly string[], shownMax = 3): string {
  const shown = items.slice(0, shownMax);
  const more = items.length - shown.length;
  if (more > 0) return `${shown.join(', ')} and ${more} more`;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

/** `1 alert`, `2 alerts`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** Controls, and what would turn the sentence around; not what joins letters and emoji (U+200C and U+200D). */
const STEERING = /(?:[\p{Cc}\s]|(?![\u200c\u200d])\p{Cf})+/gu;

/** A stranger's text inside a sentence of ours: at most `charsMax` characters, on one line, with nothing that steers a terminal. */
export function clip(text: string, charsMax: number): string {
  const line = text.toWellFormed().replaceAll(STEERING, ' ').trim();
  if (line.length <= charsMax) return line;
  // Never through the middle of a character.
  return `${line.slice(0, charsMax - 1).replace(/\p{Cs}$/u, '')}…`;
}

/** Ends a clause that may already be a sentence with exactly one full stop. */
export function sentence(text: string): string {
  const bare = text.trim();
  return /[.!?…]$/.test(bare) ? bare : `${bare}.`;
}

/** A clause of our own words as the beginning of a sentence; names keep the letters that they have. */
export function capital(text: string): string {
  return text.replace(/^\s*\p{Ll}/u, (first) => first.toUpperCase());
}

/** A position inside a sentence: its name, or words where it has none. */
export function place(position: string | null): string {
  switch (position) {
    case 'before':
      return 'the records from before';
    case 'drifted':
      return 'records that equal no position';
    case null:
    case 'unknown':
      return 'a position not yet known';
    default:
      return position;
  }
}
