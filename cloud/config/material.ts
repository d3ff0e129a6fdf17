import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Report } from './problems.ts';
import { Store } from './addresses.ts';
import { Mqtt } from './schema.ts';
import { salvage, valueAt } from './walk.ts';

const PEM_BYTES_MAX = 256 * 1024;
const PEM = { ca: 'CERTIFICATE', cert: 'CERTIFICATE', key: 'PRIVATE KEY' } as const;

/** The content of the files that the configuration names, read while a mistake can still be told with all others. */
export interface Material {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export function readMaterial(file: unknown, folder: string, report: Report): Material {
  const mqtt = salvage(Mqtt, valueAt(file, ['mqtt']));
  const found: { -readonly [Key in keyof Material]: Material[Key] } = {};
  for (const name of ['ca', 'cert', 'key'] as const) {
    const written = mqtt[name];
    if (written === undefined) continue;
    const path = resolve(folder, written);
    const answer = readPem(path, PEM[name]);
    if ('text' in answer) found[name] = answer.text;
    else report(['mqtt', name], `names a file that ${answer.why}`);
  }
  return found;
}

function readPem(path: string, kind: string): { readonly text: string } | { readonly why: string } {
  try {
    if (statSync(path).size > PEM_BYTES_MAX) return { why: 'is too large for a PEM file; write the path of another.' };
    const text = readFileSync(path, 'utf8');
    if (text.includes('-----BEGIN ') && text.includes(`${kind}-----`)) return { text };
    return { why: `has no PEM ${kind} in it ("-----BEGIN …${kind}-----"); write the path of another.` };
  } catch (error) {
    return { why: `${whyUnreadable(error)}; write the path of a file that can be read, relative to this one.` };
  }
}

/** The folder of the database must be there: SQLite makes the file, not the way to it. */
export function checkStore(file: unknown, folder: string, report: Report): void {
  const store = Store.safeParse(valueAt(file, ['store']));
  if (!store.success || store.data.kind !== 'sqlite') return;
  const place = dirname(resolve(folder, store.data.path));
  try {
    if (statSync(place).isDirectory()) return;
    report(['store'], 'is in something that is not a folder; write another path.');
  } catch (error) {
    report(['store'], `is in a folder that ${whyUnreadable(error)}; make the folder, or write another path.`);
  }
}

/** Why the file system refused, in words that fit after "the file". */
export function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'does not exist';
    case 'EACCES':
    case 'EPERM':
      return 'this user may not read';
    case 'EISDIR':
      return 'is a folder';
    default:
      return `cannot be read (${code})`;
  }
}
