import { safeParse, type z } from 'zod';
import type { Source } from './document.ts';
import { nearest } from './nearest.ts';
import { listInWords, quote, type Path, type Report } from './problems.ts';
import { describedAt, isWhole, keyDescribedAt, keysOf, schemaAt, valueAt } from './walk.ts';

/** Keys whose values are never repeated: secrets, and URLs and paths, which may carry one. */
const UNSPOKEN = new Set<PropertyKey>([
  'secret',
  'token',
  'password',
  'username',
  'url',
  'endpoint',
  'publicUrl',
  'store',
  'ca',
  'cert',
  'key',
  'routingKey',
  'apiKey',
]);

/** Sections with secrets in them: what stands where one of their lists or mappings belongs may be one, too. */
const SECRETIVE = new Set<PropertyKey>(['tokens', 'triggers', 'devices', 'mqtt', 'notify']);

/** The value at a path as the file has it, in quotes; or words that do not repeat it. */
export function say(source: Source, path: Path): string {
  const text = source.written(path);
  if (text === undefined || path.some((part) => UNSPOKEN.has(part))) return 'the value';
  return quote(text);
}

/** Turns an issue of the schema into a sentence that says what is there and what to write. */
export function explain(issue: z.core.$ZodIssue, schema: z.core.$ZodType, source: Source, report: Report): void {
  const at = schemaAt(schema, issue.path);
  const write = describedAt(at) ?? 'something else';
  const value = valueAt(source.value, issue.path);
  const said = isWhole(at) && SECRETIVE.has(issue.path[0] ?? '') ? 'the value' : say(source, issue.path);
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) explainKey(issue.path, key, keysOf(at) ?? [], source, report);
  } else if (issue.code === 'invalid_key') {
    const wanted = keyDescribedAt(schemaAt(schema, issue.path.slice(0, -1))) ?? 'another name';
    report(issue.path, `is not a name that can stand here; write ${wanted}.`);
    // zod looks no further below such a name; whoever mends the file wants to hear of everything at once.
    const below = at && safeParse(at, value);
    for (const inside of below?.error?.issues ?? [])
      explain({ ...inside, path: [...issue.path, ...inside.path] }, schema, source, report);
  } else if (value === undefined) {
    report(issue.path, `is missing; write ${write}.`);
  } else if (value === null || value === '') {
    report(issue.path, `is empty; write ${write}.`);
  } else if (issue.code === 'custom' && issue.message !== 'Invalid input') {
    report(issue.path, `${said} ${issue.message}`);
  } else if (typeof value === 'object') {
    report(issue.path, `is ${sizeInWords(value)}; write ${write}.`);
  } else {
    report(issue.path, `${said} ${misfit(issue, value)}; write ${write}.`);
  }
}

function misfit(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code !== 'invalid_type') return 'does not fit here';
  if (typeof value === 'number') return issue.expected === 'int' ? 'is not a whole number' : 'is a number, not text';
  if (typeof value === 'boolean') return 'is true or false, which does not fit here';
  return issue.expected === 'number' || issue.expected === 'int' ? 'is text, not a number' : 'does not fit here';
}

function sizeInWords(value: object): string {
  if (!Array.isArray(value)) return 'a mapping, which does not fit here';
  return value.length === 0 ? 'an empty list' : `a list of ${value.length}, which does not fit here`;
}

function explainKey(path: Path, key: string, known: readonly string[], source: Source, report: Report): void {
  const close = nearest(key, known);
  const remedy = close === undefined ? `known here: ${listInWords(known, 'and')}` : `did you mean ${close}?`;
  const hint = remedy.endsWith('?') ? remedy : `${remedy}.`;
  // A secret whose key lost its colon becomes a key itself: only what looks like a key with a value is repeated.
  const secretive = known.includes('secret') || known.includes('token') || known.includes('password');
  const plain = /^[A-Za-z_-]{1,24}$/.test(key) && valueAt(source.value, [...path, key]) !== null;
  if (close === undefined && secretive && !plain) report(path, `has a key that is not known; ${hint}`);
  else report([...path, key], `is not a known key; ${hint}`);
}
