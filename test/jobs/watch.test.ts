import { expect, onTestFinished, test } from 'vitest';
import { type Log, silentLog } from '../../shared/log.ts';
import { systemClock } from '../../shared/system-clock.ts';
import type { JobRow } from '../../cloud/engine/job.ts';
import type { JobData, Reading } from '../../cloud/jobs/command.ts';
import { initialState } from '../../cloud/jobs/state.ts';
import { makeWatch, type WatchOptions } from '../../cloud/jobs/watch.ts';
import type { NameServers, RecordSet, RecordStore } from '../../cloud/ports.ts';
import { makePlayedClock, settle } from '../engine/clock.ts';
import { MAINTENANCE, PRIMARY, startMoveWorld, switchAs, until, ZONE } from './move-world.ts';
import { driveJob, JOB_DATA } from './run-driver.ts';

const nobody: NameServers = {
  addresses: async () => [],
  ask: async () => Promise.reject(new Error('nobody is asked here')),
};
const inAHurry = { firstMs: 1, pauseMsMin: 5, pauseMsMax: 5, retryMsMin: 5, retryMsMax: 5, callMs: 500 };

/** What the rules heard, and the jobs that they would tell of. */
function hearEngine() {
  const heard: { readonly name: string; readonly reading: Reading }[] = [];
  let jobs: readonly JobRow<JobData>[] = [];
  const engine: WatchOptions['engine'] = {
    jobs: async ({ status, limit }) =>
      jobs.filter((job) => status === undefined || job.status === status).slice(0, limit),
    command: async (name, command) => {
      if (command.kind === 'observed') heard.push({ name, reading: command.reading });
      return undefined as never;
    },
    state: async (name) => initialState(name, 0),
  };
  return { heard, engine, setJobs: (...rows: JobRow<JobData>[]) => (jobs = rows) };
}

function run(options: Omit<WatchOptions, 'clock' | 'log'> & Partial<WatchOptions>) {
  const stop = new AbortController();
  const watch = makeWatch({ clock: systemClock, log: silentLog, ...options });
  const running = watch.run(stop.signal);
  const end = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  onTestFinished(end);
  return { watch, end };
}

const unused = () => async () => ({ status: 'failed' as const, data: JOB_DATA });

function jobRow(id: string, status: JobRow['status']): JobRow<JobData> {
  return { ...driveJob({ makeRunbook: unused, state: null }).job, id, status };
}

async function world(records: readonly RecordSet[] = PRIMARY) {
  const here = await startMoveWorld({ records });
  onTestFinished(() => here[Symbol.asyncDispose]());
  return here;
}

const said = (position: string): Reading => ({ kind: 'position', position });

test('at the start every switch is read, and what the records say is told', async () => {
  const { records } = await world();
  const away = switchAs({ name: 'away', positions: { primary: MAINTENANCE, dr: PRIMARY } });
  const { heard, engine } = hearEngine();
  const { watch } = run({ switches: [switchAs(), away], records, nameServers: nobody, engine, pace: inAHurry });
  expect(watch.trouble()).toBe('The records have not been read yet.');
  await until('both were told', () => heard.length >= 2);
  expect(heard.slice(0, 2)).toEqual([
    { name: 'www', reading: said('primary') },
    { name: 'away', reading: said('dr') },
  ]);
  expect(watch.trouble()).toBeNull();
});

test('a job at work keeps the watch quiet, however many refused ones are newer', async () => {
  const { records } = await world();
  const { heard, engine, setJobs } = hearEngine();
  const refusals = Array.from({ length: 200 }, (_, at) => jobRow(`refused-${at}`, 'refused'));
  setJobs(...refusals, jobRow('at-work', 'running'));
  const away = switchAs({ name: 'away' });
  const quiet: WatchOptions['engine'] = {
    ...engine,
    jobs: async (filter) => (filter.lane === 'www' ? engine.jobs(filter) : []),
  };
  run({ switches: [switchAs(), away], records, nameServers: nobody, engine: quiet, pace: inAHurry });
  await until('the other switch was told twice', () => heard.filter(({ name }) => name === 'away').length >= 2);
  expect(heard.filter(({ name }) => name === 'www')).toEqual([]);
});

test('records that somebody moves are found', async () => {
  const { records, route53 } = await world();
  const { heard, engine } = hearEngine();
  run({ switches: [switchAs()], records, nameServers: nobody, engine, pace: inAHurry });
  await until('it was told', () => heard.length > 0);
  const [a] = PRIMARY;
  if (a) route53.edit(ZONE, [{ action: 'DELETE', set: a }]);
  await until('the drift was told', () => heard.at(-1)?.reading.kind === 'drifted');
  expect(heard.at(-1)?.reading).toEqual({
    kind: 'drifted',
    differences: ['A www.example.test is missing, where primary has 192.0.2.10 (60 s)'],
  });
});

test('while a job is at work nothing is told; a waiting job is none', async () => {
  const { records, route53 } = await world();
  const { heard, engine, setJobs } = hearEngine();
  setJobs(jobRow('one', 'running'));
  const { watch } = run({ switches: [switchAs()], records, nameServers: nobody, engine, pace: inAHurry });
  await until(
    'it was read twice',
    () => route53.calls.filter(({ operation }) => operation.startsWith('List')).length > 2,
  );
  expect(heard).toEqual([]);
  expect(watch.trouble()).toBeNull();
  setJobs(jobRow('one', 'waiting'));
  await until('it was told', () => heard.length > 0);
});

