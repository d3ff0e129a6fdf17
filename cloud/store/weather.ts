import { Fault } from '../../shared/faults.ts';

/** What SQLite's primary result codes mean to a person: what is wrong, and what to do. https://sqlite.org/rescode.html */
const WORDS: Readonly<Record<number, readonly [sentence: string, hint: string]>> = {
  3: ['may not be opened', 'Give the user that runs dashover read and write access to the file and its folder.'],
  5: ['is locked by another process', 'Nothing was stored; end the other process, or wait for it, and send it again.'],
  6: ['is locked by another connection', 'Nothing was stored; wait for it, and send it again.'],
  7: ['cannot be written: the machine is out of memory', 'Nothing was stored; free memory, and send it again.'],
  8: ['is not writable', 'Give the user that runs dashover write access to the file and its folder.'],
  10: ['cannot be read or written: the disk fails', 'Look at the disk and the kernel log; nothing was stored.'],
  11: ['is damaged', 'Move the file away and start with a copy of it from a backup, or with none.'],
  13: ['cannot grow: the disk is full', 'Nothing was stored; free space, and send it again.'],
  14: ['cannot be opened', 'Check that its folder exists and that dashover may write there.'],
  23: ['may not be opened', 'Give the user that runs dashover read and write access to the file and its folder.'],
  26: ['is not an SQLite database', 'Name another file under store in dashover.yaml, or move this one away.'],
};

/** SQLITE_CONSTRAINT: what was to be stored contradicts the schema, which is a mistake of ours and not the weather. */
const CONSTRAINT = 19;

/**
 * The same error in words for people: a Fault `store-unavailable` for what the world did to the database; an Error for
 * what contradicts the schema; anything that is not SQLite's comes back as it is.
 */
export function inWords(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  if (error.code === 'ERR_INVALID_STATE') {
    return new Fault('store-unavailable', `the database ${path} is closed`, { cause: error });
  }
  if (error.code !== 'ERR_SQLITE_ERROR' || !('errcode' in error)) return error;
  // The primary code is the low byte of the extended one.
  const code = Number(error.errcode) & 0xff;
  if (code === CONSTRAINT) {
    return new Error(`the database ${path} refuses what contradicts itself: ${error.message}`, { cause: error });
  }
  const [sentence, hint] = WORDS[code] ?? [`does not work: ${error.message}`, 'Nothing was stored; see the log.'];
  return new Fault('store-unavailable', `the database ${path} ${sentence}`, { cause: error, hint });
}
