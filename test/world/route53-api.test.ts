import { request } from 'node:http';
import { once } from 'node:events';
import {
  ChangeResourceRecordSetsCommand,
  CreateResourceRecordSetProtectionsCommand,
  DeleteResourceRecordSetProtectionsCommand,
  GetChangeCommand,
  GetHostedZoneCommand,
  ListHostedZonesByNameCommand,
  ListResourceRecordSetProtectionsCommand,
  ListResourceRecordSetsCommand,
  RRType,
  ResourceRecordSetRegion,
} from '@aws-sdk/client-route-53';
import type { ListResourceRecordSetsCommandInput, ListResourceRecordSetsCommandOutput } from '@aws-sdk/client-route-53';
import { expect, test } from 'vitest';
import { RECORD_TYPES } from './dns/rdata.ts';
import { change, sdkClient, setsOf, statusOf, submit } from './route53/client.ts';
import { REGIONS } from './route53/regions.ts';
import { startRoute53 } from './route53/server.ts';
import type { LocalRoute53 } from './route53/server.ts';

const WWW = { name: 'www.example.test', type: 'A', ttl: 60, values: ['192.0.2.10'] };
const ZONE = { id: 'Z0LOCAL', name: 'example.test', records: [WWW] };

const start = (more: Partial<Parameters<typeof startRoute53>[0]> = {}): Promise<LocalRoute53> =>
  startRoute53({ zones: [ZONE], ...more });

test('a new zone has its NS and SOA and what it was given, and tells its name servers', async () => {
  await using route53 = await start();
  const client = sdkClient(route53.url);
  const { HostedZone, DelegationSet } = await client.send(new GetHostedZoneCommand({ Id: ZONE.id }));
  expect(HostedZone).toMatchObject({
    Id: '/hostedzone/Z0LOCAL',
    Name: 'example.test.',
    Config: { PrivateZone: false },
    ResourceRecordSetCount: 3,
  });
  expect(DelegationSet?.NameServers).toHaveLength(4);
  const { ResourceRecordSets } = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: ZONE.id }));
  expect(ResourceRecordSets?.map(({ Name, Type }) => `${Name} ${Type}`)).toEqual([
    'example.test. NS',
    'example.test. SOA',
    'www.example.test. A',
  ]);
});

test('a private zone says so, and has no delegation', async () => {
  await using route53 = await start({ zones: [{ ...ZONE, private: true }] });
  const answer = await sdkClient(route53.url).send(new GetHostedZoneCommand({ Id: ZONE.id }));
  expect(answer.HostedZone?.Config?.PrivateZone).toBe(true);
  expect(answer.DelegationSet).toBeUndefined();
});

test('a zone or a change that does not exist is named in the error', async () => {
  await using route53 = await start();
  const client = sdkClient(route53.url);
  const zoneMissing = { name: 'NoSuchHostedZone', message: 'No hosted zone found with ID: Z404' };
  await expect(client.send(new GetHostedZoneCommand({ Id: 'Z404' }))).rejects.toMatchObject(zoneMissing);
  await expect(client.send(new ListResourceRecordSetsCommand({ HostedZoneId: 'Z404' }))).rejects.toMatchObject(
    zoneMissing,
  );
  await expect(submit(client, 'Z404', change('CREATE', 'a.example.test', 'A', ['192.0.2.1']))).rejects.toMatchObject(
    zoneMissing,
  );
  await expect(client.send(new GetChangeCommand({ Id: '/change/C404' }))).rejects.toMatchObject({
    name: 'NoSuchChange',
    message: 'Could not find resource with ID: C404',
    $metadata: { httpStatusCode: 404, requestId: expect.any(String) as string },
  });
});

test('zones are listed by name from the right, then by id, and page by name and id', async () => {
  const zones = ['b.test', 'a.test', 'sub.a.test', 'a.test'].map((name, at) => ({ id: `Z${at}`, name }));
  await using route53 = await startRoute53({ zones });
  const client = sdkClient(route53.url);
  const all = await client.send(new ListHostedZonesByNameCommand({}));
  expect(all.HostedZones?.map(({ Id, Name }) => `${Id} ${Name}`)).toEqual([
    '/hostedzone/Z1 a.test.',
    '/hostedzone/Z3 a.test.',
    '/hostedzone/Z2 sub.a.test.',
    '/hostedzone/Z0 b.test.',
  ]);
  const first = await client.send(new ListHostedZonesByNameCommand({ DNSName: 'A.test', MaxItems: 1 }));
  expect(first).toMatchObject({ IsTruncated: true, NextDNSName: 'a.test.', NextHostedZoneId: 'Z3', MaxItems: 1 });
  const second = await client.send(
    new ListHostedZonesByNameCommand({ DNSName: first.NextDNSName, HostedZoneId: first.NextHostedZoneId, MaxItems: 2 }),
  );
  expect(second.HostedZones?.map(({ Id }) => Id)).toEqual(['/hostedzone/Z3', '/hostedzone/Z2']);
});