test('what was read while a job came and went is not told: it may be older than the job', async () => {
  const { records, route53 } = await world();
  const { heard, engine, setJobs } = hearEngine();
  route53.weather({ kind: 'slow', ms: 30, operation: 'ListResourceRecordSets', times: 1 });
  let reads = 0;
  route53.onCall(({ operation }) => {
    if (operation === 'ListResourceRecordSets' && ++reads === 1) setJobs(jobRow('one', 'succeeded'));
  });
  const { watch, end } = run({
    switches: [switchAs()],
    records,
    nameServers: nobody,
    engine,
    pace: { ...inAHurry, pauseMsMax: 60_000, pauseMsMin: 60_000 },
  });
  await until('it was read', () => watch.trouble() === null);
  await settle();
  await end();
  expect(heard).toEqual([]);
});

test('trouble is said once, and again when it is over', async () => {
  const { records, route53 } = await world();
  const { heard, engine } = hearEngine();
  const lines: string[] = [];
  const log: Log = {
    ...silentLog,
    warn: (_, sentence) => void lines.push(`warn ${sentence}`),
    info: (_, sentence) => void lines.push(`info ${sentence}`),
  };
  route53.weather({ kind: 'access-denied', operation: 'ListResourceRecordSets', times: 3 });
  const { watch } = run({ switches: [switchAs()], records, nameServers: nobody, engine, pace: inAHurry, log });
  await until('it was tried', () => lines.length > 0);
  expect(watch.trouble()).toMatch(/^The records of www cannot be read. .*AccessDenied/);
  await until('it was told', () => heard.length > 0);
  expect(lines).toEqual([
    expect.stringContaining('warn The records of www cannot be read.'),
    'info The records of www can be read again.',
  ]);
});

test('what the watch has learnt of a zone serves the move when nobody may ask for it any more', async () => {
  const here = await world();
  const { heard, engine } = hearEngine();
  const { records, route53 } = here;
  const asked: string[] = [];
  const nameServers: NameServers = { ...nobody, addresses: async (hosts) => (asked.push(...hosts), []) };
  const { end } = run({ switches: [switchAs()], records, nameServers, engine, pace: inAHurry });
  await until('the name servers were looked up', () => asked.length > 0 && heard.length > 0);
  await end();
  expect(asked).toContain('ns-1.awsdns-01.test');

  route53.weather({ kind: 'access-denied', operation: 'GetHostedZone', times: 100 });
  const moved = await startMoveWorld({ move: { records } });
  onTestFinished(() => moved[Symbol.asyncDispose]());
  const move = driveJob({ makeRunbook: moved.makeRunbook, state: here.state });
  await move.run();
  expect(move.step('read')?.detail).toMatchObject({ zone: { name: 'example.test' } });
});

test('a hundred switches are all read within half a minute of the start, at four reads a second, and then once in five minutes', async () => {
  const clock = makePlayedClock();
  const startMs = clock.nowMs();
  const reads: { readonly zone: string; readonly atMs: number }[] = [];
  const records: RecordStore = {
    zone: async (id) => ({ id, name: 'example.test', nameServers: [], private: false }),
    read: async (zone) => {
      reads.push({ zone, atMs: clock.nowMs() });
      return PRIMARY;
    },
    change: async () => Promise.reject(new Error('nothing is changed here')),
    changeStatus: async () => 'insync',
  };
  const switches = Array.from({ length: 100 }, (_, n) => switchAs({ name: `s${n}`, zone: `Z${n}` }));
  const { engine } = hearEngine();
  const { end } = run({ switches, records, nameServers: nobody, engine, clock });
  await clock.until(() => reads.length >= 300, 1_000_000, 1_000);
  expect(new Set(reads.slice(0, 100).map(({ zone }) => zone)).size).toBe(100);
  expect((reads[99]?.atMs ?? Infinity) - startMs).toBeLessThanOrEqual(30_000);
  for (const [at, { atMs }] of reads.entries()) {
    const earlier = reads[at - (at < 105 ? 4 : 1)];
    if (earlier) expect(atMs - earlier.atMs).toBeGreaterThanOrEqual(1_000);
  }
  const again = reads.filter(({ zone }) => zone === 'Z50').map(({ atMs }) => atMs);
  expect((again[2] ?? Infinity) - (again[1] ?? 0)).toBeLessThanOrEqual(310_000);
  await end();
});

test('a wall clock that is set back does not stop the watch', async () => {
  const clock = makePlayedClock();
  let backMs = 0;
  let reads = 0;
  const records: RecordStore = {
    zone: async (id) => ({ id, name: 'example.test', nameServers: [], private: false }),
    read: async () => {
      reads += 1;
      return PRIMARY;
    },
    change: async () => Promise.reject(new Error('nothing is changed here')),
    changeStatus: async () => 'insync',
  };
  const { engine } = hearEngine();
  const setBack = { ...clock, nowMs: () => clock.nowMs() - backMs };
  const { end } = run({ switches: [switchAs()], records, nameServers: nobody, engine, clock: setBack });
  await clock.until(() => reads >= 2);
  backMs = 3_600_000;
  const before = reads;
  await clock.until(() => reads > before + 1);
  expect(reads).toBeGreaterThan(before);
  await end();
});
