/**
 * A process that writes: `node writer.ts FILE NAME [COUNT]`, on twenty lanes at once, so many times each or until it is
 * killed. It prints the id of a job only after the store has promised it, so that the database can be held to those
 * promises.
 */
import { isFault } from '../../shared/faults.ts';
import { openSqliteStore } from '../../cloud/store/sqlite.ts';
import { add, note, rule, turn } from './plans.ts';

const [path = '', name = '', count = 'Infinity'] = process.argv.slice(2);
await using store = await openSqliteStore({ path });
const LANES = 20;

async function promised(lane: number, n: number): Promise<boolean> {
  const id = `${name}-${lane}-${n}`;
  try {
    await store.decide(
      turn({ lane: `${name} ${lane}` }),
      rule({
        state: { n },
        jobs: [add(id, { status: 'refused', deadlineAtMs: null })],
        journal: [{ kind: 'wrote', lane: null, text: id, detail: { n } }],
        outgoing: [note(id)],
      }),
    );
  } catch (error) {
    // Another process had the file for too long: nothing was stored, and it is tried again, as the engine does.
    if (isFault(error, 'store-unavailable')) return false;
    throw error;
  }
  process.stdout.write(`${id}\n`);
  return true;
}

async function write(lane: number): Promise<void> {
  for (let n = 0; n < Number(count);) if (await promised(lane, n)) n++;
}

await Promise.all(Array.from({ length: LANES }, (_, lane) => write(lane)));
