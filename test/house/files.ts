import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Every file of the repository that git tracks or would track, by its path from the root. */
export function repositoryFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return listed.split('\n').filter((path) => path !== '' && exists(path));
}

export function sourceFiles(): string[] {
  return repositoryFiles().filter((path) => path.endsWith('.ts'));
}

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

function exists(path: string): boolean {
  try {
    read(path);
    return true;
  } catch {
    return false;
  }
}

export interface Import {
  /** `cloud/jobs/plan.ts`, or a package's name, or `node:…`. */
  readonly target: string;
  readonly typeOnly: boolean;
}

const STATEMENT = /^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm;
const CALL = /\bimport\(\s*'([^']+)'\s*\)/g;

/** The imports of a source file, dynamic ones included; relative ones as paths from the root. */
export function importsOf(path: string): Import[] {
  const text = read(path);
  const found: Import[] = [];
  for (const match of text.matchAll(STATEMENT))
    found.push({ target: resolve(path, match[2] ?? ''), typeOnly: !!match[1] });
  for (const match of text.matchAll(CALL)) found.push({ target: resolve(path, match[1] ?? ''), typeOnly: false });
  return found;
}

function resolve(from: string, specifier: string): string {
  return specifier.startsWith('.') ? normalize(join(dirname(from), specifier)) : specifier;
}
