import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type PolicyDocument, size } from '../../cloud/cli/policy/document.ts';
import { iamPolicies, normalizedRecordName } from '../../cloud/cli/policy/iam.ts';
import { iotPolicies } from '../../cloud/cli/policy/iot.ts';
import { readOutline } from '../../cloud/config/outline.ts';
import { EXAMPLE, SMALL } from '../config/example.ts';
import { allows, type Request } from './policy-reader.ts';
import { blocksOf } from '../readme/blocks.ts';
import { inProcess } from './in-process.ts';
import { dashover } from './run.ts';

function fileWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'dashover-policy-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'dashover.yaml');
  writeFileSync(file, text);
  return file;
}

/** None of the variables in these texts is set. */
function policy(text: string, ...args: string[]): ReturnType<typeof inProcess> {
  return inProcess(['policy', ...args, '--config', fileWith(text)]);
}

const MQTT = "mqtt: { url: 'mqtts://x-ats.iot.eu-west-1.amazonaws.com:8883', clientId: dashover-endpoint }\n";
const DEVICES = 'devices:\n  lobby: { on: [www], may: [failover] }\n  roof: { on: [www], may: [drill] }\n';

describe('policy iam', () => {
  const ZONE = 'arn:aws:route53:::hostedzone/Z0123456789ABC';
  const two = SMALL.concat(`  wild:
    zone: Z0123456789ABC
    positions:
      primary: [{ name: '*.Example.com.', type: AAAA, ttl: 60, values: ['2001:db8::1'] }]
      dr: [{ name: '*.example.com', type: AAAA, ttl: 60, values: ['2001:db8::2'] }]
`);

  function change(names: readonly string[], types = ['A', 'CNAME'], actions = ['DELETE', 'CREATE']): Request {
    const key = 'route53:ChangeResourceRecordSets';
    return {
      action: 'route53:ChangeResourceRecordSets',
      resource: ZONE,
      keys: { [`${key}NormalizedRecordNames`]: names, [`${key}RecordTypes`]: types, [`${key}Actions`]: actions },
    };
  }
  const policies = (): readonly PolicyDocument[] => iamPolicies(readOutline(fileWith(two), {}));

  test.for<[string, boolean, Request]>([
    ["the batch of a switch's move", true, change(['www.example.com'])],
    ['a wildcard name, as Route 53 normalises it', true, change(['\\052.example.com'], ['AAAA'])],
    ['another name', false, change(['www.example.com', 'mail.example.com'])],
    ['a name as nobody normalises it', false, change(['*.example.com'], ['AAAA'])],
    ['another type', false, change(['www.example.com'], ['A', 'MX'])],
    ["another switch's type", false, change(['www.example.com'], ['AAAA'])],
    ['UPSERT', false, change(['www.example.com'], ['A'], ['UPSERT'])],
    ['the names of two switches in one batch', false, change(['www.example.com', '\\052.example.com'], ['A'])],
    ['a request without the keys', false, { action: 'route53:ChangeResourceRecordSets', resource: ZONE }],
    ['another zone', false, { ...change(['www.example.com']), resource: 'arn:aws:route53:::hostedzone/Z0OTHER' }],
    ['reading the records', true, { action: 'route53:ListResourceRecordSets', resource: ZONE }],
    ['reading the zone', true, { action: 'route53:GetHostedZone', resource: ZONE }],
    ['reading its protections', true, { action: 'route53:ListResourceRecordSetProtections', resource: ZONE }],
    ['reading another zone', false, { action: 'route53:GetHostedZone', resource: 'arn:aws:route53:::hostedzone/Z0' }],
    ['asking after a change', true, { action: 'route53:GetChange', resource: 'arn:aws:route53:::change/C0123' }],
    ['deleting the zone', false, { action: 'route53:DeleteHostedZone', resource: ZONE }],
  ])('%s: %s', ([, allowed, request]) => {
    expect(allows(policies(), request)).toBe(allowed);
  });

  test.for([
    ['*.example.com', '\\052.example.com'],
    ['a b.example.com', 'a\\040b.example.com'],
    ['a\\056b.example.com', 'a\\056b.example.com'],
    ['_dmarc.xn--4ca.example', '_dmarc.xn--4ca.example'],
    ['0.128/25.2.0.192.in-addr.arpa', '0.128\\05725.2.0.192.in-addr.arpa'],
  ])('the name %s stands in the policy as %s', ([name, normalised]) => {
    expect(normalizedRecordName(name ?? '')).toBe(normalised);
  });

  test('very many switches become several policies, each within the limit of AWS, that together allow all', () => {
    const names = Array.from({ length: 40 }, (_, index) => `switch-${index}.example.com`);
    const switches = names.map((name) => ({ name, zone: 'Z0123456789ABC', names: [name], types: ['A', 'CNAME'] }));
    const documents = iamPolicies({ region: 'us-east-1', switches });
    expect(documents.length).toBeGreaterThan(1);
    expect(documents.filter((document) => size(document) > 6_144)).toEqual([]);
    for (const name of names) expect(allows(documents, change([name]))).toBe(true);
  });

  test('the README shows what it prints for the configuration of the README', () => {
    const [yaml = ''] = blocksOf('README.md', 'yaml');
    const [json = ''] = blocksOf('README.md', 'json');
    expect([JSON.parse(json)]).toEqual(iamPolicies(readOutline(fileWith(yaml), {})));
  });

  test('in China and GovCloud the ARNs are of their partition', () => {
    const outline = readOutline(fileWith(`${SMALL}route53: { region: cn-northwest-1 }\n`), {});
    expect(JSON.stringify(iamPolicies(outline))).not.toContain('arn:aws:');
  });
});

