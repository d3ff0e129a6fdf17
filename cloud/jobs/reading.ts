import type { RecordSet } from '../ports.ts';
import type { Reading } from './command.ts';
import { contentInWords, ownedAmong, ownedBy, sameSet, sameSets, tripleInWords, tripleKey } from './records.ts';
import type { Switch } from './switch.ts';

/**
 * Which position the live record sets equal. Pure. Sets that no position names are not looked at; of the owned ones
 * each must be as in the position, and none may be there that the position does not have.
 */
export function reading(live: readonly RecordSet[], { positions }: Pick<Switch, 'positions'>): Reading {
  const owned = ownedAmong(live, ownedBy(positions));
  const names = Object.keys(positions).sort((a, b) => Number(b === 'primary') - Number(a === 'primary'));
  const found = names.find((name) => sameSets(owned, positions[name] ?? []));
  if (found !== undefined) return { kind: 'position', position: found };

  // Told against the position that is nearest, primary when in doubt: fewest sets to put right.
  const told = names.map((name) => differences(owned, positions[name] ?? [], name));
  const nearest = told.reduce((best, next) => (next.length < best.length ? next : best));
  return { kind: 'drifted', differences: nearest };
}

function differences(live: readonly RecordSet[], wanted: readonly RecordSet[], position: string): string[] {
  const liveByKey = new Map(live.map((set) => [tripleKey(set), set]));
  const wantedKeys = new Set(wanted.map(tripleKey));
  const changed = wanted.flatMap((set) => {
    const found = liveByKey.get(tripleKey(set));
    if (!found) return [`${tripleInWords(set)} is missing, where ${position} has ${contentInWords(set)}`];
    if (sameSet(found, set)) return [];
    return [`${tripleInWords(set)} is ${contentInWords(found)}, where ${position} has ${contentInWords(set)}`];
  });
  const extra = live
    .filter((set) => !wantedKeys.has(tripleKey(set)))
    .map((set) => `${tripleInWords(set)} is ${contentInWords(set)}, where ${position} has none`);
  return [...changed, ...extra];
}
