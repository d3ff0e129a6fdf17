import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isMap, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { type Environment, expand } from './environment.ts';
import { checkLines } from './gpio.ts';
import { ConfigProblems, type Path, pathInWords, type Problem, quote } from './problems.ts';
import { type ButtonConfig, buttonSchema, ledSchema } from './schema.ts';

const FILE_BYTES_MAX = 65_536;
const LEVELS_MAX = 16;
const SECRETS: readonly PropertyKey[] = ['password', 'username', 'token'];

/** Flags of the command line, each in place of a key of the file. */
export interface Overrides {
  readonly url?: string | undefined;
  readonly switch?: string | undefined;
  readonly device?: string | undefined;
}

/**
 * Reads and checks button.yaml, or the flags alone when there is no file. Throws ConfigProblems with every problem at
 * once: where, what is wrong, what to write.
 */
export function readButtonConfig(file: string | undefined, overrides: Overrides, env: Environment): ButtonConfig {
  const source =
    file === undefined ? EMPTY : parse(readText(file, 'name one with --config, or give --url, --device and --switch'));
  const schema = buttonSchema(file === undefined ? '.' : dirname(file));
  const name = file ?? 'The command line';
  return checked(name, source, schema, override(source.value, overrides), env, (value, report) => {
    crossCheck(value, report);
    checkLines(value, report);
  });
}

/** Only what the LEDs need, so that a mistake elsewhere in the file keeps no lamp lit. Throws ConfigProblems. */
export function readLedConfig(file: string, env: Environment): Pick<ButtonConfig, 'chip' | 'leds'> {
  const source = parse(readText(file, 'name one with --config'));
  const { chip, leds } = isRecord(source.value) ? source.value : {};
  const written = { ...(chip !== undefined && { chip }), ...(leds !== undefined && { leds }) };
  return checked(file, source, ledSchema, written, env, () => undefined);
}

type Report = (path: Path, text: string) => void;

/** `crossCheck` sees what no single key shows. */
function checked<Output>(
  name: string,
  source: Source,
  schema: z.ZodType<Output>,
  written: unknown,
  env: Environment,
  crossCheck: (value: unknown, report: Report) => void,
): Output {
  if (source.problems.length > 0) throw new ConfigProblems(name, source.problems);
  const problems: Problem[] = [];
  const unset = new Set<string>();
  const report: Report = (path, text) => {
    problems.push({ path, line: source.line(path), text });
  };
  const value = expanded(written, [], env, (path, text) => {
    unset.add(pathInWords(path));
    report(path, text);
  });
  const parsed = schema.safeParse(value);
  for (const issue of parsed.error?.issues ?? []) {
    // What could not be taken from the environment is told already, and fits nothing.
    if (!unset.has(pathInWords(issue.path))) explain(issue, written, value, report);
  }
  crossCheck(value, report);
  if (!parsed.success || problems.length > 0) throw new ConfigProblems(name, problems);
  return parsed.data;
}

interface Source {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  line(path: Path): number | undefined;
}

const EMPTY: Source = { value: {}, problems: [], line: () => undefined };

