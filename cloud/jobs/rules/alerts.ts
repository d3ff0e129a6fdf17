import type { AlertEvent } from '../command.ts';
import { ALERT_REMEMBERED_MS, ALERTS_MAX, type AlertMark, type Asker } from '../state.ts';
import { clip } from '../text.ts';

/** What an event did to the alerts. Only `opened` may move a switch to its failover position, only `closed` back. */
export type Heard = {
  readonly alerts: readonly AlertMark[];
  readonly kind:
    | 'opened'
    | 'closed'
    /** It was open already, and automation may still act on it. */
    | 'repeat'
    /** It was open already, and a human has restored over it. */
    | 'acknowledged'
    /** A recovery of what is not open. */
    | 'not-open'
    /** Overtaken by a newer event, or of a cycle that has closed. */
    | 'late'
    /** Older than its source's limit. */
    | 'old'
    /** More alerts are open than can be remembered. */
    | 'too-many';
};

const KEY_CHARS_MAX = 300;
const TITLE_CHARS_MAX = 200;

export interface Opening {
  readonly event: AlertEvent;
  readonly nameless: boolean;
  readonly to: string;
  readonly by: Asker;
}

/** An alert's source says that something is wrong. Pure: `alerts` of the answer is what to remember. */
export function openAlert(alerts: readonly AlertMark[], opening: Opening, nowMs: number): Heard {
  const event = bounded(opening.event);
  if (isOld(event, nowMs)) return { alerts, kind: 'old' };
  const mark = alerts.find(({ key }) => key === event.key);
  if (mark && isRepeat(mark, event)) {
    if (!mark.open) return { alerts, kind: 'late' };
    return {
      alerts: replace(alerts, heardAgain(mark, event, nowMs)),
      kind: mark.acknowledged ? 'acknowledged' : 'repeat',
    };
  }
  if (mark && isOvertaken(mark, event)) return { alerts, kind: 'late' };
  const opened: AlertMark = {
    ...fresh({ ...opening, event }, nowMs),
    sinceMs: nowMs,
    open: true,
    acknowledged: false,
  };
  const kept = remember(alerts, opened, nowMs);
  return kept ? { alerts: kept, kind: 'opened' } : { alerts, kind: 'too-many' };
}

/** An alert's source says that all is well again. */
export function closeAlert(alerts: readonly AlertMark[], opening: Opening, nowMs: number): Heard {
  const event = bounded(opening.event);
  if (isOld(event, nowMs)) return { alerts, kind: 'old' };
  const mark = alerts.find(({ key }) => key === event.key);
  if (!mark) {
    // It may have overtaken its own alert, which must then change nothing when it comes.
    const closed: AlertMark = {
      ...fresh({ ...opening, event }, nowMs),
      sinceMs: nowMs,
      open: false,
      acknowledged: false,
    };
    return { alerts: remember(alerts, closed, nowMs) ?? alerts, kind: 'not-open' };
  }
  if (isOvertaken(mark, event) || isOfAnotherCycle(mark, event)) return { alerts, kind: 'late' };
  const closed = { ...heardAgain(mark, event, nowMs), cycle: event.cycle ?? mark.cycle, open: false };
  return { alerts: replace(alerts, closed), kind: mark.open ? 'closed' : 'not-open' };
}

/** Closes by a human's word an alert whose recovery will never come; undefined when no such alert is open. */
export function clearAlert(alerts: readonly AlertMark[], key: string): readonly AlertMark[] | undefined {
  const mark = alerts.find((alert) => alert.open && alert.key === boundedKey(key));
  return mark && replace(alerts, { ...mark, open: false });
}

/** A human restored: every open alert is acknowledged, and those that cannot be told apart are closed. */
export function acknowledgeAll(alerts: readonly AlertMark[], closeNameless: boolean): readonly AlertMark[] {
  return alerts.map((alert) => {
    if (!alert.open) return alert;
    return closeNameless && alert.nameless ? { ...alert, open: false } : { ...alert, acknowledged: true };
  });
}

/** The key under which an alert is remembered. */
export function alertKey(event: AlertEvent): string {
  return boundedKey(event.key);
}

function bounded(event: AlertEvent): AlertEvent {
  const cycle = event.cycle === null ? null : boundedKey(event.cycle);
  return { ...event, key: boundedKey(event.key), cycle, title: clip(event.title, TITLE_CHARS_MAX) };
}

function isOld({ atMs, maxAgeMs }: AlertEvent, nowMs: number): boolean {
  return atMs !== null && maxAgeMs !== undefined && nowMs - atMs > maxAgeMs;
}

/**
 * The same opening told again. Sources with cycles are known by them: a cycle opens once, so a renotification that
 * comes after its recovery opens nothing. Without cycles, an alert that is open is repeated, and one that has closed
 * opens anew unless the event's date says that it is older.
 */
function isRepeat(mark: AlertMark, event: AlertEvent): boolean {
  if (event.cycle !== null && mark.cycle !== null) return event.cycle === mark.cycle;
  return mark.open;
}

function isOvertaken(mark: AlertMark, event: AlertEvent): boolean {
  if (mark.eventAtMs === null || event.atMs === null) return false;
  // Equal dates: a closing is believed, an opening is not. In doubt nothing moves away from primary twice.
  return mark.open ? event.atMs < mark.eventAtMs : event.atMs <= mark.eventAtMs;
}

/** A recovery of another cycle closes this one only when its date proves that it came later. */
function isOfAnotherCycle(mark: AlertMark, event: AlertEvent): boolean {
  if (!mark.open || mark.cycle === null || event.cycle === null || mark.cycle === event.cycle) return false;
  return mark.eventAtMs === null || event.atMs === null;
}

function heardAgain(mark: AlertMark, event: AlertEvent, nowMs: number): AlertMark {
  const eventAtMs = Math.max(mark.eventAtMs ?? -Infinity, event.atMs ?? -Infinity);
  return { ...mark, eventAtMs: Number.isFinite(eventAtMs) ? eventAtMs : null, heardAtMs: nowMs };
}

function fresh({ event, nameless, to, by }: Opening, nowMs: number) {
  return {
    key: event.key,
    cycle: event.cycle,
    title: event.title,
    to,
    by,
    nameless,
    eventAtMs: event.atMs,
    heardAtMs: nowMs,
  };
}

function replace(alerts: readonly AlertMark[], mark: AlertMark): readonly AlertMark[] {
  return alerts.map((alert) => (alert.key === mark.key ? mark : alert));
}

/** Adds a mark within the limit, at the cost of the closed ones heard of longest ago; undefined when all are open. */
function remember(alerts: readonly AlertMark[], mark: AlertMark, nowMs: number): readonly AlertMark[] | undefined {
  const others = alerts.filter(
    ({ key, open, heardAtMs }) => key !== mark.key && (open || heardAtMs > nowMs - ALERT_REMEMBERED_MS),
  );
  if (others.length < ALERTS_MAX) return [...others, mark];
  const closed = others.filter(({ open }) => !open).toSorted((a, b) => a.heardAtMs - b.heardAtMs);
  const forgotten = closed[0];
  return forgotten && [...others.filter((alert) => alert !== forgotten), mark];
}

/** A key that fits the state: a longer one keeps its head, and a checksum of the whole tells it from its neighbours. */
function boundedKey(key: string): string {
  if (key.length <= KEY_CHARS_MAX) return key;
  let checksum = 0x811c9dc5;
  for (const char of key) checksum = Math.imul(checksum ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return `${key.slice(0, KEY_CHARS_MAX - 9)}~${checksum.toString(16).padStart(8, '0')}`;
}
