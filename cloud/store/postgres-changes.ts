import { isUnfinished } from '../engine/job.ts';
import type { JobChange } from '../engine/lane.ts';
import type { Turn } from '../engine/store.ts';
import type { Json } from '../../shared/json.ts';
import { type PgSql, toText } from './postgres-sql.ts';

/**
 * Stores one change of a job that a rule decided. Rejects when the job is not in the status that the change needs: the
 * rule saw it in the same transaction, so that is a mistake in the rules, and its whole decision is undone.
 *
 * All its statements are asked for before it returns.
 */
export async function applyChange(sql: PgSql, turn: Turn, change: JobChange<Json>): Promise<void> {
  const [changed] = await Promise.all(apply(sql, turn, change));
  if (changed !== 1) {
    throw new Error(`lane ${turn.lane}: the rules would ${change.kind} job ${change.id}, which its status forbids`);
  }
}

/** Ends before starts: the job that starts may need the place of the one that ends, however the rule listed them. */
export function inOrder(changes: readonly JobChange<Json>[]): readonly JobChange<Json>[] {
  return [...changes.filter(isEnd), ...changes.filter((change) => !isEnd(change))];
}

function isEnd(change: JobChange<Json>): boolean {
  return change.kind === 'update' && !isUnfinished(change);
}

type Running = readonly Promise<number>[];

function apply(sql: PgSql, turn: Turn, change: JobChange<Json>): Running {
  switch (change.kind) {
    case 'add':
      return add(sql, turn, change);
    case 'start':
      return [
        sql.run(
          `update job set status = 'running', data = $1, deadline_at_ms = $2, started_at_ms = $3, owner = $4,
             token = token + 1, lease_until_ms = $5
           where id = $6 and lane = $7 and status in ('waiting', 'queued')`,
          JSON.stringify(change.data),
          change.deadlineAtMs,
          turn.nowMs,
          toText(turn.owner),
          turn.leaseUntilMs,
          toText(change.id),
          toText(turn.lane),
        ),
      ];
    case 'update':
      return [update(sql, turn, change)];
    case 'interrupt':
      return [
        sql.run(
          "update job set interrupt = $1 where id = $2 and lane = $3 and status = 'running'",
          JSON.stringify(change.reason),
          toText(change.id),
          toText(turn.lane),
        ),
      ];
    case 'alias':
      return [name(sql, change.sender, change.commandId, change.id)];
  }
}

/** From now on this sender's id is that job. */
function name(sql: PgSql, sender: string, commandId: string, job: string): Promise<number> {
  return sql.run(
    'insert into command (sender, command_id, job_id) values ($1, $2, $3)',
    toText(sender),
    toText(commandId),
    toText(job),
  );
}

function add(sql: PgSql, turn: Turn, change: Extract<JobChange<Json>, { kind: 'add' }>): Running {
  const running = change.status === 'running';
  const added = sql.run(
    `insert into job (id, lane, status, exclusive, sender, command_id, data, accepted_at_ms, started_at_ms,
       finished_at_ms, deadline_at_ms, owner, token, lease_until_ms)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    toText(change.id),
    toText(turn.lane),
    change.status,
    change.exclusive,
    toText(change.sender),
    change.commandId === null ? null : toText(change.commandId),
    JSON.stringify(change.data),
    turn.nowMs,
    running ? turn.nowMs : null,
    isUnfinished(change) ? null : turn.nowMs,
    change.deadlineAtMs,
    running ? toText(turn.owner) : null,
    running ? 1 : 0,
    running ? turn.leaseUntilMs : null,
  );
  if (change.commandId === null) return [added];
  return [added, name(sql, change.sender, change.commandId, change.id)];
}

/** To an end, from any unfinished status; or new data, or `waiting` to `queued` and back, without a start. */
function update(sql: PgSql, turn: Turn, change: Extract<JobChange<Json>, { kind: 'update' }>): Promise<number> {
  const data = JSON.stringify(change.data);
  const which = [toText(change.id), toText(turn.lane)];
  if (!isUnfinished(change)) {
    return sql.run(
      `update job set status = $3, data = $4, finished_at_ms = $5, owner = null, lease_until_ms = null
       where id = $1 and lane = $2 and status in ('waiting', 'queued', 'running')`,
      ...which,
      change.status,
      data,
      turn.nowMs,
    );
  }
  if (change.status === 'running') {
    return sql.run("update job set data = $3 where id = $1 and lane = $2 and status = 'running'", ...which, data);
  }
  return sql.run(
    "update job set status = $3, data = $4 where id = $1 and lane = $2 and status in ('waiting', 'queued')",
    ...which,
    change.status,
    data,
  );
}
