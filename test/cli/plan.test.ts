import { ChangeResourceRecordSetsCommand, type ChangeBatch } from '@aws-sdk/client-route-53';
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { sdkClient } from '../world/route53/client.ts';
import { runInside } from './run-inside.ts';
import { serve } from './serve-process.ts';
import { A, AAAA, startZoneWorld, WWW, ZONE } from './zone-world.ts';

interface Shown {
  readonly changeBatch: ChangeBatch;
  readonly command: string;
  readonly wayBack: { readonly changeBatch: ChangeBatch; readonly command: string };
  readonly job?: {
    readonly status: string;
    readonly verified: boolean | null;
    readonly steps: readonly { name: string }[];
  };
}

/** The rest of the file is of no use to whoever only wants out: secrets, store, broker. */
const UNREADABLE_REST = `store: postgres://dashover:\${PGPASSWORD}@nowhere.invalid/dashover
mqtt: { url: 'mqtts://nowhere.invalid:8883', ca: ./gone.pem }
tokens: [{ name: ops, secret: '\${OPS_TOKEN}', on: ['*'], may: ['*'] }]
`;

test.concurrent('plan shows before, after, batch, command and way back, and changes nothing', async ({ expect }) => {
  await using world = await startZoneWorld();
  const ran = await world.run(['plan', 'www', '--to', 'maintenance', '--config', world.write(WWW + UNREADABLE_REST)]);
  expect(ran.stderr).toBe('');
  expect(ran.stdout).toContain(`www in zone example.test (${ZONE}) is at primary; wanted: maintenance.

Before
  A www.example.test 192.0.2.10 (60 s)
  AAAA www.example.test 2001:db8::10 (60 s)

After
  CNAME www.example.test maintenance.example.net (60 s)
`);
  expect(ran.stdout).toMatch(
    /aws route53 change-resource-record-sets --endpoint-url 'http:.*' --hosted-zone-id Z0LOCAL/,
  );
  expect(ran.code).toBe(0);
  expect(world.operations()).not.toContain('ChangeResourceRecordSets');
});

test('the batch that plan prints is taken when it is sent through the SDK, and so is the way back', async () => {
  const txt = { name: 'www.example.test', type: 'TXT', ttl: 60, values: [`"it's \\"live\\""`] };
  await using world = await startZoneWorld({ records: [A, AAAA, txt] });
  const config = world.write(
    WWW.replace('      maintenance:', `        - { name: www.example.test, type: TXT, ttl: 60, values: ['"x"'] }\n$&`),
  );
  const before = world.live();
  const ran = await runInside(['plan', 'www', '--to', 'maintenance', '--json', '--config', config]);
  const { changeBatch, command, wayBack } = JSON.parse(ran.stdout) as Shown;
  // What a shell makes of the command is the same JSON.
  const words = execFileSync('sh', ['-c', command.replace(/^aws/, 'printf "%s\\n"')], { encoding: 'utf8' });
  expect(JSON.parse(words.trimEnd().split('\n').at(-1) ?? '')).toEqual(changeBatch);
  expect(words).toContain(`\n${ZONE}\n--change-batch\n`);

  const client = sdkClient(world.route53.url);
  const send = (batch: ChangeBatch) =>
    client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: ZONE, ChangeBatch: batch }));
  await send(changeBatch);
  expect(world.live()).toMatchObject([{ type: 'CNAME' }]);
  await send(wayBack.changeBatch);
  expect(world.live()).toEqual(before);
  client.destroy();
});

test.concurrent('--apply sends it, waits for INSYNC, and asks the name servers; there and back the zone is as it was', async ({
  expect,
}) => {
  await using world = await startZoneWorld({ insyncAfterMs: 100 });
  world.route53.weather({ kind: 'lost-reply', operation: 'ChangeResourceRecordSets' });
  const before = world.live();
  const config = world.write(WWW + UNREADABLE_REST);
  const there = await world.run(['plan', 'www', '--to', 'maintenance', '--apply', '--config', config]);
  expect(there.stdout).toMatch(/✓ change .*The change was made, though its reply did not arrive/);
  expect(there.stdout).toContain('The name server');
  expect(there.stdout).toContain('www moved from primary to maintenance, asked by plan (command line).');
  expect(there.code).toBe(0);
  expect(world.live()).toMatchObject([{ type: 'CNAME', values: ['maintenance.example.net'] }]);

  const back = await runInside(['plan', 'www', '--to', 'primary', '--apply', '--json', '--config', config]);
  const { job } = JSON.parse(back.stdout) as Shown;
  expect(job).toMatchObject({ status: 'succeeded', verified: true });
  expect(job?.steps.map(({ name }) => name)).toEqual(['guard', 'read', 'plan', 'change', 'settle', 'verify']);
  expect(world.live()).toEqual(before);
});