describe('policy iot', () => {
  const [endpoint, button, ...others] = (() => {
    const file = mkdtempSync(join(tmpdir(), 'dashover-iot-'));
    writeFileSync(join(file, 'dashover.yaml'), SMALL + MQTT + DEVICES);
    const { mqtt, devices } = readOutline(join(file, 'dashover.yaml'), {});
    rmSync(file, { recursive: true });
    if (!mqtt) throw new Error('the file has mqtt');
    return iotPolicies(mqtt, devices, { region: 'eu-west-1', account: '123456789012' });
  })();
  const arn = 'arn:aws:iot:eu-west-1:123456789012:';
  const lobby = { 'iot:Connection.Thing.ThingName': 'lobby', 'iot:Connection.Thing.IsAttached': 'true' };

  test('one for the endpoint, one that the devices share, each of which can only be itself', () => {
    expect(others).toEqual([]);
    expect([endpoint?.name, endpoint?.clientIds, endpoint?.things]).toEqual([
      'dashover-endpoint',
      ['dashover-endpoint'],
      false,
    ]);
    expect([button?.name, button?.clientIds, button?.things]).toEqual(['dashover-button', ['lobby', 'roof'], true]);
  });

  test.for<[boolean, string, string]>([
    [true, 'Connect', 'client/dashover-endpoint'],
    [false, 'Connect', 'client/lobby'],
    [true, 'Subscribe', 'topicfilter/dashover/v1/switches/+/command'],
    [true, 'Subscribe', 'topicfilter/dashover/v1/devices/+/presence'],
    [false, 'Subscribe', 'topicfilter/dashover/v1/#'],
    [false, 'Subscribe', 'topic/dashover/v1/switches/+/command'],
    [true, 'Receive', 'topic/dashover/v1/switches/www/command'],
    [true, 'Receive', 'topic/dashover/v1/devices/lobby/command'],
    [false, 'Receive', 'topic/other'],
    [true, 'Publish', 'topic/dashover/v1/switches/www/state'],
    [true, 'RetainPublish', 'topic/dashover/v1/switches/www/state'],
    [true, 'Publish', 'topic/dashover/v1/switches/www/jobs'],
    [false, 'RetainPublish', 'topic/dashover/v1/switches/www/jobs'],
    [true, 'Publish', 'topic/dashover/v1/devices/lobby/replies'],
    [true, 'Publish', 'topic/dashover/v1/errors'],
    [true, 'RetainPublish', 'topic/dashover/v1/endpoints/dashover-endpoint/presence'],
    [true, 'RetainPublish', 'topic/dashover/v1/switches/www/command'],
    [false, 'Publish', 'topic/dashover/v1/endpoints/another/presence'],
    [false, 'Publish', 'topic/other'],
  ])('the endpoint, %s: %s %s', ([allowed, action, resource]) => {
    const documents = endpoint ? [endpoint.document] : [];
    expect(allows(documents, { action: `iot:${action}`, resource: arn + resource })).toBe(allowed);
  });

  test.for<[boolean, string, string]>([
    [true, 'Connect', 'client/lobby'],
    [false, 'Connect', 'client/roof'],
    [false, 'Connect', 'client/dashover-endpoint'],
    [true, 'Publish', 'topic/dashover/v1/devices/lobby/command'],
    [true, 'RetainPublish', 'topic/dashover/v1/devices/lobby/presence'],
    [false, 'RetainPublish', 'topic/dashover/v1/devices/lobby/command'],
    [false, 'Publish', 'topic/dashover/v1/devices/roof/command'],
    [false, 'Publish', 'topic/dashover/v1/switches/www/command'],
    [false, 'Publish', 'topic/dashover/v1/switches/www/state'],
    [true, 'Subscribe', 'topicfilter/dashover/v1/devices/lobby/replies'],
    [true, 'Receive', 'topic/dashover/v1/switches/www/state'],
    [false, 'Subscribe', 'topicfilter/dashover/v1/devices/roof/replies'],
    [false, 'Subscribe', 'topicfilter/dashover/v1/devices/+/replies'],
    [false, 'Receive', 'topic/dashover/v1/devices/roof/replies'],
    [false, 'Subscribe', 'topicfilter/dashover/v1/switches/+/state'],
  ])('the thing lobby, %s: %s %s', ([allowed, action, resource]) => {
    const documents = button ? [button.document] : [];
    expect(allows(documents, { action: `iot:${action}`, resource: arn + resource, connection: lobby })).toBe(allowed);
  });

  test('whose certificate is attached to no thing may do nothing', () => {
    const documents = button ? [button.document] : [];
    const topic = `${arn}topic/dashover/v1/devices/lobby/command`;
    expect(allows(documents, { action: 'iot:Publish', resource: topic })).toBe(false);
    const detached = { 'iot:Connection.Thing.ThingName': 'lobby', 'iot:Connection.Thing.IsAttached': 'false' };
    expect(allows(documents, { action: 'iot:Connect', resource: `${arn}client/lobby`, connection: detached })).toBe(
      false,
    );
  });

  test('devices that look at other switches, and one whose name no thing can have, get their own; all fit the limit', () => {
    const mqtt = {
      url: 'mqtts://broker:8883',
      prefix: ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(30)).join('/'),
      clientId: 'e'.repeat(100),
      username: undefined,
      cert: undefined,
    };
    const switches = Array.from({ length: 60 }, (_, index) => `${'s'.repeat(30)}-${index}`);
    const devices = [
      { name: 'lobby', switches },
      { name: 'roof', switches: ['www'] },
      { name: 'gate.2', switches: ['www'] },
    ];
    const policies = iotPolicies(mqtt, devices, { region: 'ap-northeast-1', account: '123456789012' });
    expect(policies.filter(({ document }) => size(document) > 2_048)).toEqual([]);
    const names = [...new Set(policies.map(({ name }) => name.replace(/-\d$/, '')))];
    expect(names).toEqual([
      'dashover-endpoint',
      'dashover-button-lobby',
      'dashover-button-roof',
      'dashover-button-gate.2',
    ]);
    for (const name of names) expect(policies.filter((one) => one.name.startsWith(name)).length).toBeLessThan(10);
    const topic = `arn:aws:iot:ap-northeast-1:123456789012:topic/${mqtt.prefix}/devices/gate.2/command`;
    const gate = policies.filter(({ clientIds }) => clientIds.includes('gate.2')).map(({ document }) => document);
    expect(allows(gate, { action: 'iot:Publish', resource: topic })).toBe(true);
  });

  test('prints each with whom it is for, or one as a file for aws iot create-policy', async () => {
    const text = SMALL + MQTT + DEVICES;
    const all = await policy(text, 'iot');
    const one = await policy(text, 'iot', 'dashover-button', '--account', '123456789012');
    const none = await policy(text, 'iot', 'nobody');
    expect(all.said).toContain('# dashover-endpoint: for the certificate that connects as dashover-endpoint\n{');
    expect(all.said).toContain('connects as lobby, roof, each attached to the thing of that name\n');
    expect(all.said).toContain('arn:aws:iot:eu-west-1:*:');
    expect(JSON.parse(one.said)).toMatchObject({ Version: '2012-10-17' });
    expect(one.said).toContain('arn:aws:iot:eu-west-1:123456789012:');
    expect(none.code).toBe(2);
    expect(none.said).toContain('Name one of these: dashover-endpoint, dashover-button.');
  });
});

