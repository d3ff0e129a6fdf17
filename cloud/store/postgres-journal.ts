import type { Json } from '../../shared/json.ts';
import type { JournalEntry } from '../engine/lane.ts';
import type { JournalAnchor, JournalRow, Truncated } from '../engine/store.ts';
import { chained, TRUNCATE_MAX } from './journal.ts';
import { fromText, type PgSql, toText } from './postgres-sql.ts';

/**
 * The end of the chain, for this transaction alone until its commit: every append of every endpoint waits here. So it
 * comes last in a transaction. A row of its own, because a lock on the newest journal row would let the next in line
 * follow a row that is no longer the newest.
 */
export async function lockJournal(sql: PgSql): Promise<JournalAnchor> {
  return (await sql.one('select seq, hash from journal_head where one = 1 for update')) as JournalAnchor;
}

/** Appends after `head`, which the caller has locked. */
export async function appendJournal(
  sql: PgSql,
  head: JournalAnchor,
  entries: readonly JournalEntry[],
  atMs: number,
): Promise<void> {
  const rows: JournalRow[] = [];
  for (const entry of entries) rows.push(chained(rows.at(-1) ?? head, entry, atMs));
  const last = rows.at(-1);
  if (!last) return;
  await Promise.all([
    sql.run(
      `insert into journal (seq, at_ms, kind, lane, text, detail, hash)
       select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])`,
      rows.map(({ seq }) => seq),
      rows.map((row) => row.atMs),
      rows.map(({ kind }) => toText(kind)),
      rows.map(({ lane }) => lane && toText(lane)),
      rows.map(({ text }) => toText(text)),
      rows.map(({ detail }) => JSON.stringify(detail)),
      rows.map(({ hash }) => hash),
    ),
    sql.run('update journal_head set seq = $1, hash = $2 where one = 1', last.seq, last.hash),
  ]);
}

const COLUMNS = 'select seq, at_ms as "atMs", kind, lane, text, detail, hash from journal';

export async function readAnchor(sql: PgSql): Promise<JournalAnchor> {
  return (await sql.one('select seq, hash from journal_anchor')) as JournalAnchor;
}

/** Moves the anchor before the rows go: the database lets no other row go. */
export async function truncateJournal(
  sql: PgSql,
  to: JournalAnchor,
  entry: JournalEntry | null,
  atMs: number,
): Promise<Truncated> {
  // Two who truncate wait for each other here.
  const head = await lockJournal(sql);
  const anchor = await readAnchor(sql);
  if (anchor.seq === to.seq && anchor.hash === to.hash) return 'done';
  const found = await sql.one('select 1 from journal where seq = $1 and hash = $2', to.seq, to.hash);
  if (!found) return 'no-such-row';
  if (entry) await appendJournal(sql, head, [entry], atMs);
  const until = Math.min(to.seq, anchor.seq + TRUNCATE_MAX);
  await sql.run('update journal_anchor set (seq, hash) = (select seq, hash from journal where seq = $1)', until);
  await sql.run('delete from journal where seq <= $1', until);
  return until === to.seq ? 'done' : 'more';
}

/** Rows after that number, oldest first. */
export async function readJournal(sql: PgSql, after: number, limit: number): Promise<readonly JournalRow[]> {
  return rowsOf(await sql.all(`${COLUMNS} where seq > $1 order by seq limit $2`, after, limit));
}

/** Rows before that number, newest first. */
export async function readJournalBack(sql: PgSql, before: number, limit: number): Promise<readonly JournalRow[]> {
  return rowsOf(await sql.all(`${COLUMNS} where seq < $1 order by seq desc limit $2`, before, limit));
}

function rowsOf(found: readonly unknown[]): readonly JournalRow[] {
  const rows = found as readonly (Omit<JournalRow, 'detail'> & { readonly detail: string })[];
  return rows.map(({ seq, atMs, kind, lane, text, detail, hash }) => ({
    seq,
    atMs,
    kind: fromText(kind),
    lane: lane && fromText(lane),
    text: fromText(text),
    detail: JSON.parse(detail) as Json,
    hash,
  }));
}
