import type { RecordSet } from '../../../cloud/ports.ts';
import { policyOf, sameGeoLocation } from './record-set.ts';
import { setsAt } from './zone.ts';

const WEIGHTED_SETS_MAX = 100;

/** What stands against a set in its zone: the other sets at its name. `sets` are those without the set itself. */
export function neighbourProblems(set: RecordSet, sets: readonly RecordSet[], zoneName: string): string[] {
  const neighbours = setsAt(sets, set.name);
  const conflict = cnameConflict(set, neighbours, zoneName);
  return [
    ...conflict,
    ...policyConflict(
      set,
      neighbours.filter((other) => other.type === set.type),
    ),
  ];
}

function cnameConflict(set: RecordSet, neighbours: readonly RecordSet[], zoneName: string): string[] {
  const rrset = `RRSet of type ${set.type} with DNS name ${set.name} is not permitted`;
  if (set.type === 'CNAME' && neighbours.some((other) => other.type !== 'CNAME')) {
    return [`${rrset} as it conflicts with other records with the same DNS name in zone ${zoneName}`];
  }
  if (set.type !== 'CNAME' && neighbours.some((other) => other.type === 'CNAME')) {
    return [
      `${rrset} because a conflicting RRSet of type CNAME with the same DNS name already exists in zone ${zoneName}`,
    ];
  }
  return [];
}

function policyConflict(set: RecordSet, group: readonly RecordSet[]): string[] {
  const [first] = group;
  if (!first) return [];
  const policy = policyOf(set);
  const cannot = `RRSet with DNS name ${set.name}, type ${set.type}${identifierIn(set)} cannot be created as`;
  if (policy === 'simple' || policyOf(first) === 'simple') {
    return [`${cannot} other RRSets exist with the same name and type.`];
  }
  if (policyOf(first) !== policy) return [`${cannot} a non-${policy} set exists with the same name and type.`];
  const twin = group.find((other) => isTwin(set, other));
  if (twin) return [`${cannot} a ${policy} set with the same ${TWIN_BY[policy] ?? 'value'} already exists.`];
  if (policy === 'weighted' && group.length >= WEIGHTED_SETS_MAX) {
    return [`${cannot} ${WEIGHTED_SETS_MAX} weighted sets exist with the same name and type.`];
  }
  return [];
}

const TWIN_BY: Readonly<Record<string, string>> = { latency: 'region', failover: 'role', geolocation: 'location' };

function isTwin(set: RecordSet, other: RecordSet): boolean {
  if (set.region !== undefined) return set.region === other.region;
  if (set.failover !== undefined) return set.failover === other.failover;
  if (set.geolocation) return sameGeoLocation(set.geolocation, other.geolocation);
  return false;
}

/** What must hold of the zone when the whole batch is done, for the names and types that it touched. */
export function outcomeProblems(touched: readonly RecordSet[], sets: readonly RecordSet[], zoneName: string): string[] {
  const problems: string[] = [];
  if (setsAt(sets, zoneName, 'SOA').length !== 1) problems.push('A HostedZone must contain exactly one SOA record.');
  if (setsAt(sets, zoneName, 'NS').length === 0) {
    problems.push('A HostedZone must contain at least one NS record for the zone itself.');
  }
  for (const set of touched.filter((set) => set.weight !== undefined && set.ttl !== undefined)) {
    const group = setsAt(sets, set.name, set.type);
    const ttls = new Set(group.flatMap(({ ttl }) => (ttl === undefined ? [] : [ttl])));
    if (ttls.size > 1) {
      problems.push(
        `RRSet with DNS name ${set.name}, type ${set.type}${identifierIn(set)} cannot be created as weighted sets must contain the same TTL.`,
      );
    }
  }
  return problems;
}

function identifierIn(set: RecordSet): string {
  return set.setIdentifier === undefined ? '' : `, SetIdentifier ${set.setIdentifier}`;
}