test('policy mosquitto names the endpoint, the devices, and nobody else', async () => {
  const ran = await policy(SMALL + MQTT + DEVICES, 'mosquitto', '--endpoint-user', 'endpoint');
  expect(ran.said.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
    'user endpoint',
    'topic readwrite dashover/v1/switches/+/command',
    'topic readwrite dashover/v1/devices/+/command',
    'topic read dashover/v1/devices/+/presence',
    'topic write dashover/v1/switches/+/state',
    'topic write dashover/v1/switches/+/jobs',
    'topic write dashover/v1/devices/+/replies',
    'topic write dashover/v1/errors',
    'topic write dashover/v1/endpoints/dashover-endpoint/presence',
    ...['lobby', 'roof'].flatMap((name) => [
      `user ${name}`,
      `topic write dashover/v1/devices/${name}/command`,
      `topic write dashover/v1/devices/${name}/presence`,
      `topic read dashover/v1/devices/${name}/replies`,
      'topic read dashover/v1/switches/www/state',
    ]),
  ]);
  expect(ran.code).toBe(0);
});

test.for(['iam', 'iot', 'mosquitto'])(
  'policy %s needs no secret, no certificate and no network, and --json is for programs',
  async (kind) => {
    const args = kind === 'mosquitto' ? [kind, '--endpoint-user', 'endpoint'] : [kind];
    const file = fileWith(EXAMPLE.replace('username: x', "username: '${BROKER_USER}'"));
    const ran = await dashover(['policy', ...args, '--config', file, '--json']);
    expect(ran.stderr).toBe('');
    expect(ran.code).toBe(0);
    expect(Object.keys(JSON.parse(ran.stdout) as object)).toEqual([kind === 'mosquitto' ? 'users' : 'policies']);
  },
);

