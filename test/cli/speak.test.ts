import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'vitest';
import { fakeEndpoint, job, refusal, state, step, SUCCEEDED, TOKEN } from './endpoint.ts';
import { dashover } from './run.ts';

const LATER = '2026-11-22T13:00:00.000Z';

test.concurrent('status of one switch says the sentence first', async ({ expect }) => {
  await using endpoint = await fakeEndpoint({
    'GET /api/switches/www': () => [
      200,
      state({
        hold: { by: 'ops', reason: 'migration', since: LATER, until: LATER },
        alerts: [{ key: 'm1', since: LATER, title: 'origin down', acknowledged: true }],
        cachesUntil: LATER,
      }),
    ],
  });
  const ran = await dashover(['status', 'www'], { env: endpoint.env });
  expect(ran.stdout.split('\n')).toEqual([
    'Web site (www) is at primary, in the care of automation.',
    '  position    primary, since 2026-11-22 12:04:10 UTC',
    '  automation  on',
    '  revision    7',
    '  by          ops (cli), job j0',
    '  hold        ops, until 2026-11-22 13:00:00 UTC: migration',
    '  alert       origin down, since 2026-11-22 13:00:00 UTC, acknowledged',
    '  caches      may keep the old answer until 2026-11-22 13:00:00 UTC',
    '',
  ]);
  expect(ran.code).toBe(0);
});

test.concurrent('status of several is a table, or JSON in the shape of the API', async ({ expect }) => {
  const states = [state(), state({ switch: 'api', position: 'moving', from: 'primary', to: 'dr', text: 'api moves.' })];
  await using endpoint = await fakeEndpoint({ 'GET /api/switches': () => [200, { switches: states }] });
  const [words, json] = await Promise.all([
    dashover(['status'], { env: endpoint.env }),
    dashover(['status', '--json'], { env: endpoint.env }),
  ]);
  expect(words.stdout.split('\n')).toEqual([
    'SWITCH  POSITION      AUTOMATION  ALERTS  STATE',
    'www     primary       on          -       Web site (www) is at primary, in the care of automation.',
    'api     primary → dr  on          -       api moves.',
    '',
  ]);
  expect(JSON.parse(json.stdout)).toEqual({ switches: states });
});

test.concurrent('hold, release, cancel and alerts ask for it and say what follows', async ({ expect }) => {
  const alert = { key: 'm1', since: LATER, title: 'origin down', acknowledged: false };
  await using endpoint = await fakeEndpoint({
    'GET /api/switches/www': () => [200, state({ job: 'j1', alerts: [alert] })],
    'POST /api/switches/www/hold': () => [200, { text: 'www is held.', state: state(), job: null }],
    'POST /api/switches/www/release': () => [200, { text: 'www is released.', state: state(), job: null }],
    'POST /api/jobs/j1/cancel': () => [200, { text: 'The job is cancelled.', state: state(), job: null }],
    'POST /api/switches/www/alerts/clear': () => [200, { text: 'The alert is cleared.', state: state(), job: null }],
  });
  const run = async (...args: string[]): Promise<string> => (await dashover(args, { env: endpoint.env })).stdout;
  expect(await run('hold', 'www', '--for', '2h', '--reason', 'x')).toBe('www is held.\n');
  expect(endpoint.asked.at(-1)?.body).toEqual({ for: '2h', reason: 'x' });
  expect(await run('release', 'www')).toBe('www is released.\n');
  expect(endpoint.asked.at(-1)?.body).toEqual({});
  expect(await run('release', 'www', '--reason', 'done')).toBe('www is released.\n');
  expect(endpoint.asked.at(-1)?.body).toEqual({ reason: 'done' });
  expect(await run('cancel', 'www', '--reason', 'mistaken')).toBe('The job is cancelled.\n');
  expect(endpoint.asked.at(-1)?.body).toEqual({ reason: 'mistaken' });
  expect(await run('alerts', 'www')).toContain('www     2026-11-22 13:00:00 UTC  open    m1   origin down');
  expect(await run('alerts', 'www', '--clear', 'm1')).toBe('The alert is cleared.\n');
  expect(endpoint.asked.at(-1)?.body).toEqual({ key: 'm1' });
});