test('sets are listed by name from the right, a hyphen before a child, then by type and identifier', async () => {
  await using route53 = await startRoute53({
    zones: [
      {
        id: 'Z1',
        name: 'example.test',
        records: [
          { name: 'b.example.test', type: 'A', ttl: 1, values: ['192.0.2.1'] },
          { name: 'a.b.example.test', type: 'A', ttl: 1, values: ['192.0.2.1'] },
          { name: 'b-c.example.test', type: 'A', ttl: 1, values: ['192.0.2.1'] },
          { name: 'w.example.test', type: 'TXT', ttl: 1, values: ['"x"'], setIdentifier: 'two', weight: 1 },
          { name: 'w.example.test', type: 'TXT', ttl: 1, values: ['"x"'], setIdentifier: 'one', weight: 1 },
          { name: 'w.example.test', type: 'A', ttl: 1, values: ['192.0.2.1'] },
          { name: '*.example.test', type: 'A', ttl: 1, values: ['192.0.2.1'] },
        ],
      },
    ],
  });
  const sets = await setsOf(sdkClient(route53.url), 'Z1');
  expect(sets.map(({ Name, Type, SetIdentifier }) => [Name, Type, SetIdentifier].filter(Boolean).join(' '))).toEqual([
    '\\052.example.test. A',
    'b-c.example.test. A',
    'b.example.test. A',
    'a.b.example.test. A',
    'w.example.test. A',
    'w.example.test. TXT one',
    'w.example.test. TXT two',
  ]);
});

test('a long list comes in pages of at most 300, and every cursor leads on to the next set', async () => {
  const records = Array.from({ length: 650 }, (_, n) => ({
    name: `h${n}.example.test`,
    type: 'A',
    ttl: 60,
    values: ['192.0.2.1'],
  }));
  await using route53 = await startRoute53({ zones: [{ id: 'Z1', name: 'example.test', records }] });
  const client = sdkClient(route53.url);
  const names: (string | undefined)[] = [];
  const pages: number[] = [];
  let cursor: Partial<ListResourceRecordSetsCommandInput> | undefined = {};
  while (cursor) {
    const page: ListResourceRecordSetsCommandOutput = await client.send(
      new ListResourceRecordSetsCommand({ HostedZoneId: 'Z1', MaxItems: 500, ...cursor }),
    );
    names.push(...(page.ResourceRecordSets ?? []).map(({ Name, Type }) => `${Name} ${Type}`));
    pages.push(page.ResourceRecordSets?.length ?? 0);
    cursor = page.IsTruncated
      ? { StartRecordName: page.NextRecordName, StartRecordType: page.NextRecordType }
      : undefined;
  }
  expect(pages).toEqual([300, 300, 52]);
  expect(new Set(names).size).toBe(652);
});

test('the identifier cursor goes on within one name and type', async () => {
  const records = ['a', 'b', 'c'].map((setIdentifier) => Object.assign({ setIdentifier, weight: 1 }, WWW));
  await using route53 = await start({ zones: [{ ...ZONE, records }] });
  const page = await sdkClient(route53.url).send(
    new ListResourceRecordSetsCommand({
      HostedZoneId: ZONE.id,
      StartRecordName: 'WWW.example.test.',
      StartRecordType: 'A',
      StartRecordIdentifier: 'b',
      MaxItems: 1,
    }),
  );
  expect(page.ResourceRecordSets?.[0]?.SetIdentifier).toBe('b');
  expect(page).toMatchObject({ IsTruncated: true, NextRecordIdentifier: 'c' });
});

