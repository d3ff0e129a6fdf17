import { expect, test } from 'vitest';
import { fakeEndpoint, job, refusal, state, step, SUCCEEDED, TOKEN } from './endpoint.ts';
import { dashover } from './run.ts';

const GUARD = step('guard', 'The maintenance page answers.');
const CHANGE = step('change', 'Route 53 has taken the change.');

test.concurrent('failover sends one command, says each step once as it ends, and exits 0 when the job succeeded', async ({
  expect,
}) => {
  await using endpoint = await fakeEndpoint({
    'GET /api/switches': () => [200, { switches: [state()] }],
    'POST /api/switches/www/failover': () => [202, job()],
    'GET /api/jobs/j1': (_, times) =>
      [
        [200, job({ steps: [GUARD] })] as const,
        [200, job({ steps: [GUARD, CHANGE] })] as const,
        [200, job({ ...SUCCEEDED, steps: [GUARD, CHANGE] })] as const,
      ][Math.min(times, 3) - 1] ?? refusal(404, 'unknown-job', 'gone'),
  });
  const ran = await dashover(['failover', '--reason', 'fire', '--to', 'maintenance', '--override', 'drift'], {
    env: endpoint.env,
  });
  expect(ran.stderr).toBe('');
  expect(ran.stdout.split('\n')).toEqual([
    'www is moving from primary to maintenance. (job j1)',
    '  ✓ guard    1.5 s  The maintenance page answers.',
    '  ✓ change   1.5 s  Route 53 has taken the change.',
    'www moved from primary to maintenance.',
    '',
  ]);
  expect(ran.code).toBe(0);
  const sent = endpoint.asked.filter(({ method }) => method === 'POST');
  expect(sent).toHaveLength(1);
  expect(sent[0]?.body).toEqual({
    reason: 'fire',
    to: 'maintenance',
    override: ['drift'],
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    ageMs: expect.any(Number),
  });
  expect(sent[0]?.headers).toMatchObject({ authorization: `Bearer ${TOKEN}`, 'x-dashover-client': 'cli' });
});

test.concurrent('a command whose answer is lost is sent again under the same id', async ({ expect }) => {
  await using endpoint = await fakeEndpoint({
    'POST /api/switches/www/restore': (_, times) => (times === 1 ? 'hang-up' : [202, job({ ...SUCCEEDED })]),
  });
  const ran = await dashover(['restore', 'www'], { env: endpoint.env });
  expect(ran.code).toBe(0);
  expect(endpoint.asked.length).toBe(2);
  expect(endpoint.asked[0]?.body['id']).toBe(endpoint.asked[1]?.body['id']);
});

test.concurrent('an endpoint that is restarted in the middle is waited for', async ({ expect }) => {
  await using endpoint = await fakeEndpoint({
    'POST /api/switches/www/failover': () => [202, job()],
    'GET /api/jobs/j1': (_, times) => (times < 3 ? 'hang-up' : [200, job({ ...SUCCEEDED })]),
  });
  const ran = await dashover(['failover', 'www'], { env: endpoint.env });
  expect(ran.stderr).toMatch(/^The endpoint at \S+ does not answer: the connection was cut\. Trying again; .*\n$/);
  expect(ran.code).toBe(0);
});

test.concurrent('an endpoint that stops in good order in the middle is waited for, too, and so is the proxy in front of it', async ({
  expect,
}) => {
  const answers = [
    refusal(503, 'stopping', 'This endpoint is stopping.'),
    [502, undefined] as const,
    refusal(503, 'store-unavailable', 'Away.'),
  ];
  await using endpoint = await fakeEndpoint({
    'POST /api/switches/www/failover': () => [202, job()],
    'GET /api/jobs/j1': (_, times) => answers[times - 1] ?? [200, job({ ...SUCCEEDED })],
  });
  const ran = await dashover(['failover', 'www'], { env: endpoint.env });
  expect(ran.stderr).toMatch(
    /^This endpoint is stopping\. Trying again; the job does not depend on this terminal\.\n$/,
  );
  expect(ran.code).toBe(0);
});

test.concurrent('a command that is never answered may have been taken, and that is said', async ({ expect }) => {
  await using endpoint = await fakeEndpoint({ 'POST /api/switches/www/failover': () => 'hang-up' });
  const ran = await dashover(['failover', 'www'], { env: endpoint.env });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(
    /does not answer: the connection was cut\. It may have taken the command all the same\.\n/,
  );
  expect(ran.stderr).toContain('See "dashover jobs" when it answers again,');
  expect(endpoint.asked.length).toBe(3);
});

