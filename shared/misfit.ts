import type { z } from 'zod';
import { durationInWords } from './duration.ts';

/** The first problems of a message are enough to mend it. */
const CLAUSES_MAX = 5;
const LENGTHS: readonly (string | undefined)[] = ['too_small', 'too_big'];

/**
 * What a schema found wrong with a value, in words for whoever wrote it: one clause per problem, with the name of its
 * field, such as `limit is "x"; write a whole number` or `the field command is missing`. `value` is what was checked.
 */
export function describeIssues(error: z.ZodError, value: unknown): string {
  const mistyped = new Set(
    error.issues.filter(({ code }) => code === 'invalid_type').map(({ path }) => path.join('.')),
  );
  // zod measures whatever has a length, text in place of a list too: what is of the wrong kind is not also too long.
  const told = error.issues.filter(({ code, path }) => !LENGTHS.includes(code) || !mistyped.has(path.join('.')));
  const clauses = told.map((issue) => clauseOf(issue, at(value, issue.path)));
  return clauses.slice(0, CLAUSES_MAX).join('; ');
}

function clauseOf(issue: z.core.$ZodIssue, found: unknown): string {
  const field = pathInWords(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.slice(0, 5).map((key) => quote(key, 40));
    return `unknown field ${names.join(', ')}${field === '' ? '' : ` in ${field}`}`;
  }
  if (found === undefined) return field === '' ? 'it is empty' : `the field ${field} is missing`;
  const subject = field === '' ? 'it' : field;
  switch (issue.code) {
    case 'too_small':
    case 'too_big':
      return beyond(issue, subject, found);
    case 'invalid_type':
      return `${subject} is ${shown(found)}; write ${TYPES[issue.expected] ?? 'something else'}`;
    case 'invalid_value':
      return `${subject} is ${shown(found)}; write ${choice(issue.values.map(String), found)}`;
    case 'invalid_format':
      return `${subject} is ${shown(found)}; write ${FORMATS[issue.format] ?? 'it in another form'}`;
    case 'custom':
      // Our own checks say what to write.
      return `${subject} is ${shown(found)}; write ${issue.message}`;
    case 'not_multiple_of':
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
      return `${subject} is ${shown(found)}, which does not fit here`;
  }
}

type Limit = z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig;

/** `reason has 300 characters, and at most 256 are read`; `expiresInMs is 900000; write at most 600000 ms (10 min)`. */
function beyond(issue: Limit, subject: string, found: unknown): string {
  const [bound, limit] = issue.code === 'too_small' ? ['at least', issue.minimum] : ['at most', issue.maximum];
  const things = COUNTED[issue.origin];
  if (things === undefined) return `${subject} is ${shown(found)}; write ${bound} ${amount(Number(limit), subject)}`;
  const length = typeof found === 'string' || Array.isArray(found) ? Array.from(found).length : undefined;
  if (length === 0) return `${subject} is empty; leave it out, or write something`;
  return `${subject} has ${length ?? 'not the right number of'} ${things}; write ${bound} ${limit}`;
}

/** A number that is a time says so, by the unit at the end of its name. */
function amount(limit: number, field: string): string {
  if (!field.endsWith('Ms')) return String(limit);
  const isRound = limit > 0 && limit % 1_000 === 0;
  return isRound ? `${limit} ms (${durationInWords(limit)})` : `${limit} ms`;
}

/** `failover, restore or drill`; only the right one when nothing but its letters is wrong. */
function choice(values: readonly string[], found: unknown): string {
  const meant = typeof found === 'string' ? found.trim().toLowerCase() : undefined;
  if (meant !== undefined && values.includes(meant)) return meant;
  return values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
}

const COUNTED: Readonly<Record<string, string>> = { string: 'characters', array: 'entries' };

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a JSON object, {…}',
};

const FORMATS: Readonly<Record<string, string>> = { datetime: 'a time such as 2026-05-01T12:00:00Z' };

/** What was there, short: a list or an object by its kind. */
function shown(found: unknown): string {
  if (typeof found === 'string') return found === '' ? 'empty' : quote(found);
  if (Array.isArray(found)) return 'a list';
  if (typeof found === 'object' && found !== null) return 'a JSON object';
  return String(found);
}

/** At most 60 characters of a stranger's text, in quotes and safe to print. */
export function quote(text: string, charactersMax = 60): string {
  const short = text.length > charactersMax ? `${text.slice(0, charactersMax)}…` : text;
  // JSON leaves C1 controls and direction marks alone; a terminal would obey them.
  return JSON.stringify(short).replaceAll(/\p{C}/gu, '?');
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const part of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined;
    found = Reflect.get(found, part);
  }
  return found;
}

function pathInWords(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`))
    .join('');
}
