import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { Job } from '../../shared/messages.ts';
import { topics } from '../../shared/topics.ts';
import { dashover as run, type Ran } from '../cli/run.ts';
import { ROOT } from '../house/files.ts';
import { PRIMARY_ADDRESS, SWITCH } from '../world/world-file.ts';
import { welcome } from '../world/welcome.ts';
import { isMissing, openRoad, type Road, until } from './road.ts';

// Whole programs start here, on a machine that may be doing a hundred other things.
vi.setConfig({ testTimeout: 90_000 });

let road: Road;
/** The commands as they are printed, one a line. */
let printed: readonly string[] = [];
const tried = new Set<string>();

beforeAll(async () => {
  road = await openRoad({ insyncAfterMs: 50 });
  const { file, folder } = road.world;
  const command = /^ {2}(?:dig|mosquitto_pub|npx|curl|export) /;
  const lines = welcome(file, folder, []).split('\n');
  printed = lines.filter((line) => command.test(line)).map((line) => line.trim());
});
afterEach(() => road.reset());
afterAll(() => road[Symbol.asyncDispose]());

/** The printed lines that match, in their order. */
function lines(pattern: RegExp): readonly string[] {
  const found = printed.filter((line) => pattern.test(line));
  if (found.length === 0) throw new Error(`No printed command matches ${String(pattern)}.`);
  return found;
}

/** Types printed lines into one shell, as they stand, in the folder of the checkout. */
async function type(typed: readonly string[], input = ''): Promise<Ran> {
  for (const line of typed) tried.add(line);
  // What npx runs in this checkout, without the second that npx takes to find it.
  const env = { PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}` };
  const script = typed.join('\n').replaceAll(/^npx /gm, '');
  return run([script], { command: ['sh', '-e', '-c'], env, input });
}

/** The first job told after that many messages, once it has ended. */
async function jobAfter(seen: number): Promise<Job> {
  const message = await until('a job', () => road.heard.slice(seen).find(({ topic }) => topic === topics.jobs(SWITCH)));
  return road.ended((JSON.parse(message.text) as { job: Job }).job.id);
}

test('the dashboard is named first, with the token that signs in', async () => {
  const { file, folder } = road.world;
  const [, first = ''] = welcome(file, folder, ['Port 8080 is taken.']).split(/\n\s*/);
  const [, url = '', token = ''] = /^dashboard +(\S+) +token to sign in: (\S+)$/.exec(first) ?? [];
  expect([first, (await fetch(url)).headers.get('content-type')]).toEqual([first, 'text/html; charset=utf-8']);
  expect((await road.api('/api/access', undefined, token)).status).toBe(200);
});

describe('every command that npm start prints does what it is printed for', () => {
  test.skipIf(isMissing('dig'))('dig', async () => {
    const { code, stdout } = await type(lines(/^dig /));
    expect([code, stdout.trim().split(/\s+/).at(-1)]).toEqual([0, PRIMARY_ADDRESS]);
  });

  test.skipIf(isMissing('mosquitto_pub'))('mosquitto_pub', async () => {
    for (const word of ['failover', 'restore']) {
      const seen = road.heard.length;
      expect((await type(lines(new RegExp(`^mosquitto_pub .+ -m ${word}$`)))).code).toBe(0);
      expect(await jobAfter(seen)).toMatchObject({ command: word, status: 'succeeded', outcome: 'switched' });
    }
  });

  test('npx mqtt pub', async () => {
    const seen = road.heard.length;
    expect((await type(lines(/^npx mqtt pub /))).code).toBe(0);
    expect(await jobAfter(seen)).toMatchObject({ command: 'failover', status: 'succeeded', outcome: 'switched' });
  });

  test.skipIf(isMissing('curl'))('curl, for the triggers', async () => {
    const [failover = '', restore = ''] = lines(/^curl .+\/trigger\//);
    for (const [line, command] of [
      [failover, 'failover'],
      [restore, 'restore'],
    ] as const) {
      const { code, stdout } = await type([line]);
      expect(code).toBe(0);
      const { id } = Job.parse(JSON.parse(stdout));
      expect(await road.ended(id)).toMatchObject({ command, status: 'succeeded', outcome: 'switched' });
    }
  });

  test.skipIf(isMissing('curl'))("curl, as Datadog's webhook", async () => {
    for (const line of lines(/^curl .+\/webhooks\//)) {
      const { code, stdout } = await type([line]);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ text: expect.any(String), status: expect.any(String) });
    }
    await until('the alert has opened and closed', async () => (await road.state()).alerts.length === 0);
    // Its restore waits until all has been well for a while; nobody here waits for that.
    for (const job of await road.jobs()) {
      if (job.status === 'waiting') await road.api(`/api/jobs/${job.id}/cancel`, {});
    }
  });

  test.skipIf(isMissing('curl'))('the command line and the API, in one shell', async () => {
    const shell = [...lines(/^export /), ...lines(/^npx dashover [a-z]/), ...lines(/^curl -H /)];
    const { code, stdout, stderr } = await type(shell);
    expect([code, stderr.replaceAll(/^ .*\n/gm, '')]).toEqual([0, expect.not.stringMatching(/rror/)]);
    expect(stdout).toMatch(/^www is at primary since /);
    expect(stdout).toMatch(/\nwww moved from primary to maintenance, .+because "trying it out"/);
    const { jobs } = JSON.parse(stdout.slice(stdout.lastIndexOf('{"jobs"'))) as { jobs: Job[] };
    expect(jobs).toMatchObject([{ status: 'succeeded', outcome: 'switched', reason: 'trying it out' }]);
  });

  test('npx dashover-button, with lines for a finger', async () => {
    const seen = road.heard.length;
    const { code, stdout } = await type(lines(/^npx dashover-button run /), 'hold\n');
    expect(await jobAfter(seen)).toMatchObject({ status: 'succeeded', trigger: { kind: 'button', actor: 'desk' } });
    expect([code, stdout]).toEqual([0, expect.stringContaining('maintenance')]);
  });

  test.skipIf(isMissing('dig && command -v mosquitto_pub && command -v curl'))('and none is left untried', () => {
    expect(printed.filter((line) => !tried.has(line))).toEqual([]);
    expect(printed.length).toBeGreaterThan(10);
  });
});