test.concurrent('jobs is a table, job a timeline', async ({ expect }) => {
  const done = job({ ...SUCCEEDED, steps: [step('read', 'Read.')], reason: 'fire' });
  await using endpoint = await fakeEndpoint({
    'GET /api/jobs': () => [200, { jobs: [done] }],
    'GET /api/jobs/j1': () => [200, done],
  });
  const [jobs, one] = await Promise.all([
    dashover(['jobs', 'www', '--status', 'succeeded', '--limit', '5', '--before', 'j9'], { env: endpoint.env }),
    dashover(['job', 'j1'], { env: endpoint.env }),
  ]);
  expect(jobs.stdout).toContain('2026-11-22 12:04:10 UTC  j1  www     failover  succeeded  www moved from primary');
  expect(endpoint.asked.map(({ path }) => path)).toContain('/api/jobs?switch=www&status=succeeded&limit=5&before=j9');
  expect(one.stdout).toContain('asked by   ops (cli): fire');
  expect(one.stdout).toContain('✓ read     1.5 s  Read.');
});

test.concurrent('watch says states, a job and its steps as they come, survives a silence, and ends at Ctrl-C', async ({
  expect,
}) => {
  await using endpoint = await fakeEndpoint({
    'GET /api/switches': (_, times) =>
      [refusal(503, 'stopping', 'It stops.'), 'hang-up' as const][times - 2] ?? [200, { switches: [state()] }],
    'GET /api/jobs': (_, times) => [
      200,
      {
        jobs: [
          ...(times < 3 ? [] : [job({ ...(times < 4 ? {} : SUCCEEDED), steps: [step('read', 'Read.')] })]),
          job({ ...SUCCEEDED, id: 'j0', text: 'old' }),
        ],
      },
    ],
  });
  const ran = await dashover(['watch'], {
    env: endpoint.env,
    onOutput: (stdout, stop) => {
      if (stdout.includes('www moved')) stop();
    },
  });
  expect(ran.stdout.split('\n')).toEqual([
    '12:04:10  Web site (www) is at primary, in the care of automation.',
    '12:04:10  failover accepted, job j1',
    '            ✓ read     1.5 s  Read.',
    '12:04:10  www moved from primary to maintenance.',
    '',
  ]);
  expect(ran.stderr).toMatch(/^It stops\. Trying again\.\nThe endpoint answers again\.\n$/);
  expect(ran.code).toBe(0);
});

describe('what goes wrong is a sentence with a remedy, and never the secret', () => {
  test.concurrent('nobody listens', async ({ expect }) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.close();
    const ran = await dashover(['status'], { env: { DASHOVER_URL: url, DASHOVER_TOKEN: TOKEN } });
    expect(ran).toEqual({
      code: 1,
      stdout: '',
      stderr: `The endpoint at ${url} does not answer: nothing listens there.\nCheck that "dashover serve" runs there, or name another with --url or DASHOVER_URL.\n`,
    });
  });

  test.concurrent('the token is wrong, or missing', async ({ expect }) => {
    await using endpoint = await fakeEndpoint({ 'GET /api/switches': () => [200, { switches: [] }] });
    const [wrong, missing] = await Promise.all([
      dashover(['status'], { env: { ...endpoint.env, DASHOVER_TOKEN: 'SECRET-wrong' } }),
      dashover(['status', '--json'], { env: { DASHOVER_URL: endpoint.url } }),
    ]);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toBe(
      'The token is not known.\nDo the other thing. Set DASHOVER_TOKEN to the secret of a token.\n',
    );
    expect(missing.code).toBe(1);
    expect(JSON.parse(missing.stdout)).toMatchObject({ error: { code: 'not-authenticated' } });
  });

  test.concurrent('the switch is not known', async ({ expect }) => {
    await using endpoint = await fakeEndpoint({
      'POST /api/switches/web/failover': () => refusal(404, 'unknown-switch', 'There is no switch "web".'),
    });
    const ran = await dashover(['failover', 'web'], { env: endpoint.env });
    expect(ran).toEqual({ code: 1, stdout: '', stderr: 'There is no switch "web".\nDo the other thing.\n' });
  });

  test.concurrent('something else than dashover answers', async ({ expect }) => {
    await using endpoint = await fakeEndpoint({ 'GET /api/switches': () => [200, { hello: 'world' }] });
    const ran = await dashover(['status'], { env: endpoint.env });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('The endpoint sent no list of switches, which this version does not understand.');
  });
});
