import { afterEach, expect, test, vi } from 'vitest';
import { TOKEN } from './endpoint.ts';
import { inProcess } from './in-process.ts';
import { dashover } from './run.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const NO_ENDPOINTS = [
  'localhost:8080',
  'https://',
  'http://ops:SECRET@h',
  'http://:SECRET@h',
  'http://h/?SECRET',
  'http://h/#SECRET',
];

test.for([
  [['status'], { DASHOVER_TOKEN: 'SECRET with spaces' }, 'The token is empty, or has a space or a line break in it.'],
  ...NO_ENDPOINTS.map(
    (url) => [['status', '--url', url], {}, 'The endpoint is not named by an http or https URL without'] as const,
  ),
  [['import', 'www.example.com', '--zone', 'Z1234567', '--endpoint', 'https://'], {}, '--endpoint is not an http or'],
  [['failover', 'www', '--reason', 'x'.repeat(257)], {}, 'It has 257 characters; write at most 256.'],
  [['hold', 'www', '--for', 'a while'], {}, 'Write a duration such as 90s, 30m, 2h or 1d.'],
  [['jobs', '--limit', '0'], {}, 'Write a whole number from 1 to 200.'],
  [['jobs', '--status', 'done'], {}, 'Allowed choices are waiting, queued'],
  [['job'], {}, "missing required argument 'id'"],
  [['failover', 'www', 'api'], {}, 'too many arguments'],
  [['failovr', 'www'], {}, "unknown command 'failovr'\n(Did you mean failover?)"],
  [['status', '--tokn', 'x'], {}, "unknown option '--tokn'\n(Did you mean --token?)"],
  [[], {}, 'Usage: dashover'],
] as const)('wrong use exits 2: %j', async ([args, env, said]) => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const ran = await inProcess(args);
  expect(ran.said).toContain(said);
  expect(ran.said).not.toMatch(/SECRET/);
  expect(ran.code).toBe(2);
});

const COMMANDS =
  'serve check status failover restore drill hold release cancel alerts jobs job watch audit policy plan import datadog notify schema'.split(
    ' ',
  );

test('help lists every command', async () => {
  const { said, code } = await inProcess(['--help']);
  for (const name of COMMANDS) expect(said).toMatch(new RegExp(`^  ${name} `, 'm'));
  expect(code).toBe(0);
});

test.for(COMMANDS)('%s has its own help, with an example', async (name) => {
  const { said, code } = await inProcess([name, '--help']);
  expect(said).toMatch(new RegExp(`^Usage: dashover ${name} `));
  expect(said).toMatch(/\nExample:\n {2}.*dashover /);
  expect(code).toBe(0);
});

const GROUPS = ['audit', 'policy', 'notify'];
const IN_GROUPS = ['audit verify', 'audit export', 'policy iam', 'policy iot', 'policy mosquitto', 'notify test'];

test.for(COMMANDS.filter((name) => !GROUPS.includes(name)).concat(IN_GROUPS))(
  '%s has --json, for programs',
  async (name) => {
    const { said, code } = await inProcess([...name.split(' '), '--help']);
    expect(said).toMatch(/^ {2}--json /m);
    expect(code).toBe(0);
  },
);

test('a command says that the secret belongs into the environment, and does not show it', async () => {
  const ran = await dashover(['failover', '--help'], { env: { DASHOVER_TOKEN: TOKEN } });
  expect(ran.stdout).toContain('the variable keeps it out of the process');
  expect(ran.stdout).not.toContain(TOKEN);
  expect(ran.code).toBe(0);
});
