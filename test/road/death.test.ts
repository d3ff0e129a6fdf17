import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { State } from '../../shared/messages.ts';
import { topics } from '../../shared/topics.ts';
import { openRoad, type Road, until } from './road.ts';
import { addSwitches } from './switches.ts';

/** One switch for each place at which the endpoint dies, so that one death is enough for several. */
const SWITCHES = ['pending', 'unanswered', 'reading', 'verifying', 'read-back', 'throttled', 'unsent', 'handed-over'];
type Calls = Road['world']['route53']['calls'];

let road: Road;
const jobs = new Map<string, string>();
beforeAll(async () => {
  road = await openRoad({ insyncAfterMs: 0 });
  await addSwitches(road, SWITCHES);
});
afterAll(() => road[Symbol.asyncDispose]());

async function failover(name: string): Promise<string> {
  const { id } = await road.ask('failover', topics.switchCommand(name));
  jobs.set(name, id);
  return id;
}

async function inStep(name: string, step: string): Promise<void> {
  const id = jobs.get(name) ?? '';
  await until(`the job of ${name} is in ${step}`, async () => {
    const last = (await road.job(id)).steps.at(-1);
    return last?.name === step && last.finishedAt === null;
  });
}

/** The calls of Route 53 from here on. */
function callsFromHere(): () => Calls {
  const { calls } = road.world.route53;
  const seen = calls.length;
  return () => calls.slice(seen);
}

/** How often each thing happened; a second batch would have been refused by Route 53, and without a trace in `batches`. */
async function outcomeOf(name: string): Promise<object> {
  const { status, outcome, verified, error } = await road.ended(jobs.get(name) ?? '');
  const state = (await (await road.api(`/api/switches/${name}`)).json()) as State;
  const made = road.world.route53.calls.filter(({ batch }) => batch?.some(({ set }) => set.name.startsWith(name)));
  const mine = (await road.jobs()).filter((job) => job.switch === name);
  return { status, outcome, verified, error, position: state.position, jobs: mine.length, batches: made.length };
}

const ONE_CHANGE = {
  status: 'succeeded',
  outcome: 'switched',
  verified: true,
  error: null,
  position: 'maintenance',
  jobs: 1,
  batches: 1,
};

describe('kill -9 when the change was carried out, or nothing was sent yet', () => {
  beforeAll(async () => {
    const { route53, dns, endpoint } = road.world;
    const [server] = dns.servers;
    server?.fallSilent();
    await failover('verifying');
    await inStep('verifying', 'verify');

    route53.setInsyncAfter(Number.POSITIVE_INFINITY);
    await failover('pending');
    await inStep('pending', 'settle');

    const calls = callsFromHere();
    route53.weather({ kind: 'hang', operation: 'ListResourceRecordSets' });
    await failover('reading');
    await until('the read hangs', () => calls().some(({ outcome }) => outcome === 'hanging'));

    const { changes } = route53;
    route53.weather({ kind: 'slow', operation: 'ChangeResourceRecordSets', ms: 2_000 });
    await failover('unanswered');
    await until('the change is carried out', () => route53.changes === changes + 1);

    // By accident: whoever keeps the service brings it back.
    const pid = endpoint.pid();
    process.kill(pid ?? Number.NaN, 'SIGKILL');
    await until('another endpoint is there', () => ![pid, null].includes(endpoint.pid()));
    await endpoint.ready();
    server?.recover();
    route53.setInsyncAfter(0);
    route53.settle();
  });

  test('while the change is PENDING: the same job succeeds, and the change was made once', async () => {
    expect(await outcomeOf('pending')).toEqual(ONE_CHANGE);
  });
  test('with the reply still on the way: the same', async () => {
    expect(await outcomeOf('unanswered')).toEqual(ONE_CHANGE);
  });
  test('while the records are read: the same', async () => {
    expect(await outcomeOf('reading')).toEqual(ONE_CHANGE);
  });
  test('while the name servers are asked: the same, and verified', async () => {
    expect(await outcomeOf('verifying')).toEqual(ONE_CHANGE);
  });
});

describe('kill -9, twice, in the middle of bad weather', () => {
  beforeAll(async () => {
    const { route53 } = road.world;
    const calls = callsFromHere();
    const hanging = (operation: string): number =>
      calls().filter((call) => call.operation === operation && call.outcome === 'hanging').length;
    route53.weather(
      { kind: 'lost-reply', operation: 'ChangeResourceRecordSets' },
      // The first is the step `read`; the second looks whether the change was made.
      { kind: 'hang', operation: 'ListResourceRecordSets', after: 1 },
    );
    await failover('read-back');
    await until('the read-back hangs', () => hanging('ListResourceRecordSets') === 1);

    route53.weather({ kind: 'throttling', operation: 'ChangeResourceRecordSets' });
    await failover('throttled');
    await until('the change is throttled', () => calls().some(({ code }) => code === 'Throttling'));

    route53.weather({ kind: 'hang', operation: 'ChangeResourceRecordSets', times: 2 });
    await failover('unsent');
    await until('a change hangs', () => hanging('ChangeResourceRecordSets') === 1);
    await road.kill();
    await road.start();
    await until('another change hangs', () => hanging('ChangeResourceRecordSets') === 2);
    await road.kill();
    await road.start();
  });

  test('while a lost reply is read back: one change', async () => {
    expect(await outcomeOf('read-back')).toEqual(ONE_CHANGE);
  });
  test('between two attempts at a throttled change: one change', async () => {
    expect(await outcomeOf('throttled')).toEqual(ONE_CHANGE);
  });
  test('with the change sent and never carried out: one change, by a later attempt', async () => {
    expect(await outcomeOf('unsent')).toEqual(ONE_CHANGE);
  });
});

test('SIGTERM in the middle hands the job over: the next endpoint need not wait for a lease to run out', async () => {
  const { route53, logFile, folder } = road.world;
  route53.setInsyncAfter(Number.POSITIVE_INFINITY);
  const id = await failover('handed-over');
  await inStep('handed-over', 'settle');
  await road.stop();
  expect(await readFile(logFile, 'utf8')).toContain(`handed over: ${id}`);
  const store = new DatabaseSync(join(folder, 'dashover.db'), { readOnly: true });
  const row = store.prepare('select status, owner, lease_until_ms as until from job where id = ?').get(id);
  store.close();
  expect(row).toMatchObject({ status: 'running' });
  expect(Number(row?.['until'])).toBeLessThanOrEqual(Date.now());
  route53.settle();
  await road.start();
  expect(await outcomeOf('handed-over')).toEqual(ONE_CHANGE);
});
