import { makeEngine } from '../../cloud/engine/make-engine.ts';
import { openPostgresStore } from '../../cloud/store/postgres.ts';
import { openSqliteStore } from '../../cloud/store/sqlite.ts';
import { openIds } from '../../cloud/adapters/ids.ts';
import { silentLog } from '../../shared/log.ts';
import { systemClock } from '../../shared/system-clock.ts';
import type { Store } from '../../cloud/engine/store.ts';
import { doorRules } from '../engine/door.ts';
import { endPostgres, openPostgresSpace, postgresMissing } from '../postgres.ts';
import { table } from './figures.ts';

const ROUNDS = 30;
const WARM_UP = 3;
const JOBS = 6;
const JOB_MS = 10;

/** When the jobs of one round began and ended, in their order. */
interface Times {
  readonly beginMs: readonly number[];
  readonly endMs: readonly number[];
}

/** Six jobs of one lane, asked for at once, on each store in turn: when each begins, and how long after the one before. */
export async function benchQueue(folder: string): Promise<string> {
  await using parts = new AsyncDisposableStack();
  const lanes = { SQLite: openLane(parts, await openSqliteStore({ path: `${folder}/queue.db` })) };
  if (!postgresMissing) {
    parts.defer(endPostgres);
    const space = await openPostgresSpace();
    parts.defer(() => space.remove());
    const store = await openPostgresStore({ url: space.url, clock: systemClock });
    Object.assign(lanes, { PostgreSQL: openLane(parts, store) });
  }
  const found = Object.entries(lanes).map(([what, round]) => ({ what, round, rounds: [] as Times[] }));
  for (let nth = -WARM_UP; nth < ROUNDS; nth += 1) {
    for (const { round, rounds } of found) {
      const times = await round();
      if (nth >= 0) rounds.push(times);
    }
  }
  const asked = `${JOBS} commands on one switch at once, each a job of ${JOB_MS} ms`;
  const gaps = found.map(({ what, rounds }) => ({ what, ms: rounds.flatMap(gapsOf) }));
  const starts = found.flatMap(({ what, rounds }) =>
    Array.from({ length: JOBS - 1 }, (_, at) => ({
      what: `${what}, job ${at + 2}`,
      ms: rounds.map(({ beginMs }) => (beginMs[at + 1] ?? Number.NaN) - (beginMs[0] ?? Number.NaN)),
    })),
  );
  return [
    table(`${asked}: from the end of a job to the first step of the next`, gaps),
    table(`${asked}: from the start of the first to the start of each`, starts),
  ].join('\n');
}

function gapsOf({ beginMs, endMs }: Times): readonly number[] {
  return beginMs.slice(1).map((ms, at) => ms - (endMs[at] ?? Number.NaN));
}

/** An engine over the store, with one lane, and a round of commands on it. */
function openLane(parts: AsyncDisposableStack, store: Store): () => Promise<Times> {
  let times = { beginMs: [] as number[], endMs: [] as number[] };
  let asked = 0;
  const engine = makeEngine({
    store: parts.use(store),
    rules: doorRules,
    runbook: async (run) => {
      times.beginMs.push(performance.now());
      await systemClock.sleep(JOB_MS);
      times.endMs.push(performance.now());
      return { status: 'succeeded', data: run.job.data };
    },
    failed: ({ data }, error) => ({ status: 'failed', data: { ...data, error: error.code } }),
    stopped: ({ data }) => ({ status: 'cancelled', data }),
    receivers: {},
    lanes: ['door'],
    owner: 'bench',
    clock: systemClock,
    ids: openIds(),
    log: silentLog,
  });
  engine.start();
  parts.defer(() => engine.stop(1_000));
  return async () => {
    times = { beginMs: [], endMs: [] };
    const replies = await Promise.all(
      Array.from({ length: JOBS }, () =>
        engine.command('door', { kind: 'move', to: 'open' }, { sender: 'bench', commandId: `${asked++}` }),
      ),
    );
    await Promise.all(replies.map(({ job }) => engine.wait(job ?? '', 30_000)));
    return times;
  };
}
