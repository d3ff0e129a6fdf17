import type { GeoLocation, RecordSet } from '../../../cloud/ports.ts';
import type { Json } from '../../../shared/json.ts';
import type { ApiError } from './api-error.ts';
import type { Page } from './order.ts';
import { element, leaf, xmlDocument } from './xml.ts';
import type { Xml } from './xml.ts';
import type { Zone } from './zone.ts';

export interface ChangeInfo {
  readonly id: string;
  readonly status: 'PENDING' | 'INSYNC';
  readonly submittedAtMs: number;
  readonly comment: string | undefined;
}

export function changeReply(operation: 'ChangeResourceRecordSets' | 'GetChange', info: ChangeInfo): Xml {
  return xmlDocument(
    `${operation}Response`,
    element(
      'ChangeInfo',
      leaf('Id', `/change/${info.id}`),
      leaf('Status', info.status),
      leaf('SubmittedAt', new Date(info.submittedAtMs).toISOString()),
      leaf('Comment', info.comment),
    ),
  );
}

export function zoneReply(zone: Zone): Xml {
  const servers = zone.nameServers.map((host) => leaf('NameServer', host));
  const delegation = zone.private
    ? element('VPCs', element('VPC', leaf('VPCRegion', 'us-east-1'), leaf('VPCId', 'vpc-0local')))
    : element('DelegationSet', element('NameServers', ...servers));
  return xmlDocument('GetHostedZoneResponse', zoneElement(zone), delegation);
}

export function zonesReply(
  page: Page<Zone>,
  asked: { readonly name?: string; readonly id?: string },
  max: number,
): Xml {
  return xmlDocument(
    'ListHostedZonesByNameResponse',
    element('HostedZones', ...page.items.map(zoneElement)),
    leaf('DNSName', asked.name),
    leaf('HostedZoneId', asked.id),
    leaf('IsTruncated', page.next !== undefined),
    leaf('NextDNSName', page.next?.name),
    leaf('NextHostedZoneId', page.next?.id),
    leaf('MaxItems', max),
  );
}

export function setsReply(page: Page<RecordSet>, max: number): Xml {
  return xmlDocument(
    'ListResourceRecordSetsResponse',
    element('ResourceRecordSets', ...page.items.map(setElement)),
    leaf('IsTruncated', page.next !== undefined),
    leaf('NextRecordName', page.next?.name),
    leaf('NextRecordType', page.next?.type),
    leaf('NextRecordIdentifier', page.next?.setIdentifier),
    leaf('MaxItems', max),
  );
}

export interface Protection {
  readonly name: string;
  readonly type: string;
  readonly comment: string | undefined;
}

export function protectionsReply(page: Page<Protection>): Xml {
  const items = page.items.map((item) =>
    element(
      'ResourceRecordSetProtection',
      leaf('RecordName', item.name),
      leaf('RecordType', item.type),
      leaf('Comment', item.comment),
    ),
  );
  const next = page.next && Buffer.from(`${page.next.name} ${page.next.type}`).toString('base64');
  return xmlDocument(
    'ListResourceRecordSetProtectionsResponse',
    element('ResourceRecordSetProtections', ...items),
    leaf('NextToken', next),
  );
}

export function errorReply(error: ApiError, requestId: string): Xml {
  const entries = error.entries.map((entry) =>
    element(
      'ProtectionError',
      leaf('RecordName', entry.name),
      leaf('RecordType', entry.type),
      leaf('Code', entry.code),
      leaf('Message', entry.message),
    ),
  );
  return xmlDocument(
    'ErrorResponse',
    element(
      'Error',
      leaf('Type', error.status < 500 ? 'Sender' : 'Receiver'),
      leaf('Code', error.code),
      leaf('Message', error.message),
      ...(entries.length > 0 ? [element('Errors', ...entries)] : []),
    ),
    leaf('RequestId', requestId),
  );
}

function zoneElement(zone: Zone): Xml {
  return element(
    'HostedZone',
    leaf('Id', `/hostedzone/${zone.id}`),
    leaf('Name', zone.name),
    leaf('CallerReference', `local-${zone.id}`),
    element('Config', leaf('PrivateZone', zone.private)),
    leaf('ResourceRecordSetCount', zone.sets.size),
    zone.acceleratedRecovery ? element('Features', leaf('AcceleratedRecoveryStatus', 'ENABLED')) : '',
  );
}

function setElement(set: RecordSet): Xml {
  return element(
    'ResourceRecordSet',
    leaf('Name', set.name),
    leaf('Type', set.type),
    leaf('SetIdentifier', set.setIdentifier),
    leaf('Weight', set.weight),
    leaf('Region', set.region),
    set.geolocation ? geoLocation(set.geolocation) : '',
    leaf('Failover', set.failover),
    leaf('MultiValueAnswer', set.multiValue),
    leaf('TTL', set.ttl),
    set.values
      ? element('ResourceRecords', ...set.values.map((value) => element('ResourceRecord', leaf('Value', value))))
      : '',
    set.alias
      ? element(
          'AliasTarget',
          leaf('HostedZoneId', set.alias.zone),
          leaf('DNSName', set.alias.name),
          leaf('EvaluateTargetHealth', set.alias.evaluateTargetHealth),
        )
      : '',
    leaf('HealthCheckId', set.healthCheckId),
    ...Object.entries(set.other ?? {}).map(([name, value]) => jsonElement(name, value)),
  );
}

function geoLocation(location: GeoLocation): Xml {
  return element(
    'GeoLocation',
    leaf('ContinentCode', location.continent),
    leaf('CountryCode', location.country),
    leaf('SubdivisionCode', location.subdivision),
  );
}

/** The fields that dashover has no word for are kept as they came, nested as they were. */
function jsonElement(name: string, value: Json): Xml {
  if (typeof value !== 'object' || value === null) return leaf(name, String(value));
  return element(name, ...Object.entries(value).map(([key, inner]: [string, Json]) => jsonElement(key, inner)));
}
