import { createHash } from 'node:crypto';
import { Fault } from '../../shared/faults.ts';
import type { AlertEvent } from '../jobs/command.ts';
import { clip } from '../jobs/text.ts';
import { type DatadogNews, isVariable } from './datadog-payload.ts';

/** What the transitions count as: `datadog:` of dashover.yaml. */
export interface DatadogSettings {
  readonly noData: 'alert' | 'ignore';
  readonly warn: 'alert' | 'ignore';
  /** An event older than this is recorded and moves nothing. */
  readonly maxAgeMs: number;
}

export type Direction = 'failover' | 'restore';

/** Where a webhook was sent, and when it came. */
export interface Arrival {
  readonly switch: string;
  /** Fixed by the URL, or null: then the payload's transition decides. */
  readonly direction: Direction | null;
  readonly nowMs: number;
}

/** What a webhook asks for: a move with the alert that opens or closes, or nothing at all, and why. */
export type Meaning =
  | {
      readonly kind: 'move';
      readonly command: Direction;
      readonly alert: AlertEvent;
      /** The same event told again is the same job. */
      readonly id: string | undefined;
      readonly reason: string | undefined;
    }
  | { readonly kind: 'nothing'; readonly status: 'test' | 'warn' | 'no-data' | 'contradiction'; readonly text: string };

/** What Datadog says of its monitor. */
type Level = 'alert' | 'warn' | 'no-data' | 'recovery';

const LEVELS: Readonly<Record<string, Level>> = {
  triggered: 'alert',
  're-triggered': 'alert',
  'no data': 'no-data',
  're-no data': 'no-data',
  warn: 'warn',
  're-warn': 'warn',
};
const TITLE_CHARS_MAX = 200;
const ID_CHARS_MAX = 60;

/**
 * What Datadog's words mean for a switch. Unknown and contradictory words move nothing. Throws `malformed` for a mistake
 * in the set-up, which Datadog shows as a failed webhook and does not repeat.
 */
export function meaningOf(news: DatadogNews, settings: DatadogSettings, arrival: Arrival): Meaning {
  const { direction } = arrival;
  const { transition } = news;
  const name = arrival.switch;
  const title = titleInWords(news);
  // Datadog puts this before the title of a monitor's test notification, which looks like an alert in all else.
  const test = /^\[test\]/i.test(news.title)
    ? nothing('test', `${title} is a test notification; ${name} was not moved.`)
    : null;
  if (transition === null) {
    if (direction === null) throw withoutTransition(news, name);
    return test ?? move(direction, news, settings, arrival);
  }
  if (isVariable(transition)) throw notReplaced(transition);
  if (transition === '') {
    return nothing('test', `Datadog names no transition, as in a test; ${name} was not moved.`);
  }
  if (test) return test;
  const level = levelOf(transition, news.alertType);
  if (level === null) return nothing('contradiction', `${title} is renotified, and recovered; ${name} was not moved.`);
  const wanted: Direction = level === 'recovery' ? 'restore' : 'failover';
  if (direction !== null && direction !== wanted) {
    return nothing(
      'contradiction',
      `The URL says ${direction}, and Datadog says "${clip(transition, 40)}" of ${title}; ${name} was not moved.`,
    );
  }
  if (level === 'warn' && settings.warn === 'ignore') {
    return nothing('warn', `${title} is a warning, and datadog.warn is ignore; ${name} was not moved.`);
  }
  if (level === 'no-data' && settings.noData === 'ignore') {
    return nothing('no-data', `${title} has no data, and datadog.noData is ignore; ${name} was not moved.`);
  }
  return move(wanted, news, settings, arrival);
}

/** The level that a transition stands for; null for a renotification of what its own type calls recovered. */
function levelOf(transition: string, alertType: string): Level | null {
  const word = transition.toLowerCase();
  if (word.startsWith('recovered')) return 'recovery';
  if (word === 'renotify') {
    if (alertType === 'success') return null;
    return alertType === 'warning' || alertType === 'info' ? 'warn' : 'alert';
  }
  const level = Object.hasOwn(LEVELS, word) ? LEVELS[word] : undefined;
  if (level) return level;
  throw new Fault('malformed', `${JSON.stringify(transition.slice(0, 60))} is no transition of Datadog's.`, {
    hint: 'Write "transition": "$ALERT_TRANSITION" in the payload. By hand: Triggered, Re-Triggered, Renotify, No Data, Re-No Data, Warn, Re-Warn or Recovered.',
  });
}

function move(command: Direction, news: DatadogNews, settings: DatadogSettings, arrival: Arrival): Meaning {
  const { switch: name, nowMs } = arrival;
  // A date ahead of our clock would make every later event of this alert look overtaken.
  const atMs = news.atMs === null ? null : Math.min(news.atMs, nowMs);
  return {
    kind: 'move',
    command,
    alert: {
      key: keyOf(news, name),
      cycle: news.cycleKey === '' ? null : news.cycleKey,
      title: news.title === '' ? nameless(news, 'Datadog webhook') : clip(news.title, TITLE_CHARS_MAX),
      atMs,
      maxAgeMs: settings.maxAgeMs,
    },
    id: news.eventId === '' ? undefined : idOf(news, name, command),
    reason: news.title === '' ? undefined : clip(news.title, TITLE_CHARS_MAX),
  };
}

/** Monitor and group. Datadog's default payload names neither: there all alerts of a switch are one. */
function keyOf({ monitorId, scope }: DatadogNews, name: string): string {
  if (monitorId === '') return `url:${name}`;
  return scope === '' ? `monitor:${monitorId}` : `monitor:${monitorId}:${scope}`;
}

/**
 * Ids are one sender's, whatever the switch, and Datadog may keep an event's id while its alert goes on: the same job is
 * meant only when event, switch, direction and date are all the same.
 */
function idOf({ eventId, atMs }: DatadogNews, name: string, command: Direction): string {
  const event = eventId.length <= ID_CHARS_MAX ? eventId : createHash('sha256').update(eventId).digest('hex');
  return `${name}/${command}/${event}${atMs === null ? '' : `/${atMs}`}`.slice(0, 128);
}

function titleInWords(news: DatadogNews): string {
  return news.title === '' ? nameless(news, 'The event') : `"${clip(news.title, 120)}"`;
}

/** What has no title, by its monitor; `otherwise` when it names none. */
function nameless({ monitorId, scope }: DatadogNews, otherwise: string): string {
  if (monitorId === '') return otherwise;
  return `Monitor ${clip(monitorId, 40)}${scope === '' ? '' : ` of ${clip(scope, 60)}`}`;
}

function nothing(status: Extract<Meaning, { kind: 'nothing' }>['status'], text: string): Meaning {
  return { kind: 'nothing', status, text };
}

function notReplaced(variable: string): Fault {
  return new Fault('malformed', `The field transition is ${variable} itself: nobody has put a value in its place.`, {
    hint: 'Datadog replaces it only in a webhook that a monitor has called; by hand write Triggered or Recovered.',
  });
}

function withoutTransition({ fields }: DatadogNews, name: string): Fault {
  const found = fields.slice(0, 10).map((field) => clip(field, 30));
  const has = found.length === 0 ? 'is empty' : `has only ${found.join(', ')}`;
  return new Fault('malformed', `The payload has no field transition, so it does not say which way to go: it ${has}.`, {
    hint: `Paste the payload that \`dashover datadog ${name}\` prints into the webhook; or keep Datadog's default payload, and use the URLs …/${name}/failover and …/${name}/restore.`,
  });
}