test('what was done without the endpoint is found and adopted at its next start, and held', async () => {
  await using here = await startZoneWorld();
  const config = here.write(WWW);
  expect((await runInside(['plan', 'www', '--to', 'maintenance', '--apply', '--config', config])).code).toBe(0);
  const served = `http: { listen: '127.0.0.1:0' }\ntokens: [{ name: ops, secret: 0123456789abcdef, on: ['*'], may: ['*'] }]\n`;
  await using endpoint = await serve(here.write(served + WWW));
  const state = async (): Promise<unknown> => {
    const headers = { authorization: 'Bearer 0123456789abcdef' };
    return (await fetch(`${endpoint.address}/api/switches/www`, { headers })).json();
  };
  const adopted = { position: 'maintenance', by: null, hold: { by: 'external' }, drift: null };
  await expect.poll(state, { timeout: 10_000 }).toMatchObject(adopted);
});

test('a switch that is there already is told so, and nothing is sent', async () => {
  await using world = await startZoneWorld();
  const ran = await runInside(['plan', 'www', '--to', 'primary', '--apply', '--config', world.write(WWW)]);
  expect(ran.stdout).toContain('is at primary; there is nothing to change.');
  expect(ran.code).toBe(0);
  expect(world.operations()).not.toContain('ChangeResourceRecordSets');
});

test('what forbids the change is told with its remedy, exit 1, and nothing is sent', async () => {
  const mx = { name: 'www.example.test', type: 'MX', ttl: 60, values: ['10 mail.example.net'] };
  await using world = await startZoneWorld({ records: [A, AAAA, mx] });
  const ran = await runInside(['plan', 'www', '--to', 'maintenance', '--apply', '--config', world.write(WWW)]);
  expect(ran.stderr).toMatch(/^MX www.example.test 10 mail.example.net \(60 s\) is in the way: .*\nRemove MX/);
  expect(ran.code).toBe(1);
  expect(world.operations()).not.toContain('ChangeResourceRecordSets');
});

test('records in no position are moved, and the way back keeps them', async () => {
  const odd = { ...A, values: ['203.0.113.99'] };
  await using world = await startZoneWorld({ records: [odd] });
  const config = world.write(WWW);
  const ran = await runInside(['plan', 'www', '--to', 'primary', '--config', config]);
  expect(ran.stdout).toContain('is at no position (A www.example.test is 203.0.113.99');
  expect(ran.stdout).toContain('keep the way back, it is the only copy.');
  expect((await runInside(['plan', 'www', '--to', 'primary', '--apply', '--config', config])).code).toBe(0);
  expect(world.live()).toMatchObject([{ values: ['192.0.2.10'] }, { values: ['2001:db8::10'] }]);
});

test('plan does without the right to see the zone, and through throttling', async () => {
  await using world = await startZoneWorld();
  world.route53.weather({ kind: 'access-denied', operation: 'GetHostedZone', times: 100 });
  world.route53.weather({ kind: 'throttling', operation: 'ListResourceRecordSets' });
  const ran = await runInside(['plan', 'www', '--to', 'maintenance', '--config', world.write(WWW)]);
  expect(ran.stderr).toContain('Reading zone Z0LOCAL: AccessDenied');
  expect(ran.stdout).toContain('CNAME www.example.test maintenance.example.net');
  expect(ran.code).toBe(0);
});

test.for<readonly [string, string, string]>([
  ['api', 'primary', 'dashover.yaml has no switch api.\nName one of: www.\n'],
  ['www', 'dr', 'www has no position dr.\nName one of: primary, maintenance.\n'],
  ['www', 'constructor', 'www has no position constructor.\n'],
  ['www', 'before', 'The records from before are known to the endpoint alone.\n'],
])('wrong use exits 2: %s to %s', async ([name, to, said]) => {
  await using world = await startZoneWorld();
  const ran = await runInside(['plan', name, '--to', to, '--config', world.write(WWW)]);
  expect(ran.stderr).toContain(said);
  expect(ran.code).toBe(2);
});

test('credentials that do not suffice are told, exit 1', async () => {
  await using world = await startZoneWorld();
  world.route53.weather({ kind: 'access-denied', times: 100 });
  const ran = await runInside(['plan', 'www', '--to', 'maintenance', '--config', world.write(WWW)]);
  expect(ran.stderr).toContain('Check the AWS credentials');
  expect(ran.code).toBe(1);
});

test.concurrent.for([
  ['n', 1, 0],
  ['y', 0, 1],
] as const)('on a terminal --apply asks: "%s" exits %i', async ([typed, code, changes], { expect }) => {
  await using world = await startZoneWorld();
  const command = `cloud/bin/dashover plan www --to maintenance --apply --config ${world.write(WWW)}`;
  const ran = await world.run(['-qec', command, '/dev/null'], {
    command: ['script'],
    env: { NO_COLOR: '1', TERM: 'dumb' },
    input: `${typed}\n`,
  });
  expect(ran.stdout).toContain('Send this change, and move www to maintenance? [y/N]');
  expect(ran.code).toBe(code);
  expect(world.route53.changes).toBe(changes);
});
