import type { Outline } from '../../config/outline.ts';
import { pack, partitionOf, type PolicyDocument, type Statement } from './document.ts';

/** IAM: a managed policy has at most 6,144 characters without white space; a role takes ten of them. */
const MANAGED_CHARS_MAX = 6_144;

/**
 * The least that the endpoint's AWS credentials need: for each switch its names and types in its zone, and only CREATE
 * and DELETE, which is all that a move sends. Several documents only when one would be too large.
 */
export function iamPolicies({ switches, region }: Pick<Outline, 'switches' | 'region'>): readonly PolicyDocument[] {
  const route53 = `arn:${partitionOf(region)}:route53:::`;
  const zones = [...new Set(switches.map(({ zone }) => `${route53}hostedzone/${zone}`))];
  return pack(
    [
      ...switches.map((one) => change(one, `${route53}hostedzone/${one.zone}`)),
      {
        Effect: 'Allow',
        Action: ['route53:GetHostedZone', 'route53:ListResourceRecordSets', 'route53:ListResourceRecordSetProtections'],
        Resource: zones,
      },
      { Effect: 'Allow', Action: ['route53:GetChange'], Resource: `${route53}change/*` },
    ],
    MANAGED_CHARS_MAX,
    'the endpoint',
  );
}

/**
 * One statement for all names of a switch, because they change in one batch and `ForAllValues` asks that a single
 * statement allows all of it. It is also true of a request that lacks the key, hence `Null`.
 */
function change({ names, types }: Outline['switches'][number], zone: string): Statement {
  return {
    Effect: 'Allow',
    Action: ['route53:ChangeResourceRecordSets'],
    Resource: zone,
    Condition: {
      'ForAllValues:StringEquals': {
        'route53:ChangeResourceRecordSetsNormalizedRecordNames': names.map(normalizedRecordName),
        'route53:ChangeResourceRecordSetsRecordTypes': types,
        'route53:ChangeResourceRecordSetsActions': ['CREATE', 'DELETE'],
      },
      Null: { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': 'false' },
    },
  };
}

/**
 * A name as the condition key has it: lower case, no final dot, and everything but a-z, 0-9, -, _ and the dots between
 * labels as three octal digits (`\052` for `*`). An escaped dot or backslash is one already.
 */
export function normalizedRecordName(name: string): string {
  return name.replaceAll(/\\[0-3][0-7]{2}|[^a-z0-9._-]/g, (found) =>
    found.length > 1 ? found : `\\${found.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
}
