import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as endOfTurn } from 'node:timers';
import { Fault } from '../../shared/faults.ts';
import { inWords } from './weather.ts';

/** One group at most: longer ones would keep the event loop from reading sockets. The rest goes into the next turn. */
const WORKS_MAX = 500;

/**
 * One transaction for everything that arrived in one turn of the event loop, because the fsync of a commit costs more
 * than all the rest (measured: 4,000 commands/s with a commit each, 28,900 grouped).
 */
export interface GroupCommit {
  /** Resolves with the work's answer after the commit. The work is synchronous; one that throws is undone alone. */
  add<T>(work: () => T): Promise<T>;
  /** Commits what is waiting now; what is added later is refused. */
  close(): void;
}

interface Waiting {
  readonly work: () => unknown;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
}

type Outcome = { readonly answer: unknown } | { readonly error: unknown };

/** `path` names the database in errors. */
export function makeGroupCommit(db: DatabaseSync, path: string): GroupCommit {
  const waiting: Waiting[] = [];
  let scheduled = false;
  let closed = false;

  // Prepared once: parsing these again for each group costs as much as a small decision.
  const say = {
    begin: db.prepare('begin immediate'),
    commit: db.prepare('commit'),
    savepoint: db.prepare('savepoint work'),
    release: db.prepare('release work'),
  };

  /** Throws when nothing of the group was stored. */
  function commit(group: readonly Waiting[]): readonly Outcome[] {
    // Immediate: a transaction that began by reading could find, at its first write, that another process was faster.
    say.begin.run();
    try {
      // One alone needs no savepoint: to undo it is to undo all.
      const outcomes = group.map(({ work }) => (group.length > 1 ? attempt(work) : { answer: work() }));
      say.commit.run();
      return outcomes;
    } catch (error) {
      if (db.isTransaction) db.exec('rollback');
      throw error;
    }
  }

  function attempt(work: () => unknown): Outcome {
    say.savepoint.run();
    try {
      const answer = work();
      say.release.run();
      return { answer };
    } catch (error) {
      // A full disk or a failing one can end the whole transaction: then nothing of the group is stored.
      if (!db.isTransaction) throw error;
      db.exec('rollback to work');
      db.exec('release work');
      return { error };
    }
  }

  function flush(): void {
    scheduled = false;
    const group = waiting.splice(0, WORKS_MAX);
    if (waiting.length > 0) schedule();
    if (group.length === 0) return;
    let outcomes: readonly Outcome[];
    try {
      outcomes = commit(group);
    } catch (error) {
      const reason = inWords(error, path);
      for (const one of group) one.reject(reason);
      return;
    }
    // Only here, after the commit, does anybody hear of it.
    group.forEach((one, at) => {
      const outcome = outcomes[at];
      if (outcome && 'answer' in outcome) one.resolve(outcome.answer as never);
      else one.reject(inWords(outcome?.error, path));
    });
  }

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    // Neither time nor chance, which come in through ports: this is the event loop's own "all that arrived is read".
    endOfTurn(flush);
  }

  return {
    add: (work) =>
      new Promise((resolve, reject) => {
        if (closed) {
          reject(new Fault('store-unavailable', `the database ${path} is closed`));
          return;
        }
        waiting.push({ work, resolve, reject });
        schedule();
      }),
    close() {
      closed = true;
      while (waiting.length > 0) flush();
    },
  };
}
