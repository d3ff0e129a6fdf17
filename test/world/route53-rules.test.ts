import { ChangeResourceRecordSetsCommand } from '@aws-sdk/client-route-53';
import type { Change, ResourceRecordSet } from '@aws-sdk/client-route-53';
import { expect, test } from 'vitest';
import { aliasChange, change, sdkClient, setsOf, submit } from './route53/client.ts';
import { startRoute53 } from './route53/server.ts';
import type { LocalRoute53, Route53Options } from './route53/server.ts';

const Z = 'Z0LOCAL';
const A = ['192.0.2.1'];
const CLOUDFRONT = 'Z2FDTNDATAQYW2';

const start = (more: Partial<Route53Options> = {}): Promise<LocalRoute53> =>
  startRoute53({
    zones: [
      {
        id: Z,
        name: 'example.test',
        records: [
          { name: 'a.example.test', type: 'A', ttl: 60, values: ['192.0.2.10', '192.0.2.11'] },
          { name: 'c.example.test', type: 'CNAME', ttl: 60, values: ['a.example.test'] },
          { name: 'w.example.test', type: 'A', ttl: 60, values: A, setIdentifier: 'one', weight: 1 },
          { name: 'lat.example.test', type: 'A', ttl: 60, values: A, setIdentifier: 'eu', region: 'eu-west-1' },
          { name: 'fo.example.test', type: 'A', ttl: 60, values: A, setIdentifier: 'p', failover: 'PRIMARY' },
          {
            name: 'geo.example.test',
            type: 'A',
            ttl: 60,
            values: A,
            setIdentifier: 'eu',
            geolocation: { continent: 'EU' },
          },
          {
            name: 'al.example.test',
            type: 'A',
            alias: { zone: Z, name: 'a.example.test', evaluateTargetHealth: false },
          },
        ],
      },
      { id: 'Z1OTHER', name: 'other.test' },
    ],
    ...more,
  });

const weighted = (id: string, more: Partial<ResourceRecordSet> = {}): Partial<ResourceRecordSet> => ({
  SetIdentifier: id,
  Weight: 1,
  ...more,
});
const many = (count: number, first = 0): string[] =>
  Array.from({ length: count }, (_, n) => `10.${(first + n) >> 8}.${(first + n) & 255}.1`);
const alias = (name: string, zone = Z): { zone: string; name: string } => ({ zone, name });

type Case = readonly [title: string, changes: readonly Change[], code: string, text: string | RegExp];

