import { normalName } from '../../shared/dns-name.ts';
import type { RecordSet } from '../ports.ts';
import { normalValue, sendableValue } from './record-values.ts';
import type { Switch } from './switch.ts';

/** What identifies a record set in a zone: Route 53 keeps at most one of each. */
export type Triple = Pick<RecordSet, 'name' | 'type' | 'setIdentifier'>;

/** One string for a triple; equal for triples that Route 53 holds to be the same set. */
export function tripleKey({ name, type, setIdentifier }: Triple): string {
  return `${normalName(name)} ${type} ${setIdentifier ?? ''}`;
}

/** The triples that a switch owns: exactly those that one of its positions names. */
export function ownedBy(positions: Switch['positions']): readonly Triple[] {
  const owned = new Map<string, Triple>();
  for (const { name, type, setIdentifier } of Object.values(positions).flat()) {
    const triple = { name: normalName(name), type, ...(setIdentifier === undefined ? {} : { setIdentifier }) };
    owned.set(tripleKey(triple), triple);
  }
  return [...owned.values()];
}

/** Those of the sets that are owned. */
export function ownedAmong(sets: readonly RecordSet[], owned: readonly Triple[]): readonly RecordSet[] {
  const keys = new Set(owned.map(tripleKey));
  return sets.filter((set) => keys.has(tripleKey(set)));
}

/**
 * The names to read before planning: those owned, and the targets of aliases inside the zone, whose absence Route 53
 * would refuse.
 */
export function namesToRead(positions: Switch['positions'], zone: string): readonly string[] {
  const sets = Object.values(positions).flat();
  const targets = sets.flatMap(({ alias }) => (alias?.zone === zone ? [normalName(alias.name)] : []));
  return [...new Set([...sets.map(({ name }) => normalName(name)), ...targets])];
}

/** Whether Route 53 holds the two for the same: the order of values, spelling of names and addresses do not matter. */
export function sameSet(a: RecordSet, b: RecordSet): boolean {
  return fingerprint(a) === fingerprint(b);
}

/** Whether the two lists hold the same sets, in any order. */
export function sameSets(a: readonly RecordSet[], b: readonly RecordSet[]): boolean {
  return JSON.stringify(a.map(fingerprint).sort()) === JSON.stringify(b.map(fingerprint).sort());
}

function fingerprint(set: RecordSet): string {
  const { alias, geolocation } = set;
  return JSON.stringify([
    tripleKey(set),
    set.ttl ?? null,
    set.values?.map((value) => normalValue(set.type, value)).sort() ?? null,
    alias ? [alias.zone, normalName(alias.name), alias.evaluateTargetHealth] : null,
    [set.weight ?? null, set.region ?? null, set.failover ?? null, set.multiValue ?? false, set.healthCheckId ?? null],
    geolocation ? [geolocation.continent ?? null, geolocation.country ?? null, geolocation.subdivision ?? null] : null,
    Object.entries(set.other ?? {}).sort(([x], [y]) => (x < y ? -1 : 1)),
  ]);
}

/** A configured set as Route 53 takes it. */
export function sendable(set: RecordSet): RecordSet {
  const name = normalName(set.name);
  return set.values ? { ...set, name, values: set.values.map((v) => sendableValue(set.type, v)) } : { ...set, name };
}

/** `A www.example.com` or `A www.example.com [blue]`. */
export function tripleInWords({ name, type, setIdentifier }: Triple): string {
  return `${type} ${name}${setIdentifier === undefined ? '' : ` [${setIdentifier}]`}`;
}

/** What a set says, without its name: `192.0.2.10 (60 s)`, `alias of d1.cloudfront.net`, with its routing. */
export function contentInWords(set: RecordSet): string {
  const values = set.values ?? [];
  const more = values.length > 3 ? ` and ${values.length - 3} more` : '';
  const answer = set.alias
    ? `alias of ${set.alias.name}${set.alias.evaluateTargetHealth ? ' with target health' : ''}`
    : `${values.slice(0, 3).join(', ')}${more} (${set.ttl ?? '?'} s)`;
  const routing = [
    set.weight === undefined ? '' : `weight ${set.weight}`,
    set.region ?? '',
    set.failover ?? '',
    set.geolocation ? `location ${Object.values(set.geolocation).join('/')}` : '',
    set.multiValue ? 'multivalue' : '',
    set.healthCheckId ? `health check ${set.healthCheckId}` : '',
    ...Object.keys(set.other ?? {}),
  ].filter((word) => word !== '');
  return routing.length === 0 ? answer : `${answer}, ${routing.join(', ')}`;
}

/** A whole set in words: `A www.example.com 192.0.2.10 (60 s)`. */
export function setInWords(set: RecordSet): string {
  return `${tripleInWords(set)} ${contentInWords(set)}`;
}

/** A list of sets in one clause, `no records` when there are none. */
export function setsInWords(sets: readonly RecordSet[]): string {
  const shown = sets.slice(0, 6).map(setInWords).join('; ');
  if (sets.length === 0) return 'no records';
  return sets.length > 6 ? `${shown}; and ${sets.length - 6} more` : shown;
}
