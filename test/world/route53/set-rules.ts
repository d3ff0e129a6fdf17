import type { RecordSet } from '../../../cloud/ports.ts';
import { FormatFault, isWithin } from '../dns/name.ts';
import { isRecordType, rdata } from '../dns/rdata.ts';
import { policyOf } from './record-set.ts';
import type { Zone } from './zone.ts';

/** Quota of values in one record set. */
const VALUES_MAX = 400;

/** These types make the zone itself, or the chain of trust: they have no routing policy and no alias. */
const SIMPLE_ONLY = ['NS', 'SOA', 'DS'];

/** What is wrong with a set by itself in this zone. Its name is canonical. */
export function setProblems(set: RecordSet, zone: Zone): string[] {
  if (!isWithin(set.name, zone.name)) return [`RRSet with DNS name ${set.name} is not permitted in zone ${zone.name}`];
  return [...placeProblems(set, zone), ...policyProblems(set), ...valueProblems(set)];
}

function placeProblems(set: RecordSet, zone: Zone): string[] {
  const rrset = `RRSet of type ${set.type} with DNS name ${set.name}`;
  const atApex = set.name === zone.name;
  if (atApex && (set.type === 'CNAME' || set.type === 'DS'))
    return [`${rrset} is not permitted at apex in zone ${zone.name}`];
  if (!atApex && set.type === 'SOA') return [`${rrset} is only permitted at apex in zone ${zone.name}`];
  if (set.type === 'NS' && set.name.startsWith('\\052.'))
    return [`${rrset} is not permitted as it contains a wildcard`];
  return [];
}

function policyProblems(set: RecordSet): string[] {
  const policy = policyOf(set);
  const rrset = `RRSet of type ${set.type} with DNS name ${set.name}`;
  if (policy !== 'simple' && SIMPLE_ONLY.includes(set.type))
    return [`${rrset} is not permitted to have a routing policy`];
  if (policy === 'multivalue' && set.type === 'CNAME') return [`${rrset} is not permitted to be a multivalue answer`];
  return [];
}

function valueProblems(set: RecordSet): string[] {
  const { values = [], type } = set;
  if (values.length > VALUES_MAX) return [`Number of values limit of ${VALUES_MAX} in a resource record set exceeded.`];
  if (values.length > 1 && (type === 'CNAME' || type === 'SOA')) {
    return [`RRSet of type ${type} with DNS name ${set.name} must contain exactly one resource record`];
  }
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const value of values) {
    try {
      if (!isRecordType(type)) throw new FormatFault('UnknownType', 'Type is not known', type);
      const wire = rdata(type, value).toString('hex');
      if (seen.has(wire)) problems.push(`Duplicate Resource Record: '${value}'`);
      seen.add(wire);
    } catch (error) {
      if (!(error instanceof FormatFault)) throw error;
      problems.push(`Invalid Resource Record: ${error.message}`);
    }
  }
  return problems;
}
