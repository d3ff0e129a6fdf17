import { createHash } from 'node:crypto';
import type { Json } from '../../shared/json.ts';
import type { JournalEntry } from '../engine/lane.ts';
import type { JournalAnchor, JournalRow, Truncated } from '../engine/store.ts';
import type { Sql } from './sql.ts';

/** What the first row is chained to. */
export const FIRST_HASH = '0'.repeat(64);

/**
 * Hex SHA-256 over the hash of the row before, a line feed, and the row as canonical JSON. A row changed, taken out or
 * put in afterwards breaks the chain from there on.
 */
export function journalHash(before: string, row: Omit<JournalRow, 'hash'>): string {
  const { seq, atMs, kind, lane, text, detail } = row;
  const written = canonical({ seq, atMs, kind, lane, text, detail });
  return createHash('sha256').update(`${before}\n${written}`).digest('hex');
}

/** JSON with the keys of every object sorted, so that the same row always hashes to the same value. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map((one: Json) => canonical(one)).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const fields = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`);
  return `{${fields.join(',')}}`;
}

/** The row that follows `last`, hashed as it will be read back from the database. */
export function chained(last: JournalAnchor | undefined, entry: JournalEntry, atMs: number): JournalRow {
  // What JSON leaves out (an undefined field), and what no database keeps (half of a surrogate pair), must not be hashed.
  const [kind, text] = [entry.kind.toWellFormed(), entry.text.toWellFormed()];
  const lane = entry.lane === null ? null : entry.lane.toWellFormed();
  const detail = JSON.parse(JSON.stringify(entry.detail)) as Json;
  const row = { seq: (last?.seq ?? 0) + 1, atMs, kind, lane, text, detail };
  return { ...row, hash: journalHash(last?.hash ?? FIRST_HASH, row) };
}

export function appendJournal(sql: Sql, entry: JournalEntry, atMs: number): void {
  const last = sql.one('select seq, hash from journal order by seq desc limit 1') as JournalAnchor | undefined;
  const { seq, kind, lane, text, detail, hash } = chained(last ?? readAnchor(sql), entry, atMs);
  sql.run(
    'insert into journal (seq, at_ms, kind, lane, text, detail, hash) values (?, ?, ?, ?, ?, ?, ?)',
    seq,
    atMs,
    kind,
    lane,
    text,
    JSON.stringify(detail),
    hash,
  );
}

/** One truncation: short enough that no command waits for it. */
export const TRUNCATE_MAX = 2_000;

export function readAnchor(sql: Sql): JournalAnchor {
  return sql.one('select seq, hash from journal_anchor') as JournalAnchor;
}

/** Moves the anchor before the rows go: the database lets no other row go. */
export function truncateJournal(sql: Sql, to: JournalAnchor, entry: JournalEntry | null, atMs: number): Truncated {
  const anchor = readAnchor(sql);
  if (anchor.seq === to.seq && anchor.hash === to.hash) return 'done';
  if (!sql.one('select 1 from journal where seq = ? and hash = ?', to.seq, to.hash)) return 'no-such-row';
  if (entry) appendJournal(sql, entry, atMs);
  const until = Math.min(to.seq, anchor.seq + TRUNCATE_MAX);
  sql.run('update journal_anchor set (seq, hash) = (select seq, hash from journal where seq = ?)', until);
  sql.run('delete from journal where seq <= ?', until);
  return until === to.seq ? 'done' : 'more';
}

const COLUMNS = 'select seq, at_ms as atMs, kind, lane, text, detail, hash from journal';

/** Rows after that number, oldest first. */
export function readJournal(sql: Sql, after: number, limit: number): readonly JournalRow[] {
  return rowsOf(sql.all(`${COLUMNS} where seq > ? order by seq limit ?`, after, limit));
}

/** Rows before that number, newest first. */
export function readJournalBack(sql: Sql, before: number, limit: number): readonly JournalRow[] {
  return rowsOf(sql.all(`${COLUMNS} where seq < ? order by seq desc limit ?`, before, limit));
}

function rowsOf(found: readonly unknown[]): readonly JournalRow[] {
  const rows = found as readonly (Omit<JournalRow, 'detail'> & { readonly detail: string })[];
  return rows.map(({ seq, atMs, kind, lane, text, detail, hash }) => {
    return { seq, atMs, kind, lane, text, detail: JSON.parse(detail) as Json, hash };
  });
}
