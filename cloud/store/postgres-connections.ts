import { Pool, type PoolClient, type PoolConfig, types } from 'pg';
import type { Clock } from '../../shared/clock.ts';
import { Fault } from '../../shared/faults.ts';
import type { Log } from '../../shared/log.ts';
import type { PostgresPlace } from './postgres-place.ts';
import { makePgSql, type PgSql, Trouble } from './postgres-sql.ts';
import { makeTurns } from './postgres-turns.ts';
import { inWords, isConflict, isLost, isSilent, isUseless } from './postgres-weather.ts';

export interface PostgresLimits {
  /** Until a new connection must be there. */
  readonly connectMs: number;
  /** What one statement may take, the server's word; it counts waiting for a lock, which may be `lockMs` of it. */
  readonly statementMs: number;
  readonly lockMs: number;
  /** Until a server that says nothing at all is taken for gone. More than `statementMs`, less than a job's lease. */
  readonly silenceMs: number;
  /**
   * How long a process that stands still inside a transaction keeps its locks. Short: the job of a frozen process must
   * be free before its lease is over, and a lane that it holds must answer again.
   */
  readonly frozenMs: number;
  /** How long to ask what became of a commit whose answer was lost: longer than `frozenMs`, which decides it. */
  readonly fateMs: number;
}

export const POSTGRES_LIMITS: PostgresLimits = {
  connectMs: 2_000,
  statementMs: 2_000,
  lockMs: 1_500,
  silenceMs: 2_500,
  frozenMs: 1_000,
  fateMs: 5_000,
};

/** A few: the work of an endpoint is small, and a server has a hundred for everybody. */
const CONNECTIONS_MAX = 8;
/** Tries of what met a broken connection: a server that restarts breaks every idle one, and each try finds out one. */
const LOST_MAX = CONNECTIONS_MAX + 2;
/** Tries of what was in another transaction's way: 5, 10, 20 … ms apart, 0.6 s in all. */
const CONFLICTS_MAX = 8;
const CONFLICT_REST_MS = 5;
const FATE_REST_MS = 50;

export interface Connections {
  /** Statements without a transaction, done again when the connection breaks: only for what may be done twice. */
  ask<T>(work: (sql: PgSql) => Promise<T>, urgency?: Urgency): Promise<T>;
  /**
   * A transaction: all of the work or nothing. The work is called again when another transaction was in its way or the
   * connection broke before the commit; `attempt` begins at 1. When the answer to the commit is lost, the database is
   * asked what became of it, so that what was stored is answered, and what was not is tried again.
   */
  transact<T>(work: (sql: PgSql, attempt: number) => Promise<T>, urgency?: Urgency): Promise<T>;
  /** Refuses what comes later, finishes what has begun. */
  close(): Promise<void>;
}

/** Urgent is what a running job needs to stay alive. */
type Urgency = 'urgent' | 'usual';

interface Options {
  readonly place: PostgresPlace;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: PostgresLimits;
}

/** How to reach the database, for a pool and for a connection of its own. */
export function connectionConfig({ place, limits }: Pick<Options, 'place' | 'limits'>): PoolConfig {
  return {
    connectionString: place.url,
    application_name: 'dashover',
    keepAlive: true,
    connectionTimeoutMillis: limits.connectMs,
    statement_timeout: limits.statementMs,
    lock_timeout: limits.lockMs,
    idle_in_transaction_session_timeout: limits.frozenMs,
    query_timeout: limits.silenceMs,
    // Times, numbers and tokens are far below 2^53.
    types: {
      getTypeParser: (id, format) => (id === types.builtins.INT8 ? Number : types.getTypeParser(id, format)) as never,
    },
  };
}