test.for([
  ['a type without a name', { StartRecordType: 'A' }],
  ['an identifier without a type', { StartRecordName: 'www.example.test', StartRecordIdentifier: 'x' }],
  ['a page of no items', { MaxItems: 0 }],
  ['a name that is none', { StartRecordName: 'a..b' }],
] as const)('a cursor with %s is InvalidInput', async ([, cursor]) => {
  await using route53 = await start();
  const list = new ListResourceRecordSetsCommand({ HostedZoneId: ZONE.id, ...cursor });
  await expect(sdkClient(route53.url).send(list)).rejects.toMatchObject({ name: 'InvalidInput' });
});

test('a change is PENDING, then INSYNC after the time that was set', async () => {
  await using route53 = await start({ insyncAfterMs: 20 });
  const client = sdkClient(route53.url);
  const settled = new Promise<string>((resolve) => {
    route53.onInsync(resolve);
  });
  const sent = await client.send(
    new ChangeResourceRecordSetsCommand({
      HostedZoneId: `/hostedzone/${ZONE.id}`,
      ChangeBatch: { Comment: 'job 7 & <co>', Changes: [change('UPSERT', 'www.example.test', 'A', ['192.0.2.99'])] },
    }),
  );
  expect(sent.ChangeInfo).toMatchObject({
    Status: 'PENDING',
    Comment: 'job 7 & <co>',
    SubmittedAt: expect.any(Date) as Date,
  });
  expect(`/change/${await settled}`).toBe(sent.ChangeInfo?.Id);
  expect(await statusOf(client, sent.ChangeInfo?.Id ?? '')).toBe('INSYNC');
});

test('a change is seen by the API at once and by the name servers only when INSYNC; a late one takes nothing back', async () => {
  await using route53 = await start({ insyncAfterMs: Number.POSITIVE_INFINITY });
  const client = sdkClient(route53.url);
  const served = (): (readonly string[] | undefined)[] =>
    [...(route53.served()[0]?.sets.values() ?? [])].filter(({ type }) => type === 'A').map(({ values }) => values);
  await submit(client, ZONE.id, change('UPSERT', 'www.example.test', 'A', ['192.0.2.11']));
  expect((await setsOf(client, ZONE.id))[0]?.ResourceRecords).toEqual([{ Value: '192.0.2.11' }]);
  expect(served()).toEqual([['192.0.2.10']]);
  route53.setInsyncAfter(0);
  await submit(client, ZONE.id, change('UPSERT', 'www.example.test', 'A', ['192.0.2.12']));
  expect(served()).toEqual([['192.0.2.12']]);
  route53.settle();
  expect(served()).toEqual([['192.0.2.12']]);
});

test('names and values survive the journey: capitals, wildcards, escapes, quotation marks', async () => {
  await using route53 = await start();
  const client = sdkClient(route53.url);
  await submit(
    client,
    ZONE.id,
    change('CREATE', '*.Shop.EXAMPLE.test.', 'TXT', ['"a & b <c> \\"d\\" \\303\\274" "second"']),
    change('CREATE', 'a/b.example.test', 'A', ['192.0.2.1'], { HealthCheckId: 'hc-1' }),
  );
  const sets = await setsOf(client, ZONE.id);
  expect(sets.find(({ Type }) => Type === 'TXT')).toEqual({
    Name: '\\052.shop.example.test.',
    Type: 'TXT',
    TTL: 60,
    ResourceRecords: [{ Value: '"a & b <c> \\"d\\" \\303\\274" "second"' }],
  });
  expect(sets.find(({ HealthCheckId }) => HealthCheckId === 'hc-1')?.Name).toBe('a\\057b.example.test.');
});

