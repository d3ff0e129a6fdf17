import { normalName } from '../../shared/dns-name.ts';
import type { RecordChange, RecordSet } from '../ports.ts';
import { whatForbids } from './plan-checks.ts';
import type { PlanRefusal, PlanZone } from './plan-refusal.ts';
import { ownedAmong, sameSet, sendable, type Triple, tripleKey } from './records.ts';

export type Plan =
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'change';
      /** One atomic batch, in the order in which it must be sent. */
      readonly changes: readonly RecordChange[];
      /** The owned sets as they are, and as they will be: each is the inverse of the other. */
      readonly before: readonly RecordSet[];
      readonly after: readonly RecordSet[];
      /** The longest that a resolver may keep an answer which this change makes wrong. */
      readonly maxOldTtlSeconds: number;
    }
  | PlanRefusal;

/** A plan that changes something. */
export type ChangePlan = Extract<Plan, { kind: 'change' }>;

/**
 * An alias set has no TTL of its own: Route 53 answers with its target's, 60 s for load balancers and CloudFront and
 * less for most others.
 */
const ALIAS_TTL_SECONDS = 60;

/**
 * What to send so that the owned sets become the wanted ones: nothing, one atomic batch, or a refusal that names what
 * is in the way. Pure. `live` holds every set at the names concerned (`namesToRead`), owned or not; `to` names what is
 * wanted: the way back may take away what the way there has added.
 *
 * Every change is a DELETE of the set exactly as downloaded, then a CREATE, the same type included: Route 53 refuses
 * the batch when anybody (our own late self included) has touched a set since it was read. UPSERT would overwrite.
 */
export function plan(
  live: readonly RecordSet[],
  wanted: readonly RecordSet[],
  owned: readonly Triple[],
  zone: PlanZone,
  to?: string,
): Plan {
  const before = ownedAmong(live, owned);
  const strangers = live.filter((set) => !before.includes(set));
  const after = wanted.map(sendable);
  const liveByKey = new Map(before.map((set) => [tripleKey(set), set]));
  const wantedByKey = new Map(after.map((set) => [tripleKey(set), set]));
  const deletes = before.filter((set) => !hasSame(wantedByKey, set));
  const creates = after.filter((set) => !hasSame(liveByKey, set));
  if (deletes.length === 0 && creates.length === 0) return { kind: 'nothing' };

  const refusal = whatForbids({ before, strangers, after, deletes, creates, zone, to });
  if (refusal) return refusal;
  return {
    kind: 'change',
    changes: [
      ...targetsFirst(deletes)
        .reverse()
        .map((set): RecordChange => ({ action: 'DELETE', set })),
      ...targetsFirst(creates).map((set): RecordChange => ({ action: 'CREATE', set })),
    ],
    before,
    after,
    maxOldTtlSeconds: Math.max(0, ...deletes.map((set) => set.ttl ?? ALIAS_TTL_SECONDS)),
  };
}

function hasSame(byKey: ReadonlyMap<string, RecordSet>, set: RecordSet): boolean {
  const other = byKey.get(tripleKey(set));
  return other !== undefined && sameSet(set, other);
}

/** An alias needs its target to exist, or to come earlier in the batch: sets in an order in which that is so. */
function targetsFirst(sets: readonly RecordSet[]): RecordSet[] {
  const ordered: RecordSet[] = [];
  const placed = new Set<RecordSet>();
  const place = (set: RecordSet): void => {
    if (placed.has(set)) return;
    placed.add(set);
    const { alias } = set;
    if (alias) for (const target of sets) if (target.name === normalName(alias.name)) place(target);
    ordered.push(set);
  };
  for (const set of sets) place(set);
  return ordered;
}
