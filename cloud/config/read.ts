import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { checkAccess } from './access.ts';
import { toConfig, type Config } from './config.ts';
import { readSource, type Source } from './document.ts';
import type { Environment } from './environment.ts';
import { explain, say } from './explain.ts';
import { checkStore, readMaterial, whyUnreadable, type Material } from './material.ts';
import { checkMqtt } from './mqtt.ts';
import { checkNotify } from './notify.ts';
import { ConfigProblems, pathInWords, type Path, type Problem, type Report } from './problems.ts';
import { File } from './schema.ts';
import { checkSwitches, knownSwitches } from './switches.ts';

export type { Config } from './config.ts';
export { ConfigProblems } from './problems.ts';

/** A thousand switches need less; more is a wrong file. */
const FILE_BYTES_MAX = 1024 * 1024;
const PROBLEMS_MAX = 100;

/**
 * Reads and checks dashover.yaml. Throws ConfigProblems, whose message tells every problem with its path, its line and
 * what to write. `env` gives the values of `${NAME}`.
 */
export function readConfig(path: string, env: Environment): Config {
  const file = resolve(path);
  return parseConfig(readText(file), file, env);
}

/** The same for the text of a file; `path` is where it stands, for relative paths and for messages. */
export function parseConfig(text: string, path: string, env: Environment): Config {
  const source = readSource(text, env);
  const folder = dirname(path);
  const problems: Problem[] = [...source.problems];
  const report: Report = (at, sentence) => {
    if (!isUnset(source, at)) problems.push({ path: at, text: sentence });
  };
  if (source.value === undefined) throw new ConfigProblems(basename(path), inOrder(problems, source));

  const parsed = File.safeParse(source.value);
  for (const issue of parsed.error?.issues ?? []) explain(issue, File, source, report);
  const material = checkAll(source, folder, report);
  if (!parsed.success || problems.length > 0) throw new ConfigProblems(basename(path), inOrder(problems, source));
  return toConfig(parsed.data, path, folder, material);
}

function checkAll(source: Source, folder: string, report: Report): Material {
  const speak = (path: Path): string => say(source, path);
  checkSwitches(source.value, speak, report);
  checkAccess(source.value, knownSwitches(source.value), speak, report);
  checkMqtt(source.value, report);
  checkNotify(source.value, knownSwitches(source.value), speak, report);
  checkStore(source.value, folder, report);
  return readMaterial(source.value, folder, report);
}

/** A value that misses its variable is told as such; what else is wrong with it follows from that. */
function isUnset(source: Source, path: Path): boolean {
  return source.unset.has(pathInWords(path));
}

/** As whole sentences, from the top of the file to its end. */
export function inOrder(problems: readonly Problem[], source: Source): string[] {
  const placed = problems.map(({ path, line = source.line(path), text }) => ({
    place: place(path, line),
    line: line ?? 0,
    text,
  }));
  const sentences = placed.toSorted((a, b) => a.line - b.line).map(({ place, text }) => `${place}: ${text}`);
  const distinct = [...new Set(sentences)];
  if (distinct.length <= PROBLEMS_MAX) return distinct;
  return [
    ...distinct.slice(0, PROBLEMS_MAX),
    `and ${distinct.length - PROBLEMS_MAX} more, which appear when these are mended.`,
  ];
}

function place(path: Path, line: number | undefined): string {
  if (path.length === 0 && line !== undefined) return `line ${line}`;
  return line === undefined ? pathInWords(path) : `${pathInWords(path)} (line ${line})`;
}

/** The text of the file, within its limits. Throws ConfigProblems. */
export function readText(file: string): string {
  try {
    const { size } = statSync(file);
    if (size > FILE_BYTES_MAX)
      throw refused(file, `is ${size} bytes large; a configuration has at most ${FILE_BYTES_MAX}.`);
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    if (error instanceof ConfigProblems) throw error;
    if (error instanceof TypeError) throw refused(file, 'is not UTF-8 text; save it as UTF-8.', error);
    const why = whyUnreadable(error);
    const remedy = why === 'does not exist' ? 'write one, or name another with --config' : 'name another with --config';
    throw refused(file, `${why}; ${remedy}.`, error);
  }
}

function refused(file: string, why: string, cause?: unknown): ConfigProblems {
  return new ConfigProblems(basename(file), [`${file} ${why}`], { cause });
}
