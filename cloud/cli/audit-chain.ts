import { z } from 'zod';
import type { Json } from '../../shared/json.ts';
import { FIRST_HASH, journalHash } from '../store/journal.ts';

/** A row of the journal as the API gives it. */
export const JournalEntry = z.object({
  seq: z.int().positive(),
  at: z.iso.datetime(),
  kind: z.string(),
  switch: z.string().nullable(),
  text: z.string(),
  detail: z.json(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});
export type JournalEntry = z.output<typeof JournalEntry>;

/** Rows as the API gives them, and the last one that was taken out before all of them. */
export const JournalPage = z.object({
  anchor: z.object({ seq: z.int().nonnegative(), hash: JournalEntry.shape.hash }),
  entries: z.array(JournalEntry),
});
export type JournalPage = z.output<typeof JournalPage>;

/** What the chain says so far. */
export interface Chain {
  /** What its first row follows; a hash of null is not known, and that row's own is believed. */
  readonly anchor: { readonly seq: number; readonly hash: string | null };
  readonly rows: number;
  readonly first: JournalEntry | null;
  readonly last: JournalEntry | null;
  /** The first row that does not follow from the one before it, and why, in words. */
  readonly broken: { readonly seq: number; readonly why: string } | null;
}

const BEGINNING = { seq: 0, hash: FIRST_HASH };

export function chainFrom(anchor: Chain['anchor']): Chain {
  return { anchor, rows: 0, first: null, last: null, broken: null };
}

/** A chain that begins with this row, whatever came before it. */
export function startOf({ seq }: JournalEntry): Chain {
  return chainFrom(seq === 1 ? BEGINNING : { seq: seq - 1, hash: null });
}

/**
 * Computes the hash of the next row from what it says and from the row before, by ourselves: whoever changed the journal
 * cannot have changed this. Pure.
 */
export function follow(chain: Chain, entry: JournalEntry): Chain {
  if (chain.broken) return chain;
  const why = whyNot(chain.last ?? chain.anchor, entry);
  const first = chain.first ?? entry;
  return { ...chain, rows: chain.rows + 1, first, last: entry, broken: why === null ? null : { seq: entry.seq, why } };
}

function whyNot(before: Chain['anchor'], entry: JournalEntry): string | null {
  const after = before.seq;
  if (entry.seq !== after + 1) {
    const from = after + 1;
    const to = entry.seq - 1;
    return to < from ? 'it does not come after the row before' : `${rowsInWords(from, to)} missing before it`;
  }
  const { seq, kind, text } = entry;
  const row = { seq, kind, text, atMs: Date.parse(entry.at), lane: entry.switch, detail: entry.detail as Json };
  if (before.hash === null || journalHash(before.hash, row) === entry.hash) return null;
  return 'its hash is not that of what it says and of the row before it';
}

function rowsInWords(from: number, to: number): string {
  return from === to ? `row ${from} is` : `rows ${from} to ${to} are`;
}
