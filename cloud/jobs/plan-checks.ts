import { normalName } from '../../shared/dns-name.ts';
import type { RecordSet } from '../ports.ts';
import type { PlanRefusal, PlanZone } from './plan-refusal.ts';
import { setInWords, tripleInWords, tripleKey } from './records.ts';

/** What is known when a batch is about to be put together. */
interface Draft {
  /** The owned sets as they are, and the sets at the same names that no position names. */
  readonly before: readonly RecordSet[];
  readonly strangers: readonly RecordSet[];
  readonly after: readonly RecordSet[];
  readonly deletes: readonly RecordSet[];
  readonly creates: readonly RecordSet[];
  readonly zone: PlanZone;
  /** The position's name, or `before`; undefined when it is nobody's. */
  readonly to: string | undefined;
}

/** Route 53's limits for one ChangeResourceRecordSets request and one record set. */
const RECORDS_MAX = 1_000;
const VALUE_CHARACTERS_MAX = 32_000;
const VALUES_PER_SET_MAX = 400;

/** Types that make a name reachable. */
const ADDRESS_TYPES: readonly string[] = ['A', 'AAAA', 'CNAME'];

const POSITIONS_HINT = 'Correct the positions in dashover.yaml.';

/** The first thing that forbids the batch, with the remedy, or undefined. Pure. */
export function whatForbids(draft: Draft): PlanRefusal | undefined {
  return (
    malformedSet(draft) ??
    trafficPolicy(draft) ??
    apexCname(draft) ??
    conflictAtName(draft) ??
    aliasWithoutTarget(draft) ??
    nameWithoutAnswer(draft) ??
    overLimits(draft)
  );
}

function unsafe(message: string, hint = POSITIONS_HINT): PlanRefusal {
  return { kind: 'refused', code: 'unsafe-plan', message, hint };
}

function foreign(record: RecordSet, why: string): PlanRefusal {
  return {
    kind: 'refused',
    code: 'foreign-record',
    message: `${setInWords(record)} is in the way: ${why}.`,
    hint: `Remove ${tripleInWords(record)} from the zone, or name it in a position of this switch.`,
  };
}

function malformedSet({ after }: Draft): PlanRefusal | undefined {
  const seen = new Set<string>();
  for (const set of after) {
    const words = tripleInWords(set);
    if (seen.has(tripleKey(set))) return unsafe(`The position names ${words} twice.`);
    seen.add(tripleKey(set));
    const plain = set.ttl !== undefined && set.values !== undefined && set.values.length > 0;
    if (plain === (set.alias !== undefined)) {
      return unsafe(`${words} needs either an alias, or a TTL and at least one value.`);
    }
    const values = set.values?.length ?? 0;
    if (set.type === 'CNAME' && values > 1) return unsafe(`${words} has ${values} values; a CNAME has exactly one.`);
    if (values > VALUES_PER_SET_MAX) {
      return unsafe(`${words} has ${values} values; Route 53 takes at most ${VALUES_PER_SET_MAX} in a record set.`);
    }
  }
  return undefined;
}

function trafficPolicy({ deletes }: Draft): PlanRefusal | undefined {
  const made = deletes.find((set) => set.other && 'TrafficPolicyInstanceId' in set.other);
  if (!made) return undefined;
  return unsafe(
    `${tripleInWords(made)} belongs to a traffic policy instance, which puts its own records back.`,
    'Change the traffic policy instance, or delete it and keep plain records.',
  );
}

function apexCname({ creates, zone }: Draft): PlanRefusal | undefined {
  const cname = creates.find((set) => set.type === 'CNAME' && set.name === zone.name);
  if (!cname) return undefined;
  return unsafe(
    `${cname.name} is the apex of the zone, and Route 53 allows no CNAME there.`,
    'Use an alias, or an A record, for the apex in this position.',
  );
}

/** What a zone may not hold at one name: a CNAME beside anything else, a simple set beside routed ones, two policies. */
function conflictAtName(draft: Draft): PlanRefusal | undefined {
  for (const set of draft.creates) {
    const beside = (sets: readonly RecordSet[]): readonly RecordSet[] =>
      sets.filter((other) => other.name === set.name && tripleKey(other) !== tripleKey(set));
    for (const other of beside(draft.strangers)) {
      const why = cannotStandTogether(set, other);
      if (why !== undefined) return foreign(other, why);
    }
    for (const other of beside(draft.after)) {
      const why = cannotStandTogether(set, other);
      if (why !== undefined) return unsafe(`${tripleInWords(set)} and ${tripleInWords(other)}: ${why}.`);
    }
  }
  return undefined;
}

