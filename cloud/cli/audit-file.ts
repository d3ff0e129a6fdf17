import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import type { JournalRow } from '../engine/store.ts';
import { JournalEntry } from './audit-chain.ts';
import { wrongUse } from './failure.ts';

/** A row of the store as `GET /api/audit` and the exports write it. */
export function entryOf({ seq, atMs, kind, lane, text, detail, hash }: JournalRow): JournalEntry {
  return {
    seq,
    at: new Date(atMs).toISOString(),
    kind,
    switch: lane,
    text,
    detail: detail as JournalEntry['detail'],
    hash,
  };
}

/** The rows of these exports from that number on, each as JSON. */
export async function rowsFrom(paths: readonly string[], seq: number): Promise<ReadonlyMap<number, string>> {
  const rows = new Map<number, string>();
  for (const path of paths) {
    for await (const entry of readExport(path)) if (entry.seq >= seq) rows.set(entry.seq, JSON.stringify(entry));
  }
  return rows;
}

/** The rows of an export, one a line. */
export async function* readExport(path: string): AsyncGenerator<JournalEntry> {
  let line = 0;
  try {
    for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      line++;
      if (text !== '') yield JournalEntry.parse(JSON.parse(text));
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw wrongUse(`There is no file ${path}.`, 'Name a file that audit export wrote.');
    }
    throw wrongUse(`${path} is no export of the journal (line ${line}).`, 'Name a file that audit export wrote.');
  }
}
