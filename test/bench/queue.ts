import { makeEngine } from '../../cloud/engine/make-engine.ts';
import { openSqliteStore } from '../../cloud/store/sqlite.ts';
import { openIds } from '../../cloud/adapters/ids.ts';
import { silentLog } from '../../shared/log.ts';
import { systemClock } from '../../shared/system-clock.ts';
import type { Store } from '../../cloud/engine/store.ts';
import { doorRules } from '../engine/door.ts';
import { table } from './figures.ts';

const ROUNDS = 30;
const JOBS = 6;
const JOB_MS = 10;

/** Six jobs of one lane, asked for at once: how long after the end of one the next begins. */
export async function benchQueue(folder: string): Promise<string> {
  await using store = await openSqliteStore({ path: `${folder}/queue.db` });
  const gaps = await gapsOf(store);
  return table(`${JOBS} commands on one switch at once (SQLite): from the end of a job to the first step of the next`, [
    { what: 'gap', ms: gaps },
  ]);
}

async function gapsOf(store: Store): Promise<number[]> {
  const gaps: number[] = [];
  let endedMs: number | undefined;
  const engine = makeEngine({
    store,
    rules: doorRules,
    runbook: async (run) => {
      if (endedMs !== undefined) gaps.push(performance.now() - endedMs);
      await systemClock.sleep(JOB_MS);
      endedMs = performance.now();
      return { status: 'succeeded', data: run.job.data };
    },
    failed: (data, error) => ({ status: 'failed', data: { ...data, error: error.code } }),
    stopped: ({ data }) => ({ status: 'cancelled', data }),
    receivers: {},
    lanes: ['door'],
    owner: 'bench',
    clock: systemClock,
    ids: openIds(),
    log: silentLog,
  });
  engine.start();
  for (let round = 0; round < ROUNDS; round += 1) {
    endedMs = undefined;
    const from = (at: number) => ({ sender: 'bench', commandId: `${round}-${at}` });
    const asked = Array.from({ length: JOBS }, (_, at) =>
      engine.command('door', { kind: 'move', to: `${at}` }, from(at)),
    );
    const replies = await Promise.all(asked);
    await Promise.all(replies.map(({ job }) => engine.wait(job ?? '', 30_000)));
  }
  await engine.stop(1_000);
  return gaps;
}
