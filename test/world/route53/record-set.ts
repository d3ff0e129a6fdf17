import type { GeoLocation, RecordSet } from '../../../cloud/ports.ts';

export type { RecordSet } from '../../../cloud/ports.ts';

export type Action = 'CREATE' | 'DELETE' | 'UPSERT';

/** One change of a batch. In the zone model names are canonical: lower case, final dot, `\052` for the wildcard. */
export interface Change {
  readonly action: Action;
  readonly set: RecordSet;
}

/** What makes a record set itself: there is one set for each name, type and set identifier. */
export function keyOf(set: Pick<RecordSet, 'name' | 'type' | 'setIdentifier'>): string {
  return `${set.name} ${set.type} ${set.setIdentifier ?? ''}`;
}

export type Policy =
  | 'simple'
  | 'weighted'
  | 'latency'
  | 'failover'
  | 'geolocation'
  | 'multivalue'
  | 'cidr'
  | 'geoproximity';

/** The routing policies that the attributes of a set name; a well formed set has exactly one. */
export function policiesOf(set: RecordSet): Exclude<Policy, 'simple'>[] {
  return [
    ...(set.weight === undefined ? [] : (['weighted'] as const)),
    ...(set.region === undefined ? [] : (['latency'] as const)),
    ...(set.failover === undefined ? [] : (['failover'] as const)),
    ...(set.geolocation === undefined ? [] : (['geolocation'] as const)),
    ...(set.multiValue === undefined ? [] : (['multivalue'] as const)),
    ...(set.other?.['CidrRoutingConfig'] === undefined ? [] : (['cidr'] as const)),
    ...(set.other?.['GeoProximityLocation'] === undefined ? [] : (['geoproximity'] as const)),
  ];
}

export function policyOf(set: RecordSet): Policy {
  return policiesOf(set)[0] ?? 'simple';
}

/** `[name='www.example.test.', type='A', set-identifier='one']`, as error messages name a set. */
export function namedInErrors(set: RecordSet): string {
  const identifier = set.setIdentifier === undefined ? '' : `, set-identifier='${set.setIdentifier}'`;
  return `[name='${set.name}', type='${set.type}'${identifier}]`;
}

export function sameGeoLocation(a: GeoLocation | undefined, b: GeoLocation | undefined): boolean {
  return a?.continent === b?.continent && a?.country === b?.country && a?.subdivision === b?.subdivision;
}

/** Whether two sets are equal in every attribute; the order of the values does not matter. */
export function sameSet(a: RecordSet, b: RecordSet): boolean {
  return comparable(a) === comparable(b);
}

function comparable(set: RecordSet): string {
  return JSON.stringify([
    keyOf(set),
    set.ttl,
    set.values && [...set.values].sort(),
    set.alias && [set.alias.zone, set.alias.name, set.alias.evaluateTargetHealth],
    [set.weight, set.region, set.failover, set.multiValue, set.healthCheckId],
    [set.geolocation?.continent, set.geolocation?.country, set.geolocation?.subdivision],
    Object.entries(set.other ?? {}).sort(([x], [y]) => (x < y ? -1 : 1)),
  ]);
}
