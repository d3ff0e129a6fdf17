import type { Clock } from '../../shared/clock.ts';
import { type Log, silentLog } from '../../shared/log.ts';
import type { Store } from '../engine/store.ts';
import { makeGroupCommit } from './group-commit.ts';
import {
  anyLeaseOver,
  extendLeases,
  handOver,
  pruneJobs,
  readJob,
  readJobs,
  readOwned,
  takeOver,
  writeStep,
} from './jobs.ts';
import { appendJournal, readAnchor, readJournal, readJournalBack, truncateJournal } from './journal.ts';
import { decideTurn, readLane, readTimers } from './lanes.ts';
import { openDatabase } from './open-database.ts';
import { nextOutgoing, outgoingDueAtMs, postponeOutgoing, putOutgoing, removeOutgoing } from './outgoing.ts';
import { makeSql } from './sql.ts';
import { withStep } from './with-step.ts';
import { inWords } from './weather.ts';

const BUSY_MS = 1_000;

export interface SqliteOptions {
  /** The database file; made when missing (its folder must exist). `:memory:` keeps nothing. */
  readonly path: string;
  /** Tells when a migration was done. */
  readonly clock?: Clock;
  readonly log?: Log;
  /** How long another process may hold the file before a call fails; default 1 s. This process stands still meanwhile. */
  readonly busyMs?: number;
}

/**
 * Lanes, jobs, messages and journal in one SQLite file. Writes go in one transaction per turn of the event loop;
 * reads answer at once from what is committed.
 *
 * Rejects with `store-unavailable` when the file cannot be used, and says why.
 */
export async function openSqliteStore({
  path,
  clock,
  log = silentLog,
  busyMs = BUSY_MS,
}: SqliteOptions): Promise<Store> {
  const db = openDatabase({ path, busyMs, clock });
  const sql = makeSql(db);
  const group = makeGroupCommit(db, path);
  log.info({ path }, `the store is the SQLite database ${path}`);

  async function read<T>(look: () => T): Promise<T> {
    try {
      return look();
    } catch (error) {
      throw inWords(error, path);
    }
  }

  return {
    decide: (turn, rule) => group.add(() => decideTurn(sql, turn, rule)),

    lane: (name) => read(() => readLane(sql, name)),
    timers: (nowMs) => read(() => readTimers(sql, nowMs)),

    job: (id) => read(() => readJob(sql, id)),
    jobs: (filter) => read(() => readJobs(sql, filter)),

    heartbeat: (leases, untilMs) => group.add(() => extendLeases(sql, leases, untilMs)),
    takeOver: async (owner, nowMs, untilMs, lanes) =>
      (await read(() => anyLeaseOver(sql, { nowMs, untilMs, lanes })))
        ? group.add(() => takeOver(sql, owner, { nowMs, untilMs, lanes }))
        : [],
    handOver: (leases) => group.add(() => handOver(sql, leases)),
    step: (lease, step, announce) =>
      group.add(() => {
        const job = readOwned(sql, lease);
        if (!job) return 'lease-lost';
        const after = withStep(job, step);
        writeStep(sql, lease.job, step);
        putOutgoing(sql, announce(after), step.finishedAtMs ?? step.startedAtMs);
        return after;
      }),
    // Read at once and not with the group: between this read and the caller's next line lie only microtasks, and no
    // transaction of this process begins in those.
    look: (lease) =>
      read(() => {
        const job = readOwned(sql, lease);
        return job ? { job, state: readLane(sql, job.lane) ?? null } : 'lease-lost';
      }),

    prune: (endedByMs) => group.add(() => pruneJobs(sql, endedByMs)),

    record: (entry, atMs) => group.add(() => appendJournal(sql, entry, atMs)),
    journal: (after, limit) => read(() => readJournal(sql, after, limit)),
    journalBefore: (before, limit) => read(() => readJournalBack(sql, before, limit)),
    journalAnchor: () => read(() => readAnchor(sql)),
    truncateJournal: (to, entry, atMs) => group.add(() => truncateJournal(sql, to, entry, atMs)),

    nextOutgoing: (receiver, nowMs, onTheirWay = []) => read(() => nextOutgoing(sql, receiver, nowMs, onTheirWay)),
    outgoingDueAtMs: (receiver) => read(() => outgoingDueAtMs(sql, receiver)),
    delivered: (...ids) => group.add(() => removeOutgoing(sql, ...ids)),
    drop: (id, entry, atMs) =>
      group.add(() => {
        appendJournal(sql, entry, atMs);
        removeOutgoing(sql, id);
      }),
    postpone: (id, dueAtMs, reason) => group.add(() => postponeOutgoing(sql, id, dueAtMs, reason)),

    hold: (name, owner, nowMs, untilMs) =>
      group.add(
        () =>
          sql.run(
            `insert into endpoint_lease (name, owner, until_ms) values (?, ?, ?)
             on conflict (name) do update set owner = excluded.owner, until_ms = excluded.until_ms
             where owner = excluded.owner or until_ms <= ?`,
            name,
            owner,
            untilMs,
            nowMs,
          ) === 1,
      ),
    release: (name, owner) =>
      group.add(() => {
        sql.run('delete from endpoint_lease where name = ? and owner = ?', name, owner);
      }),

    ping: () => group.add(() => undefined),
    [Symbol.asyncDispose]: async () => {
      group.close();
      if (db.isOpen) db.close();
    },
  };
}
