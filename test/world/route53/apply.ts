import type { RecordSet } from '../../../cloud/ports.ts';
import { FormatFault, canonicalName } from '../dns/name.ts';
import { aliasProblems } from './alias-rules.ts';
import { ApiError, invalidChangeBatch, invalidInput } from './api-error.ts';
import { neighbourProblems, outcomeProblems } from './group-rules.ts';
import { keyOf, namedInErrors, sameSet } from './record-set.ts';
import type { Change } from './record-set.ts';
import { setProblems } from './set-rules.ts';
import { shapeProblems } from './shape-rules.ts';
import type { Zone } from './zone.ts';

/** Limits of one request; an UPSERT counts twice in both. */
const RECORDS_MAX = 1_000;
const VALUE_CHARACTERS_MAX = 32_000;

/** What the rules need to know beyond the zone. */
export interface Surroundings {
  /** Ids of the account's other zones. */
  readonly otherZones: ReadonlySet<string>;
  /** Ids of its health checks, or undefined when any is taken for one. */
  readonly healthChecks: ReadonlySet<string> | undefined;
}

export type Applied =
  | { readonly kind: 'applied'; readonly zone: Zone; readonly changes: readonly Change[] }
  | { readonly kind: 'refused'; readonly error: ApiError };

/**
 * One batch against one zone: all of it or nothing, in its order. Pure: the next zone or the error that Route 53
 * would answer, with every reason that was found. `changes` come back with canonical names.
 */
export function applyBatch(zone: Zone, batch: readonly Change[], around: Surroundings): Applied {
  const shape = batch.flatMap(shapeProblems);
  if (shape.length > 0) return refused(invalidInput(`Invalid request: ${shape.join(', ')}`));
  const limits = limitProblems(batch);
  if (limits.length > 0) return refused(invalidChangeBatch(limits));
  const stranger = batch.find(
    ({ set }) => set.healthCheckId !== undefined && around.healthChecks?.has(set.healthCheckId) === false,
  );
  if (stranger) {
    return refused(
      new ApiError('NoSuchHealthCheck', `No health check exists with the ID: ${stranger.set.healthCheckId ?? ''}`, 404),
    );
  }

  const reasons: string[] = [];
  const changes: Change[] = [];
  for (const change of batch) {
    try {
      changes.push({ action: change.action, set: canonicalSet(change.set) });
    } catch (error) {
      if (!(error instanceof FormatFault)) throw error;
      reasons.push(error.message);
    }
  }
  reasons.push(...sequenceProblems(changes));
  if (reasons.length > 0) return refused(invalidChangeBatch(reasons));

  const sets = new Map(zone.sets);
  for (const change of changes) {
    const problems = changeProblems(change, zone, sets, around);
    reasons.push(...problems);
    if (problems.length > 0) continue;
    if (change.action === 'DELETE') sets.delete(keyOf(change.set));
    else sets.set(keyOf(change.set), change.set);
  }
  if (reasons.length === 0) {
    reasons.push(
      ...outcomeProblems(
        changes.filter((c) => c.action !== 'DELETE').map((c) => c.set),
        [...sets.values()],
        zone.name,
      ),
    );
  }
  if (reasons.length > 0) return refused(invalidChangeBatch([...new Set(reasons)]));
  return { kind: 'applied', zone: { ...zone, sets }, changes };
}

/** Names as Route 53 keeps them. Throws a FormatFault. */
function canonicalSet(set: RecordSet): RecordSet {
  const { alias } = set;
  return {
    ...set,
    name: canonicalName(set.name),
    ...(alias && { alias: { ...alias, name: canonicalName(alias.name) } }),
  };
}

function changeProblems(
  change: Change,
  zone: Zone,
  sets: ReadonlyMap<string, RecordSet>,
  around: Surroundings,
): string[] {
  const { action, set } = change;
  const key = keyOf(set);
  const comment = zone.protections.get(`${set.name} ${set.type}`);
  if (comment !== undefined) {
    const because = comment === '' ? '' : ` (${comment})`;
    return [`Resource record set ${namedInErrors(set)} is protected and can't be changed${because}`];
  }
  const current = sets.get(key);
  if (action === 'DELETE') {
    const tried = `Tried to delete resource record set ${namedInErrors(set)} but`;
    if (!current) return [`${tried} it was not found`];
    return sameSet(current, set) ? [] : [`${tried} the values provided do not match the current values`];
  }
  if (action === 'CREATE' && current) {
    return [`Tried to create resource record set ${namedInErrors(set)} but it already exists`];
  }
  const own = setProblems(set, zone);
  if (own.length > 0) return own;
  const others: RecordSet[] = [];
  for (const [otherKey, other] of sets) if (otherKey !== key) others.push(other);
  return [...neighbourProblems(set, others, zone.name), ...aliasProblems(set, zone, others, around.otherZones)];
}

/** A set is changed once in a batch, or deleted and then created again. */
function sequenceProblems(changes: readonly Change[]): string[] {
  const actionsByKey = Map.groupBy(changes, ({ set }) => keyOf(set));
  return [...actionsByKey.values()].flatMap((group) => {
    const [first, second] = group;
    const deletedThenCreated = group.length === 2 && first?.action === 'DELETE' && second?.action === 'CREATE';
    if (!first || group.length === 1 || deletedThenCreated) return [];
    return [
      `The request contains an invalid set of changes for a resource record set '${first.set.type} ${first.set.name}'`,
    ];
  });
}

function limitProblems(batch: readonly Change[]): string[] {
  let records = 0;
  let characters = 0;
  for (const { action, set } of batch) {
    const times = action === 'UPSERT' ? 2 : 1;
    const values = set.values ?? [];
    records += times * Math.max(1, values.length);
    characters += times * values.reduce((sum, value) => sum + value.length, 0);
  }
  return [
    ...(records > RECORDS_MAX ? [`Number of records limit of ${RECORDS_MAX} exceeded.`] : []),
    ...(characters > VALUE_CHARACTERS_MAX ? [`RDATA character limit of ${VALUE_CHARACTERS_MAX} exceeded.`] : []),
  ];
}

function refused(error: ApiError): Applied {
  return { kind: 'refused', error };
}