const USER = "mqtt: { url: 'mqtts://broker:8883', username: '${BROKER_USER}', password: '${BROKER_PASSWORD}' }\n";
test.for<[string, string, string[], RegExp]>([
  ['a zone from a variable that is not set', SMALL.replace('Z0123456789ABC', '${ZONE}'), ['iam'], /set ZONE\./],
  ['a mistake in the switches', SMALL.replace('ttl: 60', 'ttl: soon'), ['iam'], /positions\.primary\[0\]\.ttl/],
  ['a device of no switch', SMALL + MQTT + DEVICES.replace('[www]', '[web]'), ['iot'], /devices\.lobby\.on\[0\]/],
  ['no broker', SMALL, ['iot'], /There is no mqtt in dashover\.yaml/],
  ['no broker at all', SMALL, ['mosquitto'], /There is no mqtt in dashover\.yaml/],
  ['a user name that is not set', SMALL + USER, ['mosquitto'], /Set it, or use --endpoint-user\./],
  [
    'a device as endpoint',
    SMALL + MQTT + DEVICES,
    ['mosquitto', '--endpoint-user', 'lobby'],
    /both be the user "lobby"/,
  ],
  ['a line break in a name', SMALL + MQTT, ['mosquitto', '--endpoint-user', 'a\ntopic #'], /cannot hold/],
  ['a prefix with a wildcard', `${SMALL}mqtt: { url: 'mqtts://b', prefix: 'a*' }\n`, ['iot'], /mqtt\.prefix has \*/],
  ['a region that is none', SMALL + MQTT, ['iot', '--region', 'Europe'], /Write an AWS region/],
  ['an account that is none', SMALL + MQTT, ['iot', '--account', '12'], /twelve digits/],
  ['a kind that is none', SMALL, ['nginx'], /unknown command|too many/],
])('policy tells %s in a sentence, and exits 2', async ([, text, args, said]) => {
  const ran = await policy(text, ...args);
  expect(ran.said).toMatch(said);
  expect(ran.code).toBe(2);
});
