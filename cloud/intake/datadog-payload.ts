import { Fault } from '../../shared/faults.ts';

/** Datadog's payload as dashover reads it: the recommended one, or Datadog's default. Everything else in it is ignored. */
export interface DatadogNews {
  /** Null when the payload has no such field (Datadog's default payload), empty when Datadog left it empty. */
  readonly transition: string | null;
  /** `error`, `warning`, `success`, `info`: the level of a `Renotify`. */
  readonly alertType: string;
  /** Links an alert to its recovery. */
  readonly cycleKey: string;
  readonly monitorId: string;
  /** The group of a multi alert: its tags, sorted, so that their order makes no second alert. Empty for all of the monitor. */
  readonly scope: string;
  readonly eventId: string;
  readonly title: string;
  /** The event's own date, milliseconds since 1970, or null. */
  readonly atMs: number | null;
  /** The names of what the payload holds, for sentences. */
  readonly fields: readonly string[];
}

/** The payload to paste into a webhook: Datadog puts its values in place of the variables. */
export const RECOMMENDED_PAYLOAD = {
  event_id: '$ID',
  transition: '$ALERT_TRANSITION',
  alert_type: '$ALERT_TYPE',
  cycle_key: '$ALERT_CYCLE_KEY',
  monitor_id: '$ALERT_ID',
  scope: '$ALERT_SCOPE',
  priority: '$ALERT_PRIORITY',
  host: '$HOSTNAME',
  title: '$EVENT_TITLE',
  text: '$TEXT_ONLY_MSG',
  link: '$LINK',
  snapshot: '$SNAPSHOT',
  date_ms: '$DATE',
  last_updated: '$LAST_UPDATED',
  org_id: '$ORG_ID',
} as const;

const HINT =
  'Paste the payload that `dashover datadog SWITCH` prints into the webhook, as JSON, with or without "Encode as form".';

/**
 * Reads a webhook's body: JSON, or the same fields URL-encoded. Throws `malformed` or `bad-media-type` in a sentence for
 * whoever reads Datadog's webhook log.
 */
export function readDatadog(body: string, contentType: string | undefined): DatadogNews {
  const fields = readFields(body, contentType);
  const text = (name: string): string | null => textOf(fields, name);
  return {
    transition: text('transition'),
    alertType: (known(text('alert_type')) ?? '').toLowerCase(),
    cycleKey: known(text('cycle_key')) ?? '',
    monitorId: known(text('monitor_id')) ?? '',
    scope: inOrder(known(text('scope')) ?? ''),
    // Datadog's default payload calls it `id`.
    eventId: known(text('event_id')) ?? known(text('id')) ?? '',
    title: known(text('title')) ?? '',
    atMs: dateOf(text('date_ms'), 'date_ms') ?? dateOf(text('date'), 'date'),
    fields: Object.keys(fields),
  };
}

/** True for a variable that nobody has replaced: `$ALERT_TRANSITION` as such. */
export function isVariable(text: string): boolean {
  return /^\$\{?[A-Z][A-Z0-9_]*\}?$/.test(text);
}

type Fields = Readonly<Record<string, unknown>>;

function readFields(body: string, contentType: string | undefined): Fields {
  const text = body.trim();
  if (text === '') throw malformed('The body is empty; Datadog sends the payload of the webhook.');
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  // curl -d says that JSON is a form, and a person's custom header may say anything: an opening brace says more.
  if (text.startsWith('{')) return readJson(text);
  if (type === 'application/x-www-form-urlencoded') return readForm(text);
  if (type === 'application/json' || type.endsWith('+json')) {
    throw malformed('The body is declared as JSON and is no JSON object.');
  }
  const said = type === '' ? 'The body is not declared as anything' : `The body is declared as ${type.slice(0, 60)}`;
  throw new Fault('bad-media-type', `${said}, and is not a JSON object.`, { hint: HINT });
}

function readJson(text: string): Fields {
  try {
    return JSON.parse(text) as Fields;
  } catch (cause) {
    throw malformed('The body begins like JSON and is not.', cause);
  }
}

function readForm(text: string): Fields {
  return Object.fromEntries(new URLSearchParams(text));
}

/** A field as text: null when it is not there. Datadog's values are texts; a payload without quotes makes them numbers. */
function textOf(fields: Fields, name: string): string | null {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return clean(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw malformed(`The field ${name} is ${Array.isArray(value) ? 'a list' : 'an object'}; Datadog sends text there.`);
}

/** On one line, without what a terminal would obey or a database would refuse. */
function clean(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
}

/** What is empty, or a variable by its own name, says nothing. */
function known(text: string | null): string | null {
  return text === null || text === '' || isVariable(text) ? null : text;
}

/** `*` is Datadog's word for no group. */
function inOrder(scope: string): string {
  const tags = scope.split(',').map((tag) => tag.trim());
  return tags
    .filter((tag) => tag !== '' && tag !== '*')
    .toSorted()
    .join(',');
}

/** Datadog's dates are milliseconds; seconds have ten digits until the year 2286. */
const SECONDS_BELOW = 1e11;

function dateOf(said: string | null, name: string): number | null {
  const text = known(said);
  if (text === null) return null;
  const date = Number(text);
  if (!Number.isFinite(date) || date < 0) {
    throw malformed(`The field ${name} is ${JSON.stringify(text.slice(0, 40))}, which is no date.`, undefined, {
      hint: `Write "${name}": "$DATE" in the payload: milliseconds since 1970.`,
    });
  }
  return Math.round(date < SECONDS_BELOW ? date * 1_000 : date);
}

function malformed(sentence: string, cause?: unknown, { hint = HINT } = {}): Fault {
  return new Fault('malformed', sentence, { cause, hint });
}
