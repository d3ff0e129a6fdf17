import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { silentLog } from '../../shared/log.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { readConfig } from '../config/read.ts';
import type { JournalRow, Store } from '../engine/store.ts';
import { chainFrom, follow } from './audit-chain.ts';
import { entryOf } from './audit-file.ts';
import { CliFailure, wrongUse } from './failure.ts';
import { openStore } from './open-store.ts';

/** Rows read at once. */
const PAGE = 1_000;

interface Asked {
  /** The path of dashover.yaml. */
  readonly config: string;
  /** The file to be written, which must not be there yet. */
  readonly out: string;
  /** Younger rows stay. */
  readonly keepMs: number;
}

interface TakenOut {
  readonly rows: number;
  readonly from: number | null;
  readonly to: number | null;
}

/**
 * Writes the oldest rows of the journal into a file, and takes them out of the store only when the file is safe on the
 * disk. An endpoint may run meanwhile. Throws a CliFailure when the chain is broken, and then takes nothing out.
 */
export async function exportAndTruncate({ config, out, keepMs }: Asked): Promise<TakenOut> {
  const { store: where } = readConfig(config, process.env);
  await using store = await openStore(where, { clock: systemClock, log: silentLog });
  const nowMs = systemClock.nowMs();
  const rows = await writeOut(store, out, nowMs - keepMs);
  const { first, last } = rows;
  if (!first || !last) return { rows: 0, from: null, to: null };
  const text = `Rows ${first.seq} to ${last.seq} were exported and taken out; the last has the hash ${last.hash}`;
  const entry = { kind: 'truncated', lane: null, text, detail: { from: first.seq, to: last.seq, hash: last.hash } };
  let answer = await store.truncateJournal(last, entry, nowMs);
  while (answer === 'more') answer = await store.truncateJournal(last, null, nowMs);
  if (answer === 'no-such-row') {
    throw new CliFailure(
      'journal-moved',
      `The rows are in ${out}, and somebody else took them out of the store meanwhile.`,
      'Keep both exports.',
    );
  }
  return { rows: last.seq - first.seq + 1, from: first.seq, to: last.seq };
}

interface Written {
  readonly first: JournalRow | undefined;
  readonly last: JournalRow | undefined;
}

async function writeOut(store: Store, out: string, untilMs: number): Promise<Written> {
  const anchor = await store.journalAnchor();
  let chain = chainFrom(anchor);
  let first: JournalRow | undefined;
  let last: JournalRow | undefined;
  let file: FileHandle | undefined;
  try {
    for (;;) {
      const page = await store.journal(last?.seq ?? anchor.seq, PAGE);
      // A row counts as young when it comes after a young one: clocks of endpoints differ, the order of rows does not.
      const young = page.findIndex(({ atMs }) => atMs > untilMs);
      const rows = young === -1 ? page : page.slice(0, young);
      for (const row of rows) chain = follow(chain, entryOf(row));
      if (chain.broken) throw broken(chain.broken, out);
      if (rows.length === 0) break;
      file ??= await create(out);
      await file.appendFile(rows.map((row) => `${JSON.stringify(entryOf(row))}\n`).join(''));
      first ??= rows[0];
      last = rows.at(-1);
      if (young !== -1) break;
    }
    await file?.sync();
  } finally {
    await file?.close();
  }
  if (file) await syncFolder(dirname(out));
  return { first, last };
}

async function create(out: string): Promise<FileHandle> {
  try {
    return await open(out, 'wx', 0o600);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (code === 'EEXIST') throw wrongUse(`${out} is there already.`, 'Name another file; exports are kept.');
    throw wrongUse(`${out} cannot be written (${code}).`, 'Name a file in a folder that this user may write to.');
  }
}

/** Else a power cut could leave the rows taken out and the file without its name. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function broken({ seq, why }: { readonly seq: number; readonly why: string }, out: string): CliFailure {
  return new CliFailure(
    'journal-broken',
    `The journal is not as it was written: at row ${seq}, ${why}. Nothing was taken out.`,
    `Somebody has changed the database. Compare with an earlier export; ${out} holds what was read before.`,
  );
}