/** `instead` is what to do when there is no such file. */
function readText(file: string, instead: string): string {
  const refuse = (text: string): never => {
    throw new ConfigProblems(file, [{ path: [], line: undefined, text }]);
  };
  try {
    const bytes = readFileSync(file);
    if (bytes.byteLength > FILE_BYTES_MAX)
      return refuse(`has ${bytes.byteLength} bytes; ${FILE_BYTES_MAX} is the most.`);
    return bytes.toString('utf8');
  } catch (error) {
    if (error instanceof ConfigProblems) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return refuse(`There is no such file; ${instead}.`);
    if (code === 'EISDIR') return refuse('This is a folder; name the file in it.');
    if (code === 'EACCES') return refuse('This user may not read it.');
    return refuse(`It cannot be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

function parse(text: string): Source {
  const counter = new LineCounter();
  // The parser's own words repeat parts of the file, and a secret written without quotes may be just that.
  const document: Document = parseDocument(text, { lineCounter: counter, prettyErrors: false, logLevel: 'silent' });
  const texts = [...document.errors, ...document.warnings].slice(0, 10).map((error) => {
    const { line } = counter.linePos(error.pos[0]);
    const reference = /\$\{/.test(text.split('\n')[line - 1] ?? '') ? " Put '${NAME}' in quotes." : '';
    const twice = error.code === 'DUPLICATE_KEY' ? 'has a key that is there twice; keep one.' : undefined;
    const words = `cannot be read as YAML; look for a missing quote, ":" or indentation.${reference}`;
    return `Line ${line} ${twice ?? words}`;
  });
  // The parser stumbles more than once over the same place.
  const problems = [...new Set(texts)].map((text): Problem => ({ path: [], line: undefined, text }));
  if (problems.length > 0) return { ...EMPTY, problems };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 20 });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return { ...EMPTY, problems: [{ path: [], line: undefined, text: 'uses too many YAML aliases; write them out.' }] };
  }
  // Nothing of ours lies so deep; an alias of what it stands in has no end.
  if (isDeeper(value, LEVELS_MAX)) {
    const text = `is nested more than ${LEVELS_MAX} levels deep, or uses a YAML alias inside of what it names.`;
    return { ...EMPTY, problems: [{ path: [], line: undefined, text }] };
  }
  if (value === null || value === undefined) value = {};
  return { value, problems: [], line: (path) => lineOf(document, counter, path) };
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((one) => isDeeper(one, levels - 1));
}

/** The line of the key, or of the nearest one above it. */
function lineOf(document: Document, counter: LineCounter, path: Path): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    const key = isMap(parent)
      ? parent.items.find((item) => isScalar(item.key) && item.key.value === last)?.key
      : undefined;
    const node = key ?? document.getIn(path.slice(0, length), true);
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) {
      return counter.linePos(node.range[0] as number).line;
    }
  }
  return undefined;
}

function override(value: unknown, flags: Overrides): unknown {
  if (!isRecord(value)) return value;
  const mqtt = isRecord(value['mqtt']) ? value['mqtt'] : {};
  return {
    ...value,
    ...(flags.device !== undefined && { device: flags.device }),
    ...(flags.switch !== undefined && { switch: flags.switch }),
    ...(flags.url !== undefined && { mqtt: { ...mqtt, url: flags.url } }),
  };
}

function expanded(value: unknown, path: Path, env: Environment, report: Report): unknown {
  if (typeof value === 'string') return expand(value, env, (sentence) => report(path, sentence));
  if (Array.isArray(value)) return value.map((one, at) => expanded(one, [...path, at], env, report));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, expanded(one, [...path, key], env, report)]),
  );
}

function explain(issue: z.core.$ZodIssue, written: unknown, value: unknown, report: Report): void {
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys)
      report([...issue.path, key], 'is not a key that is known here; look at its spelling, or remove it.');
    return;
  }
  if (!issue.message.startsWith('write ')) {
    report(issue.path, issue.message);
    return;
  }
  const there = at(value, issue.path);
  if (there === undefined) report(issue.path, `is missing; ${issue.message}`);
  else report(issue.path, `${echo(at(written, issue.path), issue.path)}; ${issue.message}`);
}

/** What stands there, as it was written: never a value of the environment, never a secret. */
function echo(written: unknown, path: Path): string {
  if (path.some((part) => SECRETS.includes(part)) || written === undefined) return 'cannot be used';
  // A URL with an @ may hold a password.
  if (typeof written === 'string') return written.includes('@') ? 'cannot be used' : `is ${quote(written)}`;
  if (typeof written === 'object' && written !== null)
    return Array.isArray(written) ? 'is a list' : 'is a group of keys';
  return written === null ? 'is empty' : `is ${JSON.stringify(written)}`;
}

/** What only several keys together show. */
function crossCheck(value: unknown, report: Report): void {
  const mqtt = isRecord(value) && isRecord(value['mqtt']) ? value['mqtt'] : {};
  const { url, ca, cert, key, username, password } = mqtt;
  if (cert !== undefined && key === undefined) report(['mqtt', 'key'], 'is missing; mqtt.cert needs its private key.');
  if (key !== undefined && cert === undefined) report(['mqtt', 'cert'], 'is missing; mqtt.key needs its certificate.');
  if (password !== undefined && username === undefined)
    report(['mqtt', 'username'], 'is missing; mqtt.password needs it.');
  if (mqtt['client'] === 'aws-iot' && typeof url === 'string' && !(url.startsWith('mqtts:') && cert !== undefined)) {
    const text = 'is "aws-iot", which speaks only mqtts: with mqtt.cert and mqtt.key; add them, or write mqtt.';
    report(['mqtt', 'client'], text);
  }
  if (typeof url === 'string' && /^(mqtt|ws):/.test(url) && (ca ?? cert ?? key) !== undefined) {
    report(
      ['mqtt', 'url'],
      'does not use TLS, so the certificates would do nothing; write mqtts: or wss:, or remove them.',
    );
  }
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inside, part) => {
    if (typeof inside !== 'object' || inside === null) return undefined;
    return (inside as Record<PropertyKey, unknown>)[part];
  }, value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
