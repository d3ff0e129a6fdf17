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

/** What the chain says so far. */
export interface Chain {
  readonly rows: number;
  readonly first: JournalEntry | null;
  readonly last: JournalEntry | null;
  /** The first row that does not follow from the one before it, and why, in words. */
  readonly broken: { readonly seq: number; readonly why: string } | null;
}

export const EMPTY_CHAIN: Chain = { rows: 0, first: null, last: null, broken: null };

/**
 * Computes the hash of the next row from what it says and from the row before, by ourselves: whoever changed the journal
 * cannot have changed this. Pure.
 */
export function follow(chain: Chain, entry: JournalEntry): Chain {
  if (chain.broken) return chain;
  const why = whyNot(chain.last, entry);
  const first = chain.first ?? entry;
  return { rows: chain.rows + 1, first, last: entry, broken: why === null ? null : { seq: entry.seq, why } };
}

function whyNot(before: JournalEntry | null, entry: JournalEntry): string | null {
  const after = before?.seq ?? 0;
  if (entry.seq !== after + 1) {
    const from = after + 1;
    const to = entry.seq - 1;
    return to < from ? 'it does not come after the row before' : `${rowsInWords(from, to)} missing before it`;
  }
  const { seq, kind, text } = entry;
  const row = { seq, kind, text, atMs: Date.parse(entry.at), lane: entry.switch, detail: entry.detail as Json };
  if (journalHash(before?.hash ?? FIRST_HASH, row) === entry.hash) return null;
  return 'its hash is not that of what it says and of the row before it';
}

function rowsInWords(from: number, to: number): string {
  return from === to ? `row ${from} is` : `rows ${from} to ${to} are`;
}