test('what was downloaded can be deleted as it is, whatever attributes it has', async () => {
  const records = [
    { ...WWW, setIdentifier: 'one', weight: 10, healthCheckId: 'hc-1' },
    {
      name: 'lat.example.test',
      type: 'A',
      ttl: 60,
      values: ['192.0.2.2', '192.0.2.1'],
      setIdentifier: 'x',
      region: 'eu-west-1',
    },
    {
      name: 'geo.example.test',
      type: 'A',
      ttl: 60,
      values: ['192.0.2.1'],
      setIdentifier: 'us',
      geolocation: { country: 'US', subdivision: 'CA' },
    },
    {
      name: 'fo.example.test',
      type: 'A',
      setIdentifier: 'p',
      failover: 'PRIMARY' as const,
      alias: { zone: 'Z0LOCAL', name: 'geo.example.test', evaluateTargetHealth: true },
    },
    { name: 'mv.example.test', type: 'AAAA', ttl: 60, values: ['2001:db8::1'], setIdentifier: 'm', multiValue: true },
    {
      name: 'cdn.example.test',
      type: 'A',
      alias: { zone: 'Z2FDTNDATAQYW2', name: 'd1.cloudfront.net', evaluateTargetHealth: false },
    },
    {
      name: 'cidr.example.test',
      type: 'A',
      ttl: 60,
      values: ['192.0.2.1'],
      setIdentifier: 'c',
      other: { CidrRoutingConfig: { CollectionId: 'c-1', LocationName: 'home' } },
    },
    {
      name: 'prox.example.test',
      type: 'A',
      ttl: 60,
      values: ['192.0.2.1'],
      setIdentifier: 'g',
      other: { GeoProximityLocation: { AWSRegion: 'us-east-1', Bias: '5' } },
    },
  ];
  await using route53 = await start({ zones: [{ ...ZONE, records }] });
  const client = sdkClient(route53.url);
  const sets = await setsOf(client, ZONE.id);
  expect(sets).toHaveLength(records.length);
  await submit(client, ZONE.id, ...sets.map((ResourceRecordSet) => ({ Action: 'DELETE' as const, ResourceRecordSet })));
  expect(await setsOf(client, ZONE.id)).toEqual([]);
});

test('protections are created, listed in pages, and deleted, all or none', async () => {
  await using route53 = await start();
  const client = sdkClient(route53.url);
  const create = (...names: string[]): Promise<unknown> =>
    client.send(
      new CreateResourceRecordSetProtectionsCommand({
        HostedZoneId: ZONE.id,
        Protections: names.map((RecordName) => ({ RecordName, RecordType: 'A', Comment: 'ask ops' })),
      }),
    );
  await create('www.example.test', 'b.example.test');
  const first = await client.send(
    new ListResourceRecordSetProtectionsCommand({ HostedZoneId: ZONE.id, MaxResults: 1 }),
  );
  expect(first.ResourceRecordSetProtections).toEqual([
    { RecordName: 'b.example.test.', RecordType: 'A', Comment: 'ask ops' },
  ]);
  const second = await client.send(
    new ListResourceRecordSetProtectionsCommand({ HostedZoneId: ZONE.id, NextToken: first.NextToken }),
  );
  expect(second.ResourceRecordSetProtections?.map(({ RecordName }) => RecordName)).toEqual(['www.example.test.']);
  expect(second.NextToken).toBeUndefined();
  await expect(create('www.example.test')).rejects.toMatchObject({
    name: 'ProtectionAlreadyExists',
    Errors: [{ RecordName: 'www.example.test', Code: 'ProtectionAlreadyExists' }],
  });
  await expect(create('new.example.test', 'www.example.test')).rejects.toMatchObject({
    name: 'InvalidResourceRecordSetProtectionBatch',
  });
  await expect(create('elsewhere.test', 'www.example.test')).rejects.toMatchObject({
    name: 'InvalidResourceRecordSetProtectionBatch',
    Errors: [{ RecordName: 'elsewhere.test', Code: 'InvalidInput' }],
  });
  const remove = (RecordName: string): Promise<unknown> =>
    client.send(
      new DeleteResourceRecordSetProtectionsCommand({
        HostedZoneId: ZONE.id,
        Protections: [{ RecordName, RecordType: 'A' }],
      }),
    );
  await expect(remove('new.example.test')).rejects.toMatchObject({ Errors: [{ Code: 'ProtectionNotFound' }] });
  await remove('www.example.test');
  await submit(client, ZONE.id, change('UPSERT', 'www.example.test', 'A', ['192.0.2.1']));
  await expect(
    client.send(new ListResourceRecordSetProtectionsCommand({ HostedZoneId: ZONE.id, NextToken: 'nonsense' })),
  ).rejects.toMatchObject({ name: 'InvalidPaginationToken' });
});

