import type { Json } from '../../shared/json.ts';
import type { Outgoing } from '../engine/lane.ts';
import type { OutgoingRow } from '../engine/store.ts';
import { fromText, type PgSql, toText } from './postgres-sql.ts';

/**
 * Appends messages to their receivers' lines; an undelivered one with the same key gives way to the newer, which takes
 * its place at the end of the line. Due at 0: at once, also on a machine whose clock is behind that of the writer.
 */
export async function putOutgoing(sql: PgSql, messages: readonly Outgoing[], nowMs: number): Promise<void> {
  // One statement may touch a key once; the newer would replace the older in any case.
  const kept = messages.filter(
    ({ receiver, key }, at) =>
      key === null || !messages.slice(at + 1).some((later) => later.receiver === receiver && later.key === key),
  );
  if (kept.length === 0) return;
  await sql.run(
    `insert into outgoing (receiver, key, body, expires_at_ms, created_at_ms, due_at_ms)
     select receiver, key, body, expires_at_ms, $5::bigint, 0
     from unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
       with ordinality as message (receiver, key, body, expires_at_ms, place)
     order by place
     on conflict (receiver, key) where key is not null do update set id = excluded.id, body = excluded.body,
       expires_at_ms = excluded.expires_at_ms, created_at_ms = excluded.created_at_ms, due_at_ms = excluded.due_at_ms,
       attempts = 0, reason = null`,
    kept.map(({ receiver }) => toText(receiver)),
    kept.map(({ key }) => key && toText(key)),
    kept.map(({ body }) => JSON.stringify(body)),
    kept.map(({ expiresAtMs }) => expiresAtMs),
    nowMs,
  );
}

/**
 * The first of a receiver's line besides those that are on their way, when it is due: one that waits for its next attempt
 * holds the others back. Numbers become visible in the order of commits, so a smaller one may come later.
 */
export async function nextOutgoing(
  sql: PgSql,
  receiver: string,
  nowMs: number,
  onTheirWay: readonly number[],
): Promise<OutgoingRow | undefined> {
  const row = (await sql.one(
    `select id, receiver, key, body, expires_at_ms as "expiresAtMs", attempts, created_at_ms as "createdAtMs",
       due_at_ms as "dueAtMs"
     from outgoing where receiver = $1 and id <> all($2::bigint[]) order by id limit 1`,
    toText(receiver),
    onTheirWay,
  )) as (Omit<OutgoingRow, 'body'> & { readonly body: string; readonly dueAtMs: number }) | undefined;
  if (!row || row.dueAtMs > nowMs) return undefined;
  const { dueAtMs: _, ...message } = row;
  return { ...message, receiver, key: row.key && fromText(row.key), body: JSON.parse(row.body) as Json };
}

export async function outgoingDueAtMs(sql: PgSql, receiver: string): Promise<number | null> {
  const row = (await sql.one(
    'select due_at_ms as at from outgoing where receiver = $1 order by id limit 1',
    toText(receiver),
  )) as { readonly at: number } | undefined;
  return row?.at ?? null;
}

export async function removeOutgoing(sql: PgSql, ...ids: readonly number[]): Promise<void> {
  await sql.run('delete from outgoing where id = any($1::bigint[])', ids);
}

export async function postponeOutgoing(sql: PgSql, id: number, dueAtMs: number, reason: string): Promise<void> {
  const text = toText(reason);
  await sql.run(
    'update outgoing set due_at_ms = $1, attempts = attempts + 1, reason = $2 where id = $3',
    dueAtMs,
    text,
    id,
  );
}
