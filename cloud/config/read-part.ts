import { basename, resolve } from 'node:path';
import type { z } from 'zod';
import { readSource, type Source } from './document.ts';
import type { Environment } from './environment.ts';
import { explain, say } from './explain.ts';
import { ConfigProblems, pathInWords, type Path, type Problem, type Report } from './problems.ts';
import { inOrder, readText } from './read.ts';

export interface Part<Schema extends z.ZodObject> {
  readonly schema: Schema;
  /** What of the file the schema looks at; by default all of it. */
  readonly look?: (value: unknown) => unknown;
  /** Whether a problem there is ours: others are for `check` to tell. A problem of syntax has no path. */
  readonly concerns: (path: Path) => boolean;
  /** What the parts say about each other. */
  readonly check: (value: unknown, speak: (path: Path) => string, report: Report) => void;
}

export interface ReadPart<Schema extends z.ZodObject> {
  /** Absolute. */
  readonly file: string;
  readonly source: Source;
  readonly data: z.output<Schema>;
}

/**
 * Reads only a part of dashover.yaml, for those who need no more of it: whatever is wrong or missing elsewhere is no
 * obstacle. Throws ConfigProblems for mistakes in that part, and for a file that is no YAML.
 */
export function readPart<Schema extends z.ZodObject>(
  path: string,
  env: Environment,
  { schema, look = (value) => value, concerns, check }: Part<Schema>,
): ReadPart<Schema> {
  const file = resolve(path);
  const source = readSource(readText(file), env);
  const problems: Problem[] = source.problems.filter((problem) => concerns(problem.path));
  const report: Report = (at, text) => {
    if (concerns(at) && !source.unset.has(pathInWords(at))) problems.push({ path: at, text });
  };
  const parsed = schema.safeParse(look(source.value));
  if (source.value !== undefined) {
    for (const issue of parsed.error?.issues ?? []) explain(issue, schema, source, report);
    check(look(source.value), (at) => say(source, at), report);
  }
  if (!parsed.success || problems.length > 0) throw new ConfigProblems(basename(file), inOrder(problems, source));
  return { file, source, data: parsed.data };
}
