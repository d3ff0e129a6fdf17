import { isUnfinished } from '../engine/job.ts';
import type { JobChange } from '../engine/lane.ts';
import type { Turn } from '../engine/store.ts';
import type { Json } from '../../shared/json.ts';
import type { Sql } from './sql.ts';

/**
 * Stores one change of a job that a rule decided. Throws when the job is not in the status that the change needs: the
 * rule saw it in the same transaction, so that is a mistake in the rules, and its whole decision is undone.
 */
export function applyChange(sql: Sql, turn: Turn, change: JobChange<Json>): void {
  const changed = apply(sql, turn, change);
  if (changed !== 1) {
    throw new Error(`lane ${turn.lane}: the rules would ${change.kind} job ${change.id}, which its status forbids`);
  }
}

function apply(sql: Sql, turn: Turn, change: JobChange<Json>): number {
  switch (change.kind) {
    case 'add':
      return add(sql, turn, change);
    case 'start':
      return sql.run(
        `update job set status = 'running', data = ?, deadline_at_ms = ?, started_at_ms = ?, owner = ?,
           token = token + 1, lease_until_ms = ?
         where id = ? and lane = ? and status in ('waiting', 'queued')`,
        JSON.stringify(change.data),
        change.deadlineAtMs,
        turn.nowMs,
        turn.owner,
        turn.leaseUntilMs,
        change.id,
        turn.lane,
      );
    case 'update':
      return update(sql, turn, change);
    case 'interrupt':
      return sql.run(
        "update job set interrupt = ? where id = ? and lane = ? and status = 'running'",
        JSON.stringify(change.reason),
        change.id,
        turn.lane,
      );
    case 'alias':
      return name(sql, change.sender, change.commandId, change.id);
  }
}

/** From now on this sender's id is that job. */
function name(sql: Sql, sender: string, commandId: string, job: string): number {
  return sql.run('insert into command (sender, command_id, job_id) values (?, ?, ?)', sender, commandId, job);
}

function add(sql: Sql, turn: Turn, change: Extract<JobChange<Json>, { kind: 'add' }>): number {
  const running = change.status === 'running';
  const added = sql.run(
    `insert into job (id, lane, status, exclusive, sender, command_id, data, accepted_at_ms, started_at_ms,
       finished_at_ms, deadline_at_ms, owner, token, lease_until_ms)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    change.id,
    turn.lane,
    change.status,
    change.exclusive ? 1 : 0,
    change.sender,
    change.commandId,
    JSON.stringify(change.data),
    turn.nowMs,
    running ? turn.nowMs : null,
    isUnfinished(change) ? null : turn.nowMs,
    change.deadlineAtMs,
    running ? turn.owner : null,
    running ? 1 : 0,
    running ? turn.leaseUntilMs : null,
  );
  if (change.commandId !== null) name(sql, change.sender, change.commandId, change.id);
  return added;
}

/** To an end, from any unfinished status; or new data, or `waiting` to `queued` and back, without a start. */
function update(sql: Sql, turn: Turn, change: Extract<JobChange<Json>, { kind: 'update' }>): number {
  const data = JSON.stringify(change.data);
  if (!isUnfinished(change)) {
    return sql.run(
      `update job set status = ?, data = ?, finished_at_ms = ?, owner = null, lease_until_ms = null
       where id = ? and lane = ? and status in ('waiting', 'queued', 'running')`,
      change.status,
      data,
      turn.nowMs,
      change.id,
      turn.lane,
    );
  }
  if (change.status === 'running') {
    return sql.run(
      "update job set data = ? where id = ? and lane = ? and status = 'running'",
      data,
      change.id,
      turn.lane,
    );
  }
  return sql.run(
    "update job set status = ?, data = ? where id = ? and lane = ? and status in ('waiting', 'queued')",
    change.status,
    data,
    change.id,
    turn.lane,
  );
}
