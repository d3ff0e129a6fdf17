import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { makeProgram } from '../../cloud/cli/program.ts';
import { fakeEndpoint, refusal, TOKEN } from './endpoint.ts';
import { runInside } from './run-inside.ts';

/** Every command of the command line, and whom it asks: an endpoint, or the file alone. */
const OVER_HTTP: Readonly<Record<string, readonly string[]>> = {
  status: ['www'],
  failover: ['www'],
  restore: ['www'],
  drill: ['www'],
  hold: ['www'],
  release: ['www'],
  cancel: ['www'],
  alerts: ['www'],
  jobs: ['www'],
  job: ['j1'],
  watch: ['www'],
  'audit verify': [],
  'audit export': [],
};
const BY_FILE: Readonly<Record<string, readonly string[]>> = {
  serve: [],
  check: ['--offline'],
  plan: ['www', '--to', 'maintenance'],
  'policy iam': [],
  'policy iot': [],
  'policy mosquitto': [],
  datadog: ['www'],
  'notify test': [],
};
/** Ask neither. */
const ALONE = ['import', 'schema'];

beforeEach(() => {
  vi.stubEnv('DASHOVER_TOKEN', TOKEN);
});
afterEach(() => vi.unstubAllEnvs());

test('the table is whole', () => {
  const names = makeProgram().commands.flatMap((command) =>
    command.commands.length === 0
      ? [command.name()]
      : command.commands.map((below) => `${command.name()} ${below.name()}`),
  );
  const table = [...Object.keys(OVER_HTTP), ...Object.keys(BY_FILE), ...ALONE];
  expect(names.toSorted()).toEqual(table.toSorted());
});

const http = Object.entries(OVER_HTTP).map(([name, rest]) => ({ name, words: [...name.split(' '), ...rest] }));

test.for(http)('$name says that the endpoint is away, and where it looked: exit 1', async ({ words }) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const url = `http://127.0.0.1:${port}`;
  const ran = await runInside([...words, '--url', url, '--json']);
  expect(ran.code).toBe(1);
  const { code, message, hint } = errorOf(ran.stdout);
  expect([code, message]).toEqual(['endpoint-away', expect.stringContaining(`The endpoint at ${url} does not answer`)]);
  expect(hint).toMatch(/\w/);
});

test.for(http)('$name says that the token is wrong, and does not show it: exit 1', async ({ words }) => {
  await using endpoint = await fakeEndpoint({});
  const wrong = 'SECRET-that-nobody-knows';
  vi.stubEnv('DASHOVER_TOKEN', wrong);
  const ran = await runInside([...words, '--url', endpoint.url]);
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining('Set DASHOVER_TOKEN to the secret of a token.')]);
  const json = await runInside([...words, '--url', endpoint.url, '--json']);
  expect([json.code, errorOf(json.stdout).code]).toEqual([1, 'not-authenticated']);
  expect(JSON.stringify([ran, json])).not.toContain(wrong);
});

const unknown = refusal(404, 'unknown-switch', 'There is no switch "www".');

test.for(http.filter(({ words }) => words.includes('www')))(
  '$name says that there is no such switch, with what to do: exit 1',
  async ({ words }) => {
    const all = ['', '/failover', '/restore', '/drill', '/hold', '/release'].flatMap((leaf) =>
      ['GET', 'POST'].map((method) => [`${method} /api/switches/www${leaf}`, () => unknown] as const),
    );
    const rest = { 'GET /api/jobs': () => unknown, 'GET /api/events': () => unknown } as const;
    await using endpoint = await fakeEndpoint({ ...Object.fromEntries(all), ...rest });
    const ran = await runInside([...words, '--url', endpoint.url]);
    expect([ran.code, ran.stderr]).toEqual([1, 'There is no switch "www".\nDo the other thing.\n']);
    const json = await runInside([...words, '--url', endpoint.url, '--json']);
    expect([json.code, errorOf(json.stdout).code]).toEqual([1, 'unknown-switch']);
  },
);

const files = Object.entries(BY_FILE).map(([name, rest]) => ({ name, words: [...name.split(' '), ...rest] }));

test.for(files)('$name says that its configuration is not there: exit 2', async ({ words }) => {
  const ran = await runInside([...words, '--config', '/nowhere/dashover.yaml']);
  expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('/nowhere/dashover.yaml')]);
  const json = await runInside([...words, '--config', '/nowhere/dashover.yaml', '--json']);
  expect([json.code, errorOf(json.stdout)]).toEqual([2, { code: 'config', message: expect.any(String), hint: '' }]);
});

function errorOf(stdout: string): { readonly code?: string; readonly message?: string; readonly hint?: string } {
  return (JSON.parse(stdout) as { error: object }).error;
}
