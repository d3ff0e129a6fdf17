import type { Json } from '../../shared/json.ts';
import { isUnfinished } from '../engine/job.ts';
import type { Decision, JobChange } from '../engine/lane.ts';
import type { Decided, Rule, Turn } from '../engine/store.ts';
import { applyChange } from './changes.ts';
import { claimOf, readKnown, readOwned, readUnfinished } from './jobs.ts';
import { appendJournal } from './journal.ts';
import { putOutgoing } from './outgoing.ts';
import type { Sql } from './sql.ts';

/** The state of a lane; undefined while it has none. */
export function readLane(sql: Sql, name: string): Json | undefined {
  const row = sql.one('select state from lane where name = ?', name) as { state: string | null } | undefined;
  return row === undefined || row.state === null ? undefined : (JSON.parse(row.state) as Json);
}

export function readTimers(sql: Sql, nowMs: number): { due: readonly string[]; nextAtMs: number | null } {
  const due = sql.all('select name from lane where wake_at_ms <= ? order by wake_at_ms', nowMs) as readonly {
    name: string;
  }[];
  const next = sql.one('select min(wake_at_ms) as at from lane where wake_at_ms > ?', nowMs) as
    | { at: number | null }
    | undefined;
  return { due: due.map(({ name }) => name), nextAtMs: next?.at ?? null };
}

/** One event of one lane. Runs inside a transaction that holds the write lock. */
export function decideTurn<Reply>(sql: Sql, turn: Turn, rule: Rule<Reply>): Decided<Reply> | 'lease-lost' {
  const ended = turn.lease ? readOwned(sql, turn.lease) : null;
  if (ended === undefined) return 'lease-lost';
  const shared = sql.one('select state from shared where one = 1') as { state: string } | undefined;
  const { question } = turn;
  const decision = rule(
    readLane(sql, turn.lane),
    {
      jobs: readUnfinished(sql, turn.lane),
      shared: shared && (JSON.parse(shared.state) as Json),
      newJobId: turn.newJobId,
    },
    (question && readKnown(sql, question.sender, question.commandId)) ?? null,
    ended,
  );
  return store(sql, turn, decision);
}

function store<Reply>(sql: Sql, turn: Turn, decision: Decision<Json, Json, Reply, Json>): Decided<Reply> {
  sql.run(
    `insert into lane (name, state, wake_at_ms) values (?, ?, ?)
     on conflict (name) do update set state = excluded.state, wake_at_ms = excluded.wake_at_ms`,
    turn.lane,
    JSON.stringify(decision.state),
    decision.wakeAtMs ?? null,
  );
  if (decision.shared !== undefined) {
    sql.run(
      'insert into shared (one, state) values (1, ?) on conflict (one) do update set state = excluded.state',
      JSON.stringify(decision.shared),
    );
  }
  for (const change of inOrder(decision.jobs)) applyChange(sql, turn, change);
  for (const entry of decision.journal) appendJournal(sql, entry, turn.nowMs);
  putOutgoing(sql, decision.outgoing, turn.nowMs);
  const wakeLanes = decision.wakeLanes ?? [];
  for (const lane of wakeLanes) wakeBy(sql, lane, turn.nowMs);
  const started = decision.jobs.filter(
    (change) => change.kind === 'start' || (change.kind === 'add' && change.status === 'running'),
  );
  return {
    reply: decision.reply,
    started: started.map(({ id }) => claimOf(sql, id, turn.owner)),
    interrupted: decision.jobs.filter(({ kind }) => kind === 'interrupt').map(({ id }) => id),
    outgoing: decision.outgoing,
    wakeAtMs: decision.wakeAtMs ?? null,
    wakeLanes,
  };
}

/** Ends before starts: the job that starts may need the place of the one that ends, however the rule listed them. */
function inOrder(changes: readonly JobChange<Json>[]): readonly JobChange<Json>[] {
  return [...changes.filter(isEnd), ...changes.filter((change) => !isEnd(change))];
}

function isEnd(change: JobChange<Json>): boolean {
  return change.kind === 'update' && !isUnfinished(change);
}

/** In the same transaction as the cause, so that a crash right after it still wakes the lane. */
function wakeBy(sql: Sql, lane: string, atMs: number): void {
  sql.run(
    `insert into lane (name, state, wake_at_ms) values (?, null, ?)
     on conflict (name) do update set wake_at_ms = min(coalesce(wake_at_ms, excluded.wake_at_ms), excluded.wake_at_ms)`,
    lane,
    atMs,
  );
}
