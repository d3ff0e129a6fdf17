import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
} from '@aws-sdk/client-route-53';
import type { Change, ResourceRecordSet } from '@aws-sdk/client-route-53';

/** The real SDK's client of a local Route 53, one attempt a call; its keys are made up. */
export function sdkClient(url: string, maxAttempts = 1): Route53Client {
  return new Route53Client({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIALOCAL', secretAccessKey: 'local' },
    maxAttempts,
  });
}

export type Action = 'CREATE' | 'DELETE' | 'UPSERT';

/** One change of a batch, short: `change('CREATE', 'www.example.test', 'A', ['192.0.2.1'])`. TTL 60 unless told. */
export function change(
  action: Action,
  name: string,
  type: string,
  values: readonly string[],
  more: Partial<ResourceRecordSet> = {},
): Change {
  return {
    Action: action,
    ResourceRecordSet: {
      Name: name,
      Type: type as NonNullable<ResourceRecordSet['Type']>,
      TTL: 60,
      ResourceRecords: values.map((Value) => ({ Value })),
      ...more,
    },
  };
}

/** An alias instead of values. */
export function aliasChange(
  action: Action,
  name: string,
  type: string,
  target: { readonly zone: string; readonly name: string; readonly health?: boolean },
  more: Partial<ResourceRecordSet> = {},
): Change {
  const AliasTarget = { HostedZoneId: target.zone, DNSName: target.name, EvaluateTargetHealth: target.health ?? false };
  return {
    Action: action,
    ResourceRecordSet: { Name: name, Type: type as NonNullable<ResourceRecordSet['Type']>, AliasTarget, ...more },
  };
}

/** Sends a batch and gives the change's id. Rejects with the SDK's error. */
export async function submit(client: Route53Client, zone: string, ...changes: readonly Change[]): Promise<string> {
  const sent = await client.send(
    new ChangeResourceRecordSetsCommand({ HostedZoneId: zone, ChangeBatch: { Changes: [...changes] } }),
  );
  return sent.ChangeInfo?.Id ?? '';
}

export async function statusOf(client: Route53Client, changeId: string): Promise<string | undefined> {
  const { ChangeInfo } = await client.send(new GetChangeCommand({ Id: changeId }));
  return ChangeInfo?.Status;
}

/** The sets of a zone besides its NS and SOA, as downloaded. */
export async function setsOf(client: Route53Client, zone: string): Promise<ResourceRecordSet[]> {
  const { ResourceRecordSets = [] } = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: zone }));
  return ResourceRecordSets.filter(({ Type }) => Type !== 'NS' && Type !== 'SOA');
}
