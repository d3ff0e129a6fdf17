import type { Clock } from '../../shared/clock.ts';
import { type Log, silentLog } from '../../shared/log.ts';
import type { Lease } from '../engine/job.ts';
import type { Outgoing } from '../engine/lane.ts';
import type { Store } from '../engine/store.ts';
import { connectionConfig, makeConnections, POSTGRES_LIMITS, type PostgresLimits } from './postgres-connections.ts';
import * as jobs from './postgres-jobs.ts';
import {
  appendJournal,
  lockJournal,
  readAnchor,
  readJournal,
  readJournalBack,
  truncateJournal,
} from './postgres-journal.ts';
import { decideTurn, readLane, readTimers } from './postgres-lanes.ts';
import { migratePostgres, POSTGRES_MIGRATIONS } from './postgres-migrations.ts';
import { openNotices } from './postgres-notify.ts';
import { nextOutgoing, outgoingDueAtMs, postponeOutgoing, removeOutgoing } from './postgres-outgoing.ts';
import { readPlace } from './postgres-place.ts';
import { toText } from './postgres-sql.ts';
import { makeLines } from './postgres-turns.ts';
import type { Migration } from './migrations.ts';
import { writeOwnStep } from './postgres-steps.ts';
import { isAway } from './postgres-weather.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:5432/database`; without a password, PGPASSWORD of the environment counts. */
  readonly url: string;
  readonly clock: Clock;
  readonly log?: Log;
  /** How patient it is; each has a default, with its reason. */
  readonly limits?: Partial<PostgresLimits>;
  readonly migrations?: readonly Migration[];
}

/**
 * Lanes, jobs, messages and journal in a PostgreSQL database (13 or later) that several endpoints may share. A
 * transaction for each decision, alone on its lane and beside those of other lanes.
 *
 * Rejects with `store-unavailable` when the database cannot be used, and says why, never with the password.
 */
export async function openPostgresStore({
  url,
  clock,
  log = silentLog,
  limits: ofCaller,
  migrations = POSTGRES_MIGRATIONS,
}: PostgresOptions): Promise<Store> {
  const limits = { ...POSTGRES_LIMITS, ...ofCaller };
  const place = readPlace(url);
  const { name } = place;
  const config = connectionConfig({ place, limits });
  await migratePostgres({ config, name, nowMs: clock.nowMs(), migrations });
  const db = makeConnections({ place, clock, log, limits });
  const notices = await openNotices({ connections: db, config, name, clock, log }).catch(async (error: unknown) => {
    await db.close();
    throw error;
  });
  // In this process one after the other: those that wait for a lane would each hold a connection that others need.
  const onLane = makeLines(isAway);
  log.info({ database: name }, `the store is ${name}`);

  function tellOf(lanes: readonly string[], leases: readonly Pick<Lease, 'job'>[], told: readonly Outgoing[]): void {
    const receivers = [...new Set(told.map(({ receiver }) => receiver))];
    notices.tell({ lanes, jobs: leases.map(({ job }) => job), receivers });
  }

  return {
    decide: (turn, rule) =>
      onLane(turn.lane, async () => {
        let touched: readonly { readonly job: string }[] = [];
        const decided = await db.transact((sql, attempt) =>
          decideTurn(
            sql,
            turn,
            (...asked) => {
              const decision = rule(...asked);
              touched = decision.jobs.map(({ id }) => ({ job: id }));
              return decision;
            },
            attempt,
          ),
        );
        if (decided === 'lease-lost') return decided;
        tellOf([turn.lane, ...decided.wakeLanes], touched, decided.outgoing);
        return decided;
      }),

    lane: (lane) => db.ask((sql) => readLane(sql, lane)),
    timers: (nowMs) => db.ask((sql) => readTimers(sql, nowMs), 'urgent'),

    job: (id) => db.ask((sql) => jobs.readJob(sql, id)),
    jobs: (filter) => db.ask((sql) => jobs.readJobs(sql, filter)),

    heartbeat: (leases, untilMs) => db.ask((sql) => jobs.extendLeases(sql, leases, untilMs), 'urgent'),
    takeOver: async (owner, nowMs, untilMs, lanes) =>
      (await db.ask((sql) => jobs.anyLeaseOver(sql, nowMs, lanes), 'urgent'))
        ? db.transact((sql) => jobs.takeOver(sql, owner, nowMs, untilMs, lanes), 'urgent')
        : [],
    handOver: async (leases) => {
      await db.ask((sql) => jobs.handOver(sql, leases), 'urgent');
      tellOf([], leases, []);
    },
    step: async (lease, step, announce) => {
      let told: readonly Outgoing[] = [];
      const job = await db.transact(
        (sql) => writeOwnStep(sql, lease, step, (written) => (told = announce(written))),
        'urgent',
      );
      if (job !== 'lease-lost') tellOf([], [lease], told);
      return job;
    },
    look: async (lease) => (await db.ask((sql) => jobs.readLook(sql, lease), 'urgent')) ?? 'lease-lost',

    prune: (endedByMs) => db.ask((sql) => jobs.pruneJobs(sql, endedByMs)),

    record: (entry, atMs) => db.transact(async (sql) => appendJournal(sql, await lockJournal(sql), [entry], atMs)),
    journal: (after, limit) => db.ask((sql) => readJournal(sql, after, limit)),
    journalBefore: (before, limit) => db.ask((sql) => readJournalBack(sql, before, limit)),
    journalAnchor: () => db.ask((sql) => readAnchor(sql)),
    truncateJournal: (to, entry, atMs) => db.transact((sql) => truncateJournal(sql, to, entry, atMs)),

    nextOutgoing: (receiver, nowMs, onTheirWay = []) => db.ask((sql) => nextOutgoing(sql, receiver, nowMs, onTheirWay)),
    outgoingDueAtMs: (receiver) => db.ask((sql) => outgoingDueAtMs(sql, receiver)),
    delivered: (...ids) => db.ask((sql) => removeOutgoing(sql, ...ids)),
    drop: (id, entry, atMs) =>
      db.transact(async (sql) => {
        await removeOutgoing(sql, id);
        await appendJournal(sql, await lockJournal(sql), [entry], atMs);
      }),
    postpone: (id, dueAtMs, reason) => db.ask((sql) => postponeOutgoing(sql, id, dueAtMs, reason)),

    hold: async (lease, owner, nowMs, untilMs) => {
      const taken = await db.ask(
        (sql) =>
          sql.run(
            `insert into endpoint_lease as held (name, owner, until_ms) values ($1, $2, $3)
             on conflict (name) do update set owner = excluded.owner, until_ms = excluded.until_ms
             where held.owner = excluded.owner or held.until_ms <= $4`,
            toText(lease),
            toText(owner),
            untilMs,
            nowMs,
          ),
        'urgent',
      );
      return taken === 1;
    },
    release: (lease, owner) =>
      db.ask(async (sql) => {
        await sql.run('delete from endpoint_lease where name = $1 and owner = $2', toText(lease), toText(owner));
      }, 'urgent'),

    onChange: (listener) => notices.listen(listener),

    // Touches nothing, and yet a standby refuses it: on one, everything that only reads would seem to be well.
    ping: () =>
      db.ask(async (sql) => {
        await sql.one('select 1 from lane where false for update');
      }),
    [Symbol.asyncDispose]: async () => {
      await notices.close();
      await db.close();
    },
  };
}
