import type { Json } from '../../shared/json.ts';
import type { Outgoing } from '../engine/lane.ts';
import type { OutgoingRow } from '../engine/store.ts';
import type { Sql } from './sql.ts';

/**
 * Appends messages to their receivers' lines; an undelivered one with the same key gives way to the newer. Due at 0:
 * at once, also on a machine whose clock is behind that of the writer.
 */
export function putOutgoing(sql: Sql, messages: readonly Outgoing[], nowMs: number): void {
  for (const { receiver, key, body, expiresAtMs } of messages) {
    if (key !== null) sql.run('delete from outgoing where receiver = ? and key = ?', receiver, key);
    sql.run(
      `insert into outgoing (receiver, key, body, expires_at_ms, created_at_ms, due_at_ms)
       values (?, ?, ?, ?, ?, 0)`,
      receiver,
      key,
      JSON.stringify(body),
      expiresAtMs,
      nowMs,
    );
  }
}

/**
 * The first of a receiver's line besides those that are on their way, when it is due: one that waits for its next attempt
 * holds the others back.
 */
export function nextOutgoing(
  sql: Sql,
  receiver: string,
  nowMs: number,
  onTheirWay: readonly number[],
): OutgoingRow | undefined {
  const row = sql.one(
    `select id, receiver, key, body, expires_at_ms as expiresAtMs, attempts, created_at_ms as createdAtMs,
       due_at_ms as dueAtMs
     from outgoing where receiver = ? and id > ? order by id limit 1`,
    receiver,
    // Ids only grow here, so whatever is not on its way comes after all that is.
    Math.max(0, ...onTheirWay),
  ) as (Omit<OutgoingRow, 'body'> & { readonly body: string; readonly dueAtMs: number }) | undefined;
  if (!row || row.dueAtMs > nowMs) return undefined;
  const { dueAtMs: _, ...message } = row;
  return { ...message, body: JSON.parse(row.body) as Json };
}

export function outgoingDueAtMs(sql: Sql, receiver: string): number | null {
  const row = sql.one('select due_at_ms as at from outgoing where receiver = ? order by id limit 1', receiver) as
    | { at: number }
    | undefined;
  return row?.at ?? null;
}

export function removeOutgoing(sql: Sql, ...ids: readonly number[]): void {
  for (const id of ids) sql.run('delete from outgoing where id = ?', id);
}

export function postponeOutgoing(sql: Sql, id: number, dueAtMs: number, reason: string): void {
  sql.run('update outgoing set due_at_ms = ?, attempts = attempts + 1, reason = ? where id = ?', dueAtMs, reason, id);
}