test('an unsigned request, an unknown route, a body that is no XML and one that is too large are refused in a sentence', async () => {
  await using route53 = await start();
  const path = `/2013-04-01/hostedzone/${ZONE.id}/rrset`;
  const authorization = 'AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=c';
  const send = async (target: string, body: string, headers: Record<string, string>): Promise<string> => {
    const response = await fetch(`${route53.url}${target}`, { method: 'POST', body, headers });
    return `${response.status} ${await response.text()}`;
  };
  expect(await send(path, '', {})).toMatch(/403.*MissingAuthenticationToken/s);
  expect(await send(path, '', { authorization: 'AWS4-HMAC-SHA256 Credential=a' })).toMatch(/403.*IncompleteSignature/s);
  expect(await send('/2013-04-01/healthcheck', '', { authorization })).toMatch(/404.*does not speak POST/s);
  expect(await send(path, '<Change', { authorization })).toMatch(/400.*MalformedInput/s);
  expect(await send(path, '', { authorization })).toMatch(/400.*MalformedInput/s);
  expect(await send(path, '<!DOCTYPE x [<!ENTITY y "z">]><x>&y;</x>', { authorization })).toMatch(
    /400.*document type/s,
  );
  expect(await send(path, '<Other/>', { authorization })).toMatch(/400.*expected ChangeResourceRecordSetsRequest/s);
  expect(await send(path, 'x'.repeat(2_000_001), { authorization })).toMatch(/400.*InvalidInput.*2000001 bytes/s);
  expect(await send('/2013-04-01/hostedzone/%', '', { authorization })).toMatch(/400/);
  expect(route53.changes).toBe(0);
});

test('it stops quickly although connections are kept alive or hang', async () => {
  const route53 = await start();
  const client = sdkClient(route53.url);
  await setsOf(client, ZONE.id);
  route53.weather({ kind: 'hang' });
  const hanging = request(`${route53.url}/2013-04-01/change/C1`, {
    headers: { authorization: 'AWS4-HMAC-SHA256 Credential=, SignedHeaders=, Signature=' },
  });
  hanging.end();
  const cut = once(hanging, 'error');
  const called = new Promise<void>((resolve) => {
    route53.onCall(() => resolve());
  });
  await called;
  await route53[Symbol.asyncDispose]();
  await cut;
  await expect(setsOf(client, ZONE.id)).rejects.toThrow(/ECONNREFUSED/);
});

test('a seed that breaks a rule of Route 53 does not start, and is told why', async () => {
  const records = [{ name: 'www.example.test', type: 'A', ttl: 60, values: ['not-an-address'] }];
  await expect(startRoute53({ zones: [{ id: 'Z1', name: 'example.test', records }] })).rejects.toThrow(
    /Zone example.test can't begin with A www.example.test: .*ARRDATAIllegalIPv4Address/,
  );
});

test('it knows the record types and regions of the SDK', () => {
  expect([...RECORD_TYPES].sort()).toEqual(Object.values(RRType).sort());
  expect([...REGIONS].sort()).toEqual(Object.values(ResourceRecordSetRegion).sort());
});

test('every call is recorded with its operation, its batch and what was answered', async () => {
  await using route53 = await start();
  const client = sdkClient(route53.url);
  await setsOf(client, ZONE.id);
  await submit(client, ZONE.id, change('UPSERT', 'www.Example.test', 'A', ['192.0.2.77']));
  await expect(submit(client, ZONE.id, change('CREATE', 'www.example.test', 'A', ['192.0.2.77']))).rejects.toThrow(
    /already exists/,
  );
  expect(route53.calls).toMatchObject([
    { operation: 'ListResourceRecordSets', id: ZONE.id, outcome: 200 },
    {
      operation: 'ChangeResourceRecordSets',
      outcome: 200,
      batch: [{ action: 'UPSERT', set: { name: 'www.example.test.', type: 'A', ttl: 60, values: ['192.0.2.77'] } }],
    },
    { operation: 'ChangeResourceRecordSets', outcome: 400, code: 'InvalidChangeBatch' },
  ]);
  expect(route53.changes).toBe(1);
});

test('another controller changes records by the same rules, without a call', async () => {
  await using route53 = await start();
  const client = sdkClient(route53.url);
  const id = route53.edit(ZONE.id, [{ action: 'UPSERT', set: { ...WWW, values: ['198.51.100.7'] } }]);
  expect((await setsOf(client, ZONE.id))[0]?.ResourceRecords).toEqual([{ Value: '198.51.100.7' }]);
  expect(await statusOf(client, id)).toBe('INSYNC');
  expect(route53.changes).toBe(0);
  expect(() => route53.edit(ZONE.id, [{ action: 'DELETE', set: WWW }])).toThrow(/do not match the current values/);
});
