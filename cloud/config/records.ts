import type { Path, Report } from './problems.ts';
import { Record, ROUTING } from './record-schema.ts';
import { readValue } from './record-values.ts';
import { itemsOf, salvage, type Salvaged } from './walk.ts';

export type Draft = Salvaged<typeof Record>;
/** The text at a path, in quotes, for a sentence. */
export type Say = (path: Path) => string;

/** Checks what the fields of each record set say about each other, and the sets of one position about each other. */
export function checkPosition(raw: unknown, path: Path, say: Say, report: Report): readonly Draft[] {
  const drafts = itemsOf(raw).map((item, index) => {
    const draft = salvage(Record, item);
    // A key that is there but not well formed is not missing.
    const written = new Set(typeof item === 'object' && item !== null ? Object.keys(item) : []);
    checkRecord(draft, written, [...path, index], say, report);
    return draft;
  });
  checkTogether(drafts, path, report);
  return drafts;
}

function checkRecord(draft: Draft, written: ReadonlySet<string>, path: Path, say: Say, report: Report): void {
  if (written.size === 0) return;
  checkContent(draft, written, path, report);
  checkRouting(draft, written, path, report);
  const { type, values, name } = draft;
  if (type === undefined || values === undefined) return;
  const seen = new Set<string>();
  values.forEach((value, index) => {
    const at = [...path, 'values', index];
    const reading = readValue(type, value);
    if ('why' in reading) report(at, `${say(at)} ${reading.why}.`);
    else if (seen.has(reading.value)) report(at, `${say(at)} is in the list already; remove one of them.`);
    else if (type === 'CNAME' && reading.value === name) report(at, 'points to its own name; write another host name.');
    if ('value' in reading) seen.add(reading.value);
  });
  if (type === 'CNAME' && values.length > 1) {
    report([...path, 'values'], `has ${values.length} values, and a CNAME has one; keep one host name.`);
  }
}

function checkContent(draft: Draft, written: ReadonlySet<string>, path: Path, report: Report): void {
  if (written.has('alias')) {
    for (const key of ['ttl', 'values']) {
      if (written.has(key)) report([...path, key], 'stands beside alias, which replaces it; remove one of the two.');
    }
    if (draft.type === 'NS') report([...path, 'alias'], 'cannot be of type NS in Route 53; write ttl and values.');
    return;
  }
  if (!written.has('values'))
    report([...path, 'values'], 'is missing; write a list of values, such as [192.0.2.10], or alias.');
  if (!written.has('ttl'))
    report([...path, 'ttl'], 'is missing; write the seconds that caches may keep it, such as 60.');
}

function checkRouting(draft: Draft, written: ReadonlySet<string>, path: Path, report: Report): void {
  const policies = ROUTING.filter((key) => written.has(key));
  const [policy] = policies;
  if (policies.length > 1) {
    report(path, `has ${policies.join(' and ')}, and a set has one routing policy; keep one of them.`);
  }
  if (written.has('setIdentifier') && policy === undefined) {
    report([...path, 'setIdentifier'], `needs a routing policy beside it; write one of ${ROUTING.join(', ')}.`);
  }
  if (!written.has('setIdentifier') && policy !== undefined) {
    report([...path, 'setIdentifier'], `is missing, and ${policy} needs it; write a text that tells the sets apart.`);
  }
  if (policy === 'multiValue' && written.has('alias')) {
    report([...path, 'multiValue'], 'cannot stand beside alias in Route 53; write ttl and values.');
  }
  const place = draft.geolocation;
  if (!place) return;
  const at = [...path, 'geolocation'];
  if ((place.continent === undefined) === (place.country === undefined)) {
    report(at, 'needs either continent or country; write { continent: EU } or { country: JP }.');
  } else if (place.subdivision !== undefined && place.country === undefined) {
    report([...at, 'subdivision'], 'needs country beside it; write { country: US, subdivision: CA }.');
  }
}

function checkTogether(drafts: readonly Draft[], path: Path, report: Report): void {
  drafts.forEach((draft, index) => {
    const { name, type } = draft;
    if (name === undefined || type === undefined) return;
    for (const [earlier, other] of drafts.slice(0, index).entries()) {
      if (other.name !== name || other.type === undefined) continue;
      const text = conflict(draft, other, `[${earlier}]`);
      if (text !== undefined) {
        report([...path, index], `${type} ${name} ${text}`);
        break;
      }
    }
  });
}

function conflict(set: Draft, other: Draft, place: string): string | undefined {
  if (set.type !== other.type) {
    if (set.type !== 'CNAME' && other.type !== 'CNAME') return undefined;
    return `stands beside ${other.type} in ${place}; a name with a CNAME can have nothing else: keep one of them.`;
  }
  if (set.setIdentifier === other.setIdentifier) {
    return set.setIdentifier === undefined
      ? `is in ${place} already; put all values into one set, or give each a setIdentifier and a routing policy.`
      : `has the setIdentifier of ${place}; give each set its own.`;
  }
  const [policy, otherPolicy] = [set, other].map((one) => ROUTING.find((key) => one[key] !== undefined));
  if (policy === otherPolicy) return undefined;
  return `has another routing policy than ${place}; all sets of one name and type have the same one.`;
}
