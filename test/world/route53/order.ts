import { readName } from '../dns/name.ts';
import type { RecordSet } from './record-set.ts';

export type Cursor = Pick<RecordSet, 'name' | 'type' | 'setIdentifier'>;

/**
 * How Route 53 lists: by name with the labels reversed (`com.example.www.`), as ASCII, the dot included, so that a
 * hyphen sorts before a child; then by type; then by set identifier. Source: API reference of ListResourceRecordSets.
 */
export function compareSets(a: Cursor, b: Cursor): number {
  return (
    compareNames(a.name, b.name) ||
    compareText(a.type, b.type) ||
    compareText(a.setIdentifier ?? '', b.setIdentifier ?? '')
  );
}

export function compareNames(a: string, b: string): number {
  return compareText(reversed(a), reversed(b));
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function reversed(name: string): string {
  return [...readName(name)]
    .reverse()
    .map((label) => `${label}.`)
    .join('');
}

export interface Page<T> {
  readonly items: readonly T[];
  /** The first that did not fit, or undefined on the last page. */
  readonly next: T | undefined;
}

/** The items from the cursor on, at most `max` of them. */
export function pageOf<T>(sorted: readonly T[], fromHere: (item: T) => boolean, max: number): Page<T> {
  const start = sorted.findIndex(fromHere);
  const rest = start < 0 ? [] : sorted.slice(start);
  return { items: rest.slice(0, max), next: rest[max] };
}
