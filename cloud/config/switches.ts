import { nearest } from './nearest.ts';
import { listInWords, type Path, type Report } from './problems.ts';
import { readValue } from './record-values.ts';
import { checkPosition, type Draft, type Say } from './records.ts';
import { Switch } from './schema.ts';
import { entriesOf, isMapping, salvage, valueAt } from './walk.ts';

/** Words that stand in a state where a position's name would. */
const RESERVED = ['moving', 'drifted', 'unknown', 'before'];

/** What other parts may refer to: the switches that are written down, with their positions, well formed or not. */
export type Known = ReadonlyMap<string, readonly string[]>;

export function knownSwitches(file: unknown): Known {
  return new Map(
    entriesOf(valueAt(file, ['switches'])).map(([name, raw]) => [
      name,
      entriesOf(valueAt(raw, ['positions'])).map(([position]) => position),
    ]),
  );
}

/** Checks each switch, and that no two of them own the same records. */
export function checkSwitches(file: unknown, say: Say, report: Report): void {
  const owners = new Map<string, string>();
  for (const [name, raw] of entriesOf(valueAt(file, ['switches']))) {
    const path = ['switches', name];
    const positions = entriesOf(valueAt(raw, ['positions']));
    checkNames(
      raw,
      positions.map(([position]) => position),
      path,
      say,
      report,
    );
    const drafts = positions.map(([position, records]) => {
      const at = [...path, 'positions', position];
      return { position, at, sets: checkPosition(records, at, say, report) };
    });
    checkApart(drafts, path, report);
    const zone = salvage(Switch, raw).zone;
    if (zone !== undefined) checkOwners(zone, name, drafts, owners, report);
  }
}

function checkNames(raw: unknown, positions: readonly string[], path: Path, say: Say, report: Report): void {
  const at = [...path, 'positions'];
  if (isMapping(valueAt(raw, ['positions']))) {
    if (!positions.includes('primary'))
      report([...at, 'primary'], 'is missing; write the record sets of normal operation under primary.');
    if (!positions.some((position) => position !== 'primary')) {
      report(at, 'has no position to fail over to; write a second one, such as maintenance, beside primary.');
    }
  }
  for (const position of positions) {
    if (RESERVED.includes(position)) {
      report([...at, position], `is a word with a meaning of its own (${RESERVED.join(', ')}); write another name.`);
    }
  }
  const others = positions.filter((position) => position !== 'primary');
  checkFailoverTo(raw, others, path, say, report);
  for (const [position] of entriesOf(valueAt(raw, ['probe']))) {
    if (positions.includes(position)) continue;
    report([...path, 'probe', position], `names no position of this switch; ${choice(position, positions)}`);
  }
}

function checkFailoverTo(raw: unknown, others: readonly string[], path: Path, say: Say, report: Report): void {
  const at = [...path, 'failoverTo'];
  const to = valueAt(raw, ['failoverTo']);
  if (to === undefined) {
    if (others.length > 1)
      report(at, `is missing, and there are several positions; write ${listInWords(others, 'or')}.`);
  } else if (to === 'primary') {
    report(at, 'is primary, which is where restore goes; write the name of another position.');
  } else if (typeof to === 'string' && !others.includes(to)) {
    report(at, `${say(at)} names no position of this switch; ${choice(to, others)}`);
  }
}

/** `did you mean dr?`, or the choice there is. */
export function choice(word: string, known: readonly string[]): string {
  const close = nearest(word, known);
  if (close !== undefined) return `did you mean ${close}?`;
  return known.length === 0 ? 'there is none yet.' : `write ${listInWords(known, 'or')}.`;
}

interface DraftPosition {
  readonly position: string;
  readonly at: Path;
  readonly sets: readonly Draft[];
}

/** The live records tell where the switch is: two positions with equal records could not be told apart. */
function checkApart(drafts: readonly DraftPosition[], path: Path, report: Report): void {
  const seen = new Map<string, string>();
  for (const { position, sets } of drafts) {
    if (sets.length === 0) continue;
    const content = JSON.stringify(sets.map(contentOf).sort());
    const before = seen.get(content);
    if (before !== undefined) {
      report(
        [...path, 'positions', position],
        `has the same records as ${before}; dashover could not tell them apart: change one.`,
      );
    }
    seen.set(content, position);
  }
}

/** However its values are spelt. */
function contentOf(set: Draft): string {
  const values = set.values?.map((text) => spelling(set.type, text)).sort();
  return JSON.stringify(Object.entries({ ...set, values }).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function spelling(type: Draft['type'], text: string): string {
  const reading = type === undefined ? undefined : readValue(type, text);
  return reading && 'value' in reading ? reading.value : text;
}

function checkOwners(
  zone: string,
  name: string,
  drafts: readonly DraftPosition[],
  owners: Map<string, string>,
  report: Report,
): void {
  for (const { at, sets } of drafts) {
    for (const [index, set] of sets.entries()) {
      if (set.name === undefined || set.type === undefined) continue;
      const owner = ownerOf(owners, zone, set.name, set.type);
      if (owner === undefined || owner === name) continue;
      report(
        [...at, index],
        `${set.type} ${set.name} belongs to the switch ${owner} already; let one switch own the name.`,
      );
      break;
    }
  }
  for (const set of drafts.flatMap(({ sets }) => sets)) {
    if (set.name === undefined || set.type === undefined) continue;
    for (const key of [`${zone} ${set.name} ${set.type}`, `${zone} ${set.name}`])
      if (!owners.has(key)) owners.set(key, name);
    if (set.type === 'CNAME') owners.set(`${zone} ${set.name} any`, name);
  }
}

/** The same record, or a name that one of the two turns into a CNAME, which tolerates nothing beside it. */
function ownerOf(owners: ReadonlyMap<string, string>, zone: string, name: string, type: string): string | undefined {
  const key = `${zone} ${name}`;
  return owners.get(`${key} ${type}`) ?? owners.get(`${key} any`) ?? (type === 'CNAME' ? owners.get(key) : undefined);
}
