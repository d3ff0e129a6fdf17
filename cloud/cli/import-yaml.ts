import { isMap, isSeq, Document, visit } from 'yaml';
import { sdkName } from '../adapters/route53-sets.ts';
import { RECORD_TYPES } from '../config/record-schema.ts';
import { tripleInWords } from '../jobs/records.ts';
import type { RecordSet } from '../ports.ts';

/** A set that no position can name, and why. */
interface Left {
  readonly set: RecordSet;
  readonly why: string;
  /** It answers visitors: without it the position is not whole. */
  readonly needed: boolean;
}

/** Sets that a position can name, and those that it cannot. Pure. */
export function sortOut(live: readonly RecordSet[]): {
  readonly sets: readonly RecordSet[];
  readonly left: readonly Left[];
} {
  const apex = live.find(({ type }) => type === 'SOA')?.name;
  const left = live.flatMap((set): Left[] => {
    const words = tripleInWords(set);
    if (set.type === 'SOA' || (set.type === 'NS' && set.name === apex)) {
      return [{ set, why: `${words} belongs to the zone itself, and is left out.`, needed: false }];
    }
    const unknown = Object.keys(set.other ?? {});
    if (unknown.includes('TrafficPolicyInstanceId')) {
      const why = `${words} belongs to a traffic policy instance, which puts its own records back: a switch cannot move it.`;
      return [{ set, why, needed: true }];
    }
    if (unknown.length > 0) {
      return [{ set, why: `${words} has ${unknown.join(' and ')}, which a position cannot say yet.`, needed: true }];
    }
    if (!RECORD_TYPES.some((type) => type === set.type)) {
      return [{ set, why: `${words} is of a type that a position cannot have yet.`, needed: true }];
    }
    return [];
  });
  return { sets: live.filter((set) => !left.some((one) => one.set === set)), left };
}

/** The zone and the position `primary` as they stand in a switch of dashover.yaml, one line a set. */
export function positionInYaml(zone: string, sets: readonly RecordSet[]): string {
  const document = new Document({ zone, positions: { primary: sets.map(written) } });
  visit(document, {
    Collection: (_, node, path) => {
      // Below the list of sets everything stands on the set's own line.
      if ((isMap(node) || isSeq(node)) && path.filter((part) => isSeq(part)).length > 0) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, singleQuote: true }).trimEnd();
}

/** As a person would write it: names with `\ooo` where DNS needs it, and no `${` that means the environment. */
function written(set: RecordSet): unknown {
  const { alias } = set;
  return escaped({
    ...set,
    name: nameOf(set.name),
    ...(alias && { alias: { ...alias, name: nameOf(alias.name) } }),
  });
}

function nameOf(name: string): string {
  return sdkName(name).replace(/\.$/, '');
}

function escaped(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('${', () => '$${');
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, escaped(one)]));
}
