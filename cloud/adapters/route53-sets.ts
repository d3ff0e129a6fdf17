import type { ChangeBatch as SdkBatch, ResourceRecordSet } from '@aws-sdk/client-route-53';
import { normalName } from '../../shared/dns-name.ts';
import type { Json } from '../../shared/json.ts';
import type { ChangeBatch, GeoLocation, RecordSet } from '../ports.ts';

/** A normalised name as Route 53 takes it: everything outside a-z 0-9 - _ . * as `\ooo`, and a final dot. */
export function sdkName(name: string): string {
  const escaped = name.replace(/\\[0-3][0-7]{2}|[^a-z0-9\-_.*]/gi, (part) =>
    part.length > 1 ? part : `\\${part.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
  return escaped.endsWith('.') ? escaped : `${escaped}.`;
}

/** A downloaded set in our words. What we have no word for travels along in `other`, because a DELETE must repeat it. */
export function fromSdk(set: ResourceRecordSet): RecordSet {
  const {
    Name,
    Type,
    TTL,
    ResourceRecords,
    AliasTarget,
    SetIdentifier,
    Weight,
    Region,
    Failover,
    GeoLocation: place,
    MultiValueAnswer,
    HealthCheckId,
    ...rest
  } = set;
  const other = Object.entries(rest).filter(([, value]) => value !== undefined) as [string, Json][];
  return {
    name: normalName(Name ?? ''),
    type: Type ?? '',
    ...(TTL === undefined ? {} : { ttl: TTL }),
    ...(ResourceRecords === undefined || ResourceRecords.length === 0
      ? {}
      : { values: ResourceRecords.map(({ Value }) => Value ?? '') }),
    ...(AliasTarget === undefined
      ? {}
      : {
          alias: {
            zone: AliasTarget.HostedZoneId ?? '',
            name: normalName(AliasTarget.DNSName ?? ''),
            evaluateTargetHealth: AliasTarget.EvaluateTargetHealth ?? false,
          },
        }),
    ...(SetIdentifier === undefined ? {} : { setIdentifier: SetIdentifier }),
    ...(Weight === undefined ? {} : { weight: Weight }),
    ...(Region === undefined ? {} : { region: Region }),
    ...(Failover === undefined ? {} : { failover: Failover }),
    ...(place === undefined ? {} : { geolocation: fromSdkPlace(place) }),
    ...(MultiValueAnswer === undefined ? {} : { multiValue: MultiValueAnswer }),
    ...(HealthCheckId === undefined ? {} : { healthCheckId: HealthCheckId }),
    ...(other.length === 0 ? {} : { other: Object.fromEntries(other) }),
  };
}

function fromSdkPlace(place: NonNullable<ResourceRecordSet['GeoLocation']>): GeoLocation {
  return {
    ...(place.ContinentCode === undefined ? {} : { continent: place.ContinentCode }),
    ...(place.CountryCode === undefined ? {} : { country: place.CountryCode }),
    ...(place.SubdivisionCode === undefined ? {} : { subdivision: place.SubdivisionCode }),
  };
}

/** A batch as the SDK sends it, in the same order. */
export function sdkBatch({ comment, changes }: ChangeBatch): SdkBatch {
  return {
    Comment: comment,
    Changes: changes.map(({ action, set }) => ({ Action: action, ResourceRecordSet: toSdk(set) })),
  };
}

function toSdk(set: RecordSet): ResourceRecordSet {
  return {
    ...set.other,
    Name: sdkName(set.name),
    Type: set.type as NonNullable<ResourceRecordSet['Type']>,
    TTL: set.ttl,
    ResourceRecords: set.values?.map((Value) => ({ Value })),
    AliasTarget: set.alias && {
      HostedZoneId: set.alias.zone,
      DNSName: sdkName(set.alias.name),
      EvaluateTargetHealth: set.alias.evaluateTargetHealth,
    },
    SetIdentifier: set.setIdentifier,
    Weight: set.weight,
    Region: set.region as ResourceRecordSet['Region'],
    Failover: set.failover,
    GeoLocation: set.geolocation && {
      ContinentCode: set.geolocation.continent,
      CountryCode: set.geolocation.country,
      SubdivisionCode: set.geolocation.subdivision,
    },
    MultiValueAnswer: set.multiValue,
    HealthCheckId: set.healthCheckId,
  };
}