function cannotStandTogether(set: RecordSet, other: RecordSet): string | undefined {
  if (set.type !== other.type) {
    if (set.type !== 'CNAME' && other.type !== 'CNAME') return undefined;
    return `a name that has a CNAME can have no other record, and this position wants ${set.type} there`;
  }
  const [mine, theirs] = [policyOf(set), policyOf(other)];
  if (mine !== theirs) return `a ${mine} and a ${theirs} record set cannot share a name and type`;
  if (mine === 'weighted' && set.ttl !== other.ttl) {
    return `weighted record sets of a name and type need the same TTL, and have ${set.ttl ?? 'none'} and ${other.ttl ?? 'none'}`;
  }
  return undefined;
}

function policyOf(set: RecordSet): string {
  if (set.setIdentifier === undefined) return 'simple';
  if (set.weight !== undefined) return 'weighted';
  if (set.region !== undefined) return 'latency';
  if (set.failover !== undefined) return 'failover';
  if (set.geolocation !== undefined) return 'geolocation';
  if (set.multiValue === true) return 'multivalue';
  return Object.keys(set.other ?? {}).join(' and ') || 'routed';
}

function aliasWithoutTarget({ strangers, after, creates, zone }: Draft): PlanRefusal | undefined {
  const there = [...strangers, ...after];
  for (const set of creates) {
    if (set.alias?.zone !== zone.id) continue;
    const words = `${tripleInWords(set)} is an alias of ${normalName(set.alias.name)}`;
    const end = endOfAliases(set, there, zone.id);
    if (end === undefined) continue;
    if (end === 'circle') return unsafe(`${words}, and so in the end of itself.`);
    return unsafe(`${words}, and the zone has no ${end} record.`, `Create ${end} first, or point the alias elsewhere.`);
  }
  return undefined;
}

/** What is wrong with where an alias leads inside its zone: `circle`, or the type and name that are missing. */
function endOfAliases(set: RecordSet, there: readonly RecordSet[], zone: string): string | undefined {
  const passed = new Set<RecordSet>();
  for (let at: RecordSet | undefined = set; at?.alias?.zone === zone;) {
    if (passed.has(at)) return 'circle';
    passed.add(at);
    const target = normalName(at.alias.name);
    at = there.find(({ name, type }) => name === target && type === set.type);
    if (!at) return `${set.type} ${target}`;
  }
  return undefined;
}

/**
 * A switch moves names; it does not take them off the Internet. But on the way back a name that `primary` does not name
 * goes as it came, and what was found `before` is what it was: refused, the switch could never come home.
 */
function nameWithoutAnswer({ strangers, before, after, deletes, to }: Draft): PlanRefusal | undefined {
  if (to === 'before') return undefined;
  for (const { name } of deletes) {
    if (!hasAddress(before, name) || hasAddress(after, name) || hasAddress(strangers, name)) continue;
    if (to === 'primary' && !after.some((set) => set.name === name)) continue;
    return unsafe(
      `After this change ${name} would have no address at all.`,
      `Give ${name} an A, AAAA or CNAME record in ${to === undefined ? 'this position' : to}.`,
    );
  }
  return undefined;
}

function hasAddress(sets: readonly RecordSet[], name: string): boolean {
  return sets.some((set) => set.name === name && ADDRESS_TYPES.includes(set.type));
}

function overLimits({ deletes, creates }: Draft): PlanRefusal | undefined {
  const values = [...deletes, ...creates].flatMap((set) => set.values ?? [set.alias?.name ?? '']);
  const characters = values.reduce((sum, value) => sum + value.length, 0);
  const hint = 'Split the switch in two: a change is never sent in parts.';
  if (values.length > RECORDS_MAX) {
    return unsafe(`The change has ${values.length} records; Route 53 takes at most ${RECORDS_MAX} at once.`, hint);
  }
  if (characters > VALUE_CHARACTERS_MAX) {
    const limit = `Route 53 takes at most ${VALUE_CHARACTERS_MAX} at once`;
    return unsafe(`The values of the change have ${characters} characters; ${limit}.`, hint);
  }
  return undefined;
}