/** Opens nothing yet: the first use does. */
export function makeConnections(options: Options): Connections {
  const { place, clock, log, limits } = options;
  const pool = new Pool({
    ...connectionConfig(options),
    pipeline: true,
    max: CONNECTIONS_MAX,
    // A press after a quiet night finds a connection ready.
    min: 2,
    idleTimeoutMillis: 60_000,
  });
  // Without a listener the error of an idle connection would end the process. What it costs shows at the next use.
  pool.on('error', (error) => log.debug({ err: error }, `an idle connection to ${place.name} broke: ${error.message}`));
  pool.on('connect', (client) =>
    client.on('error', (error) => log.debug({ err: error }, `a connection to ${place.name} broke: ${error.message}`)),
  );
  const turns = makeTurns(CONNECTIONS_MAX, isSilent);
  let closing: Promise<void> | undefined;

  async function connect(): Promise<PoolClient> {
    try {
      return await pool.connect();
    } catch (error) {
      // Not tried again here: when nobody answers, who asks had better know.
      throw inWords(new Trouble(error), place.name);
    }
  }

  async function once<T>(work: (sql: PgSql) => Promise<T>): Promise<T> {
    const client = await connect();
    let broken = false;
    try {
      return await work(makePgSql(client));
    } catch (error) {
      broken = isUseless(error);
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async function transaction<T>(work: (sql: PgSql) => Promise<T>): Promise<T> {
    const client = await connect();
    let over = false;
    const sql = makePgSql(client, () => over);
    let committing: { readonly xid: string; readonly answer: T } | undefined;
    try {
      // Waited for: statements sent along with a `begin` that failed would be stored one by one.
      const [, row] = await Promise.all([sql.run('begin'), sql.one('select pg_current_xact_id()::text as xid')]);
      const answer = await work(sql);
      committing = { ...(row as { xid: string }), answer };
      const tag = await sql.tag('commit');
      if (tag !== 'COMMIT') throw new Error(`${place.name} answered ${tag} to a commit`);
      client.release();
      return answer;
    } catch (error) {
      over = true;
      const broken = isUseless(error) || !(await rolledBack(client));
      client.release(broken);
      if (!committing || !isLost(error)) throw error;
      return afterLostCommit(committing, error);
    }
  }

  async function afterLostCommit<T>({ xid, answer }: { xid: string; answer: T }, cause: Trouble): Promise<T> {
    const fate = await fateOf(xid);
    log.warn({ xid, fate }, `${place.name} broke the connection during a commit; what became of it: ${fate}`);
    if (fate === 'committed') return answer;
    if (fate === 'aborted') throw cause;
    throw new Fault('store-unavailable', `${place.name} broke the connection during a commit`, {
      cause,
      hint: 'Whether it was stored could not be learnt; look, or send it again under the same id.',
    });
  }

  async function rolledBack(client: PoolClient): Promise<boolean> {
    try {
      await client.query('rollback');
      return true;
    } catch (error) {
      log.debug({ err: error }, `a connection to ${place.name} broke while it rolled back`);
      return false;
    }
  }

  /** What became of a transaction whose commit was not answered. */
  async function fateOf(xid: string): Promise<string> {
    const untilMs = clock.monotonicMs() + limits.fateMs;
    for (;;) {
      try {
        const row = await once((sql) => sql.one('select pg_xact_status($1::xid8) as status', xid));
        const { status } = row as { status: string | null };
        if (status !== 'in progress') return status ?? 'forgotten';
      } catch (error) {
        log.debug({ err: error, xid }, `${place.name} does not say yet what became of transaction ${xid}`);
      }
      if (clock.monotonicMs() >= untilMs) return 'unknown';
      await clock.sleep(FATE_REST_MS);
    }
  }

  /** `attempt` until it succeeds, or fails for a reason that another try does not mend. */
  async function again<T>(attempt: (nth: number) => Promise<T>): Promise<T> {
    let lost = 0;
    let conflicts = 0;
    for (let nth = 1; ; nth++) {
      try {
        return await attempt(nth);
      } catch (error) {
        // A server that says nothing is not asked again at once: it would say nothing for as long again.
        if (isLost(error) && !isSilent(error) && ++lost < LOST_MAX) continue;
        if (!isConflict(error) || ++conflicts === CONFLICTS_MAX) throw inWords(error, place.name);
        await clock.sleep(CONFLICT_REST_MS * 2 ** (conflicts - 1));
      }
    }
  }

  async function inTurn<T>(urgency: Urgency, work: () => Promise<T>): Promise<T> {
    if (closing) throw new Fault('store-unavailable', `${place.name} is closed`);
    return turns.take(work, urgency === 'urgent');
  }

  return {
    ask: (work, urgency = 'usual') => inTurn(urgency, () => again(() => once(work))),
    transact: (work, urgency = 'usual') => inTurn(urgency, () => again((nth) => transaction((sql) => work(sql, nth)))),
    close() {
      closing ??= turns.quiet().then(() => pool.end());
      return closing;
    },
  };
}