test.concurrent('a reason has as many characters as the endpoint counts', async ({ expect }) => {
  await using endpoint = await fakeEndpoint({ 'POST /api/switches/www/drill': () => [202, job({ ...SUCCEEDED })] });
  const [right, long] = await Promise.all([
    dashover(['drill', 'www', '--reason', '😀'.repeat(256)], { env: endpoint.env }),
    dashover(['drill', 'www', '--reason', '😀'.repeat(257)], { env: endpoint.env }),
  ]);
  expect([right.code, long.code, long.stderr]).toEqual([0, 2, expect.stringContaining('It has 257 characters')]);
});

test.concurrent('a job that a guard refuses is told with its remedy, and exits 1', async ({ expect }) => {
  const error = { code: 'held', message: 'held', hint: 'Release it.', guard: null };
  await using endpoint = await fakeEndpoint({
    'POST /api/switches/www/failover': () => [409, job({ status: 'refused', text: 'www is held by ops.', error })],
  });
  const ran = await dashover(['failover', 'www'], { env: endpoint.env });
  expect(ran).toEqual({ code: 1, stdout: 'www is held by ops.\nRelease it.\n', stderr: '' });
});

test.concurrent('a job that fails exits 1, and --json prints the whole job', async ({ expect }) => {
  const failed = job({ status: 'failed', text: 'It failed.', finishedAt: job().acceptedAt });
  await using endpoint = await fakeEndpoint({
    'POST /api/switches/www/drill': () => [202, job({ command: 'drill' })],
    'GET /api/jobs/j1': () => [200, failed],
  });
  const ran = await dashover(['drill', 'www', '--yes', '--json'], { env: endpoint.env });
  expect(ran.code).toBe(1);
  expect(JSON.parse(ran.stdout)).toEqual(failed);
});

test.concurrent('--no-wait returns with the accepted job', async ({ expect }) => {
  await using endpoint = await fakeEndpoint({ 'POST /api/switches/www/failover': () => [202, job()] });
  const ran = await dashover(['failover', 'www', '--no-wait'], { env: endpoint.env });
  expect(ran).toEqual({ code: 0, stdout: 'www is moving from primary to maintenance.\n', stderr: '' });
  expect(endpoint.asked.length).toBe(1);
});

test.concurrent('what the endpoint says cannot steer the terminal', async ({ expect }) => {
  await using endpoint = await fakeEndpoint({
    'POST /api/switches/www/failover': () => [202, job({ ...SUCCEEDED, text: 'a\u001B[31mred\u202Eb\n!' })],
  });
  const ran = await dashover(['failover', 'www', '--no-wait'], { env: endpoint.env });
  expect(ran.stdout).toBe('a [31mred b !\n');
});

test.concurrent.for([
  ['restore www', 'maintenance', 'from maintenance to primary', 'n', 1, 0],
  ['restore www', 'maintenance', 'from maintenance to primary', 'y', 0, 1],
  ['restore www --to before', 'maintenance', 'from maintenance to before', 'n', 1, 0],
  ['failover www', 'primary', 'from primary to dr', 'y', 0, 1],
  ['failover www --to maintenance', 'primary', 'from primary to maintenance', 'n', 1, 0],
  ['failover api', 'primary', 'from primary to its failover position', 'n', 1, 0],
] as const)(
  'on a terminal it asks, with words that say from and to: %s at %s asks %s; "%s" exits %i',
  async ([words, position, way, typed, code, posts], { expect }) => {
    const [command, name] = words.split(' ');
    await using endpoint = await fakeEndpoint({
      [`GET /api/switches/${name}`]: () => [200, state({ position, text: `It is at ${position}.` })],
      'GET /api/access': () => [200, { switches: [{ switch: 'www', positions: ['primary', 'dr'], failoverTo: 'dr' }] }],
      [`POST /api/switches/${name}/${command}`]: () => [202, job({ ...SUCCEEDED })],
    });
    // `script` lends a terminal; it waits for what is typed.
    const ran = await dashover(['-qec', `cloud/bin/dashover ${words}`, '/dev/null'], {
      command: ['script'],
      env: { ...endpoint.env, NO_COLOR: '1', TERM: 'dumb' },
      input: `${typed}\n`,
    });
    expect(ran.stdout.replaceAll('\r', '')).toContain(`It is at ${position}.\nMove www ${way}? [y/N]`);
    expect(ran.code).toBe(code);
    expect(endpoint.asked.filter(({ method }) => method === 'POST').length).toBe(posts);
  },
);

test('a switch need not be named when there is one; with several, the sentence names them and it exits 2', async () => {
  await using endpoint = await fakeEndpoint({
    'GET /api/switches': () => [200, { switches: [state(), state({ switch: 'api' })] }],
  });
  const ran = await dashover(['drill'], { env: endpoint.env });
  expect(ran).toEqual({
    code: 2,
    stdout: '',
    stderr: 'There are 2 switches: www, api.\nName the one that is meant.\n',
  });
});
