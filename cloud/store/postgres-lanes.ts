import type { Json } from '../../shared/json.ts';
import type { Decision } from '../engine/lane.ts';
import type { Decided, Rule, Turn } from '../engine/store.ts';
import { applyChange, inOrder } from './postgres-changes.ts';
import { lockJob, lockUnfinished, readClaims, readKnown, readOwned, readUnfinished } from './postgres-jobs.ts';
import { appendJournal, lockJournal } from './postgres-journal.ts';
import { putOutgoing } from './postgres-outgoing.ts';
import { fromText, Overtaken, type PgSql, toText } from './postgres-sql.ts';

/** The state of a lane; undefined while it has none. */
export async function readLane(sql: PgSql, name: string): Promise<Json | undefined> {
  return laneState(await sql.one('select state from lane where name = $1', toText(name)));
}

function laneState(row: unknown): Json | undefined {
  const state = (row as { readonly state: string | null } | undefined)?.state ?? null;
  return state === null ? undefined : (JSON.parse(state) as Json);
}

/** A lane is due by its own timer, or because another lane's decision woke it. */
export async function readTimers(
  sql: PgSql,
  nowMs: number,
): Promise<{ readonly due: readonly string[]; readonly nextAtMs: number | null }> {
  const times = 'select name, wake_at_ms from lane where wake_at_ms is not null union all select lane, at_ms from wake';
  const earliest = `select name, min(wake_at_ms) as at from (${times}) as time group by name`;
  const [due, next] = await Promise.all([
    sql.all(`select name from (${earliest}) as lane where at <= $1 order by at, name`, nowMs),
    sql.one(`select min(at) as at from (${earliest}) as lane where at > $1`, nowMs),
  ]);
  return {
    due: (due as readonly { readonly name: string }[]).map(({ name }) => fromText(name)),
    nextAtMs: (next as { readonly at: number | null }).at,
  };
}

/** What the transaction read, besides what the rule may see. */
interface Read {
  readonly shared: { readonly state: string; readonly version: number } | undefined;
  /** The calls to wake that this event answers. */
  readonly wakes: readonly number[];
}

/**
 * One event of one lane, in a transaction. Two decisions of one lane wait for each other at the lane's row; those of
 * different lanes do not, and of two that would change the shared state the slower is told to try again.
 *
 * Everybody takes locks in this order, so that nobody waits in a circle: lane, jobs, shared state, ids of commands, keys
 * of messages, end of the journal.
 */
export async function decideTurn<Reply>(
  sql: PgSql,
  turn: Turn,
  rule: Rule<Reply>,
  attempt: number,
): Promise<Decided<Reply> | 'lease-lost'> {
  const { lease, question } = turn;
  const lane = toText(turn.lane);
  // Asked for in one go, done in this order. What is read after the lock is as the last decision left it.
  const [, row, wakes, , , shared, ended, jobs, known] = await Promise.all([
    sql.run('insert into lane (name) values ($1) on conflict (name) do nothing', lane),
    sql.one('select state from lane where name = $1 for update', lane),
    // Before the shared state is read: a wake that is not among these comes from a change that this decision may miss.
    sql.all('select id from wake where lane = $1', lane),
    lockUnfinished(sql, turn.lane),
    lease && lockJob(sql, lease.job),
    // At the first try nobody waits here; whoever was overtaken waits, so that it is not overtaken again.
    sql.one(`select state, version from shared where one = 1 ${attempt > 1 ? 'for update' : ''}`),
    lease && readOwned(sql, lease),
    readUnfinished(sql, turn.lane),
    question && readKnown(sql, question.sender, question.commandId),
  ]);
  if (lease && !ended) return 'lease-lost';
  const read: Read = {
    shared: shared as Read['shared'],
    wakes: (wakes as readonly { readonly id: number }[]).map(({ id }) => id),
  };
  const seen = {
    jobs,
    shared: read.shared && (JSON.parse(read.shared.state) as Json),
    newJobId: turn.newJobId,
  };
  const decision = rule(laneState(row), seen, known ?? null, ended ?? null);
  return store(sql, turn, decision, read);
}

async function store<Reply>(
  sql: PgSql,
  turn: Turn,
  decision: Decision<Json, Json, Reply, Json>,
  read: Read,
): Promise<Decided<Reply>> {
  const { jobs, journal, outgoing, wakeAtMs = null, wakeLanes = [] } = decision;
  const started = jobs
    .filter((change) => change.kind === 'start' || (change.kind === 'add' && change.status === 'running'))
    .map(({ id }) => id);
  const [, , , , , , claims, head] = await Promise.all([
    sql.run(
      'update lane set state = $2, wake_at_ms = $3 where name = $1',
      toText(turn.lane),
      JSON.stringify(decision.state),
      wakeAtMs,
    ),
    read.wakes.length > 0 && sql.run('delete from wake where id = any($1::bigint[])', read.wakes),
    writeShared(sql, decision.shared, read.shared),
    Promise.all(inOrder(jobs).map((change) => applyChange(sql, turn, change))),
    putOutgoing(sql, outgoing, turn.nowMs),
    wake(sql, wakeLanes, turn.nowMs),
    readClaims(sql, started, turn.owner),
    // Last, because all endpoints wait here for each other.
    journal.length > 0 && lockJournal(sql),
  ]);
  if (head) await appendJournal(sql, head, journal, turn.nowMs);
  return {
    reply: decision.reply,
    started: started.flatMap((id) => claims.find(({ job }) => job.id === id) ?? []),
    interrupted: jobs.filter(({ kind }) => kind === 'interrupt').map(({ id }) => id),
    outgoing,
    wakeAtMs,
    wakeLanes,
  };
}

/** Rejects with `Overtaken` when another lane has changed the shared state since it was read. */
async function writeShared(sql: PgSql, state: Json | undefined, read: Read['shared']): Promise<void> {
  if (state === undefined) return;
  const text = JSON.stringify(state);
  if (text === read?.state) return;
  const changed = read
    ? await sql.run(
        'update shared set state = $1, version = version + 1 where one = 1 and version = $2',
        text,
        read.version,
      )
    : await sql.run('insert into shared (one, state) values (1, $1) on conflict (one) do nothing', text);
  if (changed !== 1) throw new Overtaken('the shared state was changed by another lane');
}

/**
 * In the same transaction as the cause, so that a crash right after it still wakes the lane. Rows of their own: writing
 * into the other lane's row would wait for its decision, which may be waiting to write into ours.
 */
async function wake(sql: PgSql, lanes: readonly string[], atMs: number): Promise<void> {
  if (lanes.length === 0) return;
  await sql.run('insert into wake (lane, at_ms) select unnest($1::text[]), $2::bigint', lanes.map(toText), atMs);
}
