import { durationInWords } from '../../../shared/duration.ts';
import type { Notice } from '../../../shared/notice.ts';
import { stateInWords } from '../sentences.ts';
import { write } from '../rules/draft.ts';
import type { SwitchState } from '../state.ts';
import { makeNotice, type Telling } from './make-notice.ts';
import { wayBack } from './of-job.ts';
import type { Told } from './told.ts';

/** Half an hour, one, two, four, eight, and then once a day: nobody may forget it, and nobody learns to ignore it. */
const FIRST_MS = 1_800_000;
const LAST_MS = 86_400_000;

/** Until the reminder after the first `sent`. */
function waitMs(sent: number): number {
  const doubled = FIRST_MS * 2 ** Math.min(sent, 10);
  return doubled > FIRST_MS * 16 ? LAST_MS : doubled;
}

/** What the switch is to be brought back from, or null where there is nothing to remind of. */
function away({ incident, position, sinceMs }: SwitchState): string | null {
  if (incident?.moved) return incident.id;
  const known = position !== 'unknown' && position !== 'drifted';
  return known && position !== 'primary' ? `${position}:${sinceMs ?? 0}` : null;
}

/** The reminder that is due, if one is, and when the next one will be. */
export function remind(
  telling: Telling,
  told: Told,
): { readonly reminder: Told['reminder']; readonly notice?: Notice } {
  const { draft } = telling;
  const { state, nowMs } = draft;
  const of = away(state);
  if (of === null) return { reminder: null };
  const { reminder } = told;
  if (reminder?.of !== of) return { reminder: { of, sent: 0, atMs: nowMs + waitMs(0) } };
  // While it is on its way, whoever moves it needs no reminder.
  if (reminder.atMs > nowMs || draft.jobs.some(({ exclusive, status }) => exclusive && status === 'running')) {
    return { reminder };
  }
  const sent = reminder.sent + 1;
  return { reminder: { of, sent, atMs: nowMs + waitMs(sent) }, notice: reminderNotice(telling) };
}

function reminderNotice(telling: Telling): Notice {
  const { draft } = telling;
  const { settings, automation, state, jobs, nowMs } = draft;
  const after = state.sinceMs === null ? '' : ` after ${durationInWords(nowMs - state.sinceMs)}`;
  const title = `${settings.name} is still at ${state.position}${after}`;
  write(draft, 'reminder', `${title}; people are reminded of it.`);
  return makeNotice(telling, {
    kind: 'reminder',
    severity: 'warning',
    title,
    text: stateInWords(settings, automation, state, jobs, nowMs),
    next: wayBack(draft),
    from: 'primary',
    to: state.position,
  });
}

/** How long a reminder is worth sending: until the next one. */
export function reminderWorthMs({ reminder }: Told, nowMs: number): number {
  return reminder ? Math.max(0, reminder.atMs - nowMs) : FIRST_MS;
}
