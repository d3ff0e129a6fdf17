import { ListResourceRecordSetProtectionsCommand, type Route53Client } from '@aws-sdk/client-route-53';
import { normalName } from '../../shared/dns-name.ts';

/** While one exists, no change to record sets of this name and type is accepted, from anybody. */
export interface Protection {
  readonly name: string;
  readonly type: string;
  /** What whoever made it wrote beside it, or ''. */
  readonly comment: string;
}

/** Route 53 gives at most 300 a page; beyond so many pages something goes round in circles. */
const PAGES_MAX = 50;

/** Every protection of a zone. Throws what the SDK throws. */
export async function readProtections(
  client: Route53Client,
  zoneId: string,
  signal: AbortSignal,
): Promise<readonly Protection[]> {
  const found: Protection[] = [];
  let token: string | undefined;
  for (let page = 1; page <= PAGES_MAX; page += 1) {
    const command = new ListResourceRecordSetProtectionsCommand({ HostedZoneId: zoneId, NextToken: token });
    const answer = await client.send(command, { abortSignal: signal });
    for (const { RecordName = '', RecordType = '', Comment = '' } of answer.ResourceRecordSetProtections ?? []) {
      found.push({ name: normalName(RecordName), type: RecordType, comment: Comment });
    }
    token = answer.NextToken;
    if (token === undefined) break;
  }
  return found;
}