const REFUSED: readonly Case[] = [
  [
    'a CREATE of what exists',
    [change('CREATE', 'A.example.test', 'A', A)],
    'InvalidChangeBatch',
    "[Tried to create resource record set [name='a.example.test.', type='A'] but it already exists]",
  ],
  [
    'a CREATE of an identifier that exists',
    [change('CREATE', 'w.example.test', 'A', A, weighted('one'))],
    'InvalidChangeBatch',
    "[Tried to create resource record set [name='w.example.test.', type='A', set-identifier='one'] but it already exists]",
  ],
  [
    'a DELETE of what does not exist',
    [change('DELETE', 'x.example.test', 'A', A)],
    'InvalidChangeBatch',
    "[Tried to delete resource record set [name='x.example.test.', type='A'] but it was not found]",
  ],
  [
    'a DELETE with another value',
    [change('DELETE', 'a.example.test', 'A', A)],
    'InvalidChangeBatch',
    "[Tried to delete resource record set [name='a.example.test.', type='A'] but the values provided do not match the current values]",
  ],
  [
    'a DELETE with another TTL',
    [change('DELETE', 'c.example.test', 'CNAME', ['a.example.test'], { TTL: 61 })],
    'InvalidChangeBatch',
    /do not match the current values/,
  ],
  [
    'a DELETE with another weight',
    [change('DELETE', 'w.example.test', 'A', A, weighted('one', { Weight: 2 }))],
    'InvalidChangeBatch',
    /do not match the current values/,
  ],
  [
    'a DELETE without the health check that is not there',
    [change('DELETE', 'w.example.test', 'A', A, weighted('one', { HealthCheckId: 'hc' }))],
    'InvalidChangeBatch',
    /do not match the current values/,
  ],
  [
    'a DELETE of an alias with another health evaluation',
    [aliasChange('DELETE', 'al.example.test', 'A', { ...alias('a.example.test'), health: true })],
    'InvalidChangeBatch',
    /do not match the current values/,
  ],
  [
    'two reasons in one message',
    [change('DELETE', 'x.example.test', 'A', A), change('CREATE', 'a.example.test', 'A', A)],
    'InvalidChangeBatch',
    /^\[Tried to delete .* not found, Tried to create .* already exists\]$/,
  ],
  [
    'a CNAME beside an A',
    [change('CREATE', 'a.example.test', 'CNAME', ['b.test'])],
    'InvalidChangeBatch',
    '[RRSet of type CNAME with DNS name a.example.test. is not permitted as it conflicts with other records with the same DNS name in zone example.test.]',
  ],
  [
    'an A beside a CNAME',
    [change('CREATE', 'c.example.test', 'A', A)],
    'InvalidChangeBatch',
    '[RRSet of type A with DNS name c.example.test. is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone example.test.]',
  ],
  [
    'a CNAME created before the A is deleted',
    [
      change('CREATE', 'a.example.test', 'CNAME', ['b.test']),
      change('DELETE', 'a.example.test', 'A', ['192.0.2.10', '192.0.2.11']),
    ],
    'InvalidChangeBatch',
    /conflicts with other records/,
  ],
  [
    'a CNAME at the apex',
    [change('CREATE', 'example.test', 'CNAME', ['b.test'])],
    'InvalidChangeBatch',
    '[RRSet of type CNAME with DNS name example.test. is not permitted at apex in zone example.test.]',
  ],
  [
    'the only SOA deleted',
    [
      change(
        'DELETE',
        'example.test',
        'SOA',
        ['ns-1.awsdns-01.test. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400'],
        { TTL: 900 },
      ),
    ],
    'InvalidChangeBatch',
    '[A HostedZone must contain exactly one SOA record.]',
  ],
  [
    'the only NS deleted',
    [
      change(
        'DELETE',
        'example.test',
        'NS',
        [1, 2, 3, 4].map((n) => `ns-${n}.awsdns-0${n}.test.`),
        { TTL: 172_800 },
      ),
    ],
    'InvalidChangeBatch',
    '[A HostedZone must contain at least one NS record for the zone itself.]',
  ],
  [
    'a SOA below the apex',
    [change('CREATE', 'b.example.test', 'SOA', ['a. b. 1 1 1 1 1'])],
    'InvalidChangeBatch',
    /SOA .* only permitted at apex/,
  ],
  ['a wildcard NS', [change('CREATE', '*.example.test', 'NS', ['ns.test'])], 'InvalidChangeBatch', /wildcard/],
  [
    'a name outside of the zone',
    [change('CREATE', 'www.elsewhere.test', 'A', A)],
    'InvalidChangeBatch',
    '[RRSet with DNS name www.elsewhere.test. is not permitted in zone example.test.]',
  ],
  [
    'a name that only ends like the zone',
    [change('CREATE', 'badexample.test', 'A', A)],
    'InvalidChangeBatch',
    /is not permitted in zone/,
  ],
  [
    'an empty label',
    [change('CREATE', 'a..example.test', 'A', A)],
    'InvalidChangeBatch',
    /DomainLabelEmpty \(Domain label is empty\) encountered with 'a\.\.example\.test'/,
  ],
  [
    'a label of 64 characters',
    [change('CREATE', `${'x'.repeat(64)}.example.test`, 'A', A)],
    'InvalidChangeBatch',
    /DomainLabelTooLong/,
  ],
  [
    'a name of 256 bytes',
    [change('CREATE', `${'abcdefg.'.repeat(31)}example.test`, 'A', A)],
    'InvalidChangeBatch',
    /DomainNameTooLong/,
  ],
  ['a space in a name', [change('CREATE', 'a b.example.test', 'A', A)], 'InvalidChangeBatch', /UnsupportedCharacter/],
  [
    'two CNAME values',
    [change('CREATE', 'd.example.test', 'CNAME', ['a.test', 'b.test'])],
    'InvalidChangeBatch',
    /exactly one/,
  ],
  [
    'the same value twice',
    [change('CREATE', 'd.example.test', 'AAAA', ['2001:db8::1', '2001:DB8:0::1'])],
    'InvalidChangeBatch',
    "[Duplicate Resource Record: '2001:DB8:0::1']",
  ],
  [
    'the same set twice',
    [change('UPSERT', 'd.example.test', 'A', A), change('UPSERT', 'd.example.test', 'A', ['192.0.2.2'])],
    'InvalidChangeBatch',
    "[The request contains an invalid set of changes for a resource record set 'A d.example.test.']",
  ],
  [
    'a set created and deleted',
    [change('CREATE', 'd.example.test', 'A', A), change('DELETE', 'd.example.test', 'A', A)],
    'InvalidChangeBatch',
    /invalid set of changes/,
  ],

  [
    'an alias to nothing',
    [aliasChange('CREATE', 'd.example.test', 'A', alias('none.example.test'))],
    'InvalidChangeBatch',
    `[Tried to create an alias that targets none.example.test., type A in zone ${Z}, but that target was not found]`,
  ],
  [
    'an alias to a set of another type',
    [aliasChange('CREATE', 'd.example.test', 'AAAA', alias('a.example.test'))],
    'InvalidChangeBatch',
    /type AAAA in zone Z0LOCAL, but that target was not found/,
  ],
  [
    'an alias to itself',
    [aliasChange('UPSERT', 'al.example.test', 'A', alias('al.example.test'))],
    'InvalidChangeBatch',
    /that target was not found/,
  ],
  [
    'an alias whose target comes later in the batch',
    [aliasChange('CREATE', 'd.example.test', 'A', alias('e.example.test')), change('CREATE', 'e.example.test', 'A', A)],
    'InvalidChangeBatch',
    /that target was not found/,
  ],
  [
    'an alias out of its own zone',
    [aliasChange('CREATE', 'd.example.test', 'A', alias('www.elsewhere.test'))],
    'InvalidChangeBatch',
    /but the alias target name does not lie within the target zone, Tried .* but that target was not found/,
  ],
  [
    'an alias into another zone of the account',
    [aliasChange('CREATE', 'd.example.test', 'A', alias('other.test', 'Z1OTHER'))],
    'InvalidChangeBatch',
    /that target was not found/,
  ],
  [
    'an alias to CloudFront with a name that is none of its',
    [aliasChange('CREATE', 'd.example.test', 'A', alias('www.elsewhere.test', CLOUDFRONT))],
    'InvalidChangeBatch',
    /does not lie within the target zone/,
  ],
  [
    'an alias to CloudFront with a type that it has not',
    [aliasChange('CREATE', 'd.example.test', 'MX', alias('d1.cloudfront.net', CLOUDFRONT))],
    'InvalidChangeBatch',
    /that target was not found/,
  ],
  [
    'an alias to CloudFront that evaluates its health',
    [aliasChange('CREATE', 'd.example.test', 'A', { ...alias('d1.cloudfront.net', CLOUDFRONT), health: true })],
    'InvalidChangeBatch',
    /EvaluateTargetHealth/,
  ],
  [
    'an alias of type NS',
    [aliasChange('CREATE', 'd.example.test', 'NS', alias('example.test'))],
    'InvalidChangeBatch',
    /not permitted to be an alias/,
  ],
  [
    'an alias with a TTL',
    [aliasChange('CREATE', 'd.example.test', 'A', alias('a.example.test'), { TTL: 60 })],
    'InvalidInput',
    'Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found more than one in Change with [Action=CREATE, Name=d.example.test, Type=A, SetIdentifier=null]',
  ],
  [
    'a set without a TTL',
    [change('CREATE', 'd.example.test', 'A', A, { TTL: undefined })],
    'InvalidInput',
    /but found none in Change with/,
  ],
  [
    'a set without values',
    [change('CREATE', 'd.example.test', 'A', [], { ResourceRecords: undefined })],
    'InvalidInput',
    /but found none in Change with/,
  ],

  [
    'a simple set beside a weighted one',
    [change('UPSERT', 'w.example.test', 'A', A)],
    'InvalidChangeBatch',
    '[RRSet with DNS name w.example.test., type A cannot be created as other RRSets exist with the same name and type.]',
  ],
  [
    'a weighted set beside a simple one',
    [change('CREATE', 'a.example.test', 'A', A, weighted('x'))],
    'InvalidChangeBatch',
    /type A, SetIdentifier x cannot be created as other RRSets exist with the same name and type\./,
  ],
  [
    'a weighted set beside a latency one',
    [change('CREATE', 'lat.example.test', 'A', A, weighted('x'))],
    'InvalidChangeBatch',
    /cannot be created as a non-weighted set exists with the same name and type\./,
  ],
  [
    'weighted sets with different TTLs',
    [change('CREATE', 'w.example.test', 'A', A, weighted('two', { TTL: 30 }))],
    'InvalidChangeBatch',
    /cannot be created as weighted sets must contain the same TTL\./,
  ],
  [
    'two latency sets of a region',
    [change('CREATE', 'lat.example.test', 'A', A, { SetIdentifier: 'x', Region: 'eu-west-1' })],
    'InvalidChangeBatch',
    /same region/,
  ],
  [
    'two primaries',
    [change('CREATE', 'fo.example.test', 'A', A, { SetIdentifier: 'x', Failover: 'PRIMARY' })],
    'InvalidChangeBatch',
    /same role/,
  ],
  [
    'two sets for a location',
    [change('CREATE', 'geo.example.test', 'A', A, { SetIdentifier: 'x', GeoLocation: { ContinentCode: 'EU' } })],
    'InvalidChangeBatch',
    /same location/,
  ],
  [
    'a weight without an identifier',
    [change('CREATE', 'd.example.test', 'A', A, { Weight: 1 })],
    'InvalidInput',
    /Missing field 'SetIdentifier' in Change with/,
  ],
  [
    'an identifier without a policy',
    [change('CREATE', 'd.example.test', 'A', A, { SetIdentifier: 'x' })],
    'InvalidInput',
    /Expected exactly one of \[Weight, Region, .*but found none/,
  ],
  [
    'two policies in a set',
    [change('CREATE', 'd.example.test', 'A', A, weighted('x', { Region: 'eu-west-1' }))],
    'InvalidInput',
    /but found more than one/,
  ],
  [
    'a location that is a continent and a country',
    [
      change('CREATE', 'd.example.test', 'A', A, {
        SetIdentifier: 'x',
        GeoLocation: { ContinentCode: 'EU', CountryCode: 'DE' },
      }),
    ],
    'InvalidInput',
    /ContinentCode, CountryCode/,
  ],
  [
    'a multivalue alias',
    [
      aliasChange('CREATE', 'd.example.test', 'A', alias('a.example.test'), {
        SetIdentifier: 'x',
        MultiValueAnswer: true,
      }),
    ],
    'InvalidInput',
    /multivalue answer record can't be an alias/,
  ],
  [
    'a multivalue CNAME',
    [change('CREATE', 'd.example.test', 'CNAME', ['a.test'], { SetIdentifier: 'x', MultiValueAnswer: true })],
    'InvalidChangeBatch',
    /multivalue/,
  ],
  [
    'a weighted NS',
    [change('CREATE', 'd.example.test', 'NS', ['ns.test'], weighted('x'))],
    'InvalidChangeBatch',
    /routing policy/,
  ],

  [
    'more than 1,000 records',
    [...Array(3).keys()].map((n) => change('CREATE', `l${n}.example.test`, 'A', many(334, n * 334))),
    'InvalidChangeBatch',
    '[Number of records limit of 1000 exceeded.]',
  ],
  [
    'more than 500 records in UPSERTs, which count twice',
    [change('UPSERT', 'l.example.test', 'A', many(400)), change('UPSERT', 'm.example.test', 'A', many(101))],
    'InvalidChangeBatch',
    '[Number of records limit of 1000 exceeded.]',
  ],
  [
    'more than 32,000 characters',
    [...Array(9).keys()].map((n) =>
      change('CREATE', `t${n}.example.test`, 'TXT', [
        Array(15)
          .fill(`"${'x'.repeat(250)}"`)
          .join(' '),
      ]),
    ),
    'InvalidChangeBatch',
    '[RDATA character limit of 32000 exceeded.]',
  ],
  [
    'more than 400 values in a set',
    [change('CREATE', 'l.example.test', 'A', many(401))],
    'InvalidChangeBatch',
    /limit of 400/,
  ],
  [
    'a TTL above 2147483647',
    [change('CREATE', 'd.example.test', 'A', A, { TTL: 2_147_483_648 })],
    'InvalidInput',
    /^1 validation error detected: Value '2147483648' at 'changeBatch\.changes\.1\.member\.resourceRecordSet\.tTL' failed to satisfy constraint: Member must have value less than or equal to 2147483647$/,
  ],
  [
    'a negative TTL',
    [change('CREATE', 'd.example.test', 'A', A, { TTL: -1 })],
    'InvalidInput',
    /greater than or equal to 0/,
  ],
  [
    'a weight above 255',
    [change('CREATE', 'd.example.test', 'A', A, weighted('x', { Weight: 256 }))],
    'InvalidInput',
    /less than or equal to 255/,
  ],
  [
    'an identifier of 129 characters',
    [change('CREATE', 'd.example.test', 'A', A, weighted('x'.repeat(129)))],
    'InvalidInput',
    /length less than or equal to 128/,
  ],
  [
    'an unknown type',
    [change('CREATE', 'd.example.test', 'LOC', A)],
    'InvalidInput',
    /Value 'LOC' .* Member must satisfy enum value set: \[SOA, A,/,
  ],
  [
    'an unknown action',
    [{ ...change('CREATE', 'd.example.test', 'A', A), Action: 'MERGE' as 'CREATE' }],
    'InvalidInput',
    /enum value set: \[CREATE, DELETE, UPSERT\]/,
  ],
  [
    'an unknown region',
    [change('CREATE', 'd.example.test', 'A', A, { SetIdentifier: 'x', Region: 'mars-1' as 'eu-west-1' })],
    'InvalidInput',
    /enum value set: \[/,
  ],
  ['no changes', [], 'InvalidInput', /length greater than or equal to 1/],
];

test.for(REFUSED)('%s is refused, and nothing is changed', async ([, changes, code, text]) => {
  await using route53 = await start();
  const client = sdkClient(route53.url);
  const before = await setsOf(client, Z);
  // The batch begins with a change that is right: it must not stay behind alone.
  const good = change('CREATE', 'good.example.test', 'TXT', ['"x"']);
  const batch = code === 'InvalidChangeBatch' && typeof text !== 'string' ? [good, ...changes] : changes;
  const error: unknown = await submit(client, Z, ...batch).catch((error: unknown) => error);
  expect(error).toMatchObject({ name: code });
  if (typeof text === 'string') expect((error as Error).message).toBe(text);
  else expect((error as Error).message).toMatch(text);
  expect(await setsOf(client, Z)).toEqual(before);
  expect(route53.changes).toBe(0);
});

const ACCEPTED: readonly (readonly [title: string, changes: readonly Change[]])[] = [
  [
    'an A that becomes a CNAME in one batch',
    [
      change('DELETE', 'a.example.test', 'A', ['192.0.2.11', '192.0.2.10']),
      change('CREATE', 'a.example.test', 'CNAME', ['maintenance.example.net']),
    ],
  ],
  [
    'a set deleted and created again',
    [
      change('DELETE', 'c.example.test', 'CNAME', ['a.example.test']),
      change('CREATE', 'c.example.test', 'CNAME', ['b.example.test']),
    ],
  ],
  ['an UPSERT of what is already there', [change('UPSERT', 'a.example.test', 'A', ['192.0.2.10', '192.0.2.11'])]],
  [
    'an A that becomes an alias by UPSERT',
    [
      aliasChange('UPSERT', 'c2.example.test', 'A', alias('a.example.test')),
      aliasChange('UPSERT', 'a2.example.test', 'A', alias('c2.example.test')),
    ],
  ],
  [
    'an alias whose target comes earlier in the batch',
    [change('CREATE', 'e.example.test', 'A', A), aliasChange('CREATE', 'd.example.test', 'A', alias('e.example.test'))],
  ],
  ['an alias at the apex', [aliasChange('CREATE', 'example.test', 'A', alias('D1.CloudFront.net', CLOUDFRONT))]],
  [
    'an alias to a load balancer',
    [
      aliasChange('CREATE', 'd.example.test', 'A', {
        ...alias('lb-1.eu-west-1.elb.amazonaws.com', 'Z32O12XQLNTSW2'),
        health: true,
      }),
    ],
  ],
  [
    'both weights in one batch, one of them 0',
    [
      change('UPSERT', 'w.example.test', 'A', A, weighted('one', { Weight: 0 })),
      change('CREATE', 'w.example.test', 'A', ['192.0.2.9'], weighted('two')),
    ],
  ],
  [
    'the TTL of a weighted group in one batch',
    [
      change('UPSERT', 'w.example.test', 'A', A, weighted('one', { TTL: 5 })),
      change('CREATE', 'w.example.test', 'A', ['192.0.2.9'], weighted('two', { TTL: 5 })),
    ],
  ],
  [
    'a weighted group that becomes simple',
    [change('DELETE', 'w.example.test', 'A', A, weighted('one')), change('CREATE', 'w.example.test', 'A', A)],
  ],
  [
    'a new SOA for the old',
    [change('UPSERT', 'example.test', 'SOA', ['ns.example.test. ops.example.test. 2 1 1 1 60'])],
  ],
  [
    'exactly 1,000 records',
    [
      change('CREATE', 'l.example.test', 'A', many(400)),
      change('CREATE', 'm.example.test', 'A', many(400)),
      change('CREATE', 'n.example.test', 'A', many(200)),
    ],
  ],
];

test.for(ACCEPTED)('%s is accepted', async ([, changes]) => {
  await using route53 = await start();
  await submit(sdkClient(route53.url), Z, ...changes);
  expect(route53.changes).toBe(1);
});

test('a comment has at most 256 characters', async () => {
  await using route53 = await start();
  const send = (Comment: string): Promise<unknown> =>
    sdkClient(route53.url).send(
      new ChangeResourceRecordSetsCommand({
        HostedZoneId: Z,
        ChangeBatch: { Comment, Changes: [change('UPSERT', 'a.example.test', 'A', A)] },
      }),
    );
  await send('x'.repeat(256));
  await expect(send('x'.repeat(257))).rejects.toMatchObject({ name: 'InvalidInput', message: /256/ });
});

test('what is protected cannot be created, changed or deleted, and the error tells the comment', async () => {
  await using route53 = await start();
  const client = sdkClient(route53.url);
  route53.protect(Z, 'a.example.test', 'A', 'ask ops');
  route53.protect(Z, 'a.example.test', 'CNAME');
  for (const forbidden of [
    change('UPSERT', 'a.example.test', 'A', A),
    change('DELETE', 'a.example.test', 'A', ['192.0.2.10', '192.0.2.11']),
    change('CREATE', 'a.example.test', 'CNAME', ['b.test']),
  ]) {
    await expect(submit(client, Z, forbidden)).rejects.toMatchObject({
      name: 'InvalidChangeBatch',
      message: /protected/,
    });
  }
  await expect(submit(client, Z, change('UPSERT', 'a.example.test', 'A', A))).rejects.toThrow(/ask ops/);
  route53.unprotect(Z, 'a.example.test', 'A');
  await submit(client, Z, change('UPSERT', 'a.example.test', 'A', A));
});

test('a health check that does not exist is refused when the world knows its health checks', async () => {
  await using route53 = await start({ healthChecks: ['hc-1'] });
  const client = sdkClient(route53.url);
  await submit(client, Z, change('UPSERT', 'a.example.test', 'A', A, { HealthCheckId: 'hc-1' }));
  await expect(
    submit(client, Z, change('UPSERT', 'a.example.test', 'A', A, { HealthCheckId: 'hc-2' })),
  ).rejects.toMatchObject({ name: 'NoSuchHealthCheck', message: /hc-2/ });
});
