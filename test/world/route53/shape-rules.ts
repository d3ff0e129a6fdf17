import { policiesOf } from './record-set.ts';
import type { Change } from './record-set.ts';

/**
 * Which attributes a set must and must not have together. What breaks these is `InvalidInput`, before anything is
 * looked up in the zone. The texts are those that users report.
 */
export function shapeProblems(change: Change): string[] {
  return [...contentProblems(change), ...policyProblems(change)];
}

function contentProblems(change: Change): string[] {
  const { set } = change;
  const contents = [
    set.alias !== undefined,
    set.ttl !== undefined || set.values !== undefined,
    set.other?.['TrafficPolicyInstanceId'] !== undefined,
  ].filter(Boolean).length;
  const half = (set.ttl === undefined) !== (set.values === undefined);
  if (contents === 1 && !half) return [];
  const found = contents > 1 ? 'more than one' : 'none';
  return [
    `Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found ${found} in ${changeInWords(change)}`,
  ];
}

function policyProblems(change: Change): string[] {
  const { set } = change;
  const policies = policiesOf(set);
  const found = policies.length > 1 ? 'more than one' : 'none';
  const problems: string[] = [];
  if (policies.length > 0 && set.setIdentifier === undefined) {
    problems.push(`Missing field 'SetIdentifier' in ${changeInWords(change)}`);
  }
  if (policies.length > 1 || (set.setIdentifier !== undefined && policies.length !== 1)) {
    problems.push(
      `Expected exactly one of [Weight, Region, Failover, GeoLocation, MultiValueAnswer, CidrRoutingConfig, or GeoProximityLocation], but found ${found} in ${changeInWords(change)}`,
    );
  }
  const location = set.geolocation;
  if (location && (location.continent === undefined) === (location.country === undefined)) {
    problems.push(
      `Expected exactly one of [ContinentCode, CountryCode] in the GeoLocation of ${changeInWords(change)}`,
    );
  }
  if (location?.subdivision !== undefined && location.country !== 'US' && location.country !== 'UA') {
    problems.push(`SubdivisionCode is only allowed with CountryCode US or UA in ${changeInWords(change)}`);
  }
  if (set.multiValue && set.alias)
    problems.push(`A multivalue answer record can't be an alias in ${changeInWords(change)}`);
  return problems;
}

function changeInWords({ action, set }: Change): string {
  return `Change with [Action=${action}, Name=${set.name}, Type=${set.type}, SetIdentifier=${set.setIdentifier ?? 'null'}]`;
}
