import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../shared/clock.ts';
import { Fault } from '../../shared/faults.ts';
import { MIGRATIONS, type Migration } from './migrations.ts';
import { inWords } from './weather.ts';

/** "dash" in ASCII: what `file` and we know our databases by. */
const APPLICATION_ID = 0x64_61_73_68;

export interface OpenDatabase {
  readonly path: string;
  /** How long a statement waits for another process's lock. It blocks this process meanwhile. */
  readonly busyMs: number;
  readonly clock: Clock | undefined;
  readonly migrations?: readonly Migration[];
}

/**
 * Opens the database file, or makes it, and brings its schema up to date. Rejects with `store-unavailable` in words
 * when the file cannot be used, is another program's, or was written by a newer dashover.
 */
export function openDatabase({ path, busyMs, clock, migrations = MIGRATIONS }: OpenDatabase): DatabaseSync {
  let db: DatabaseSync | undefined;
  keepPrivate(path);
  try {
    db = new DatabaseSync(path, { timeout: busyMs, enableForeignKeyConstraints: true });
    refuseForeign(db, path);
    // WAL: readers never wait for the writer. FULL: a commit survives a power cut, not only a crash.
    db.exec('pragma journal_mode = wal; pragma synchronous = full');
    migrate(db, path, migrations, clock?.nowMs() ?? null);
    return db;
  } catch (error) {
    if (db?.isOpen) db.close();
    throw inWords(error, path);
  }
}

/**
 * SQLite would make the file (and what it keeps beside it) readable for everybody on this machine. One that exists stays
 * as somebody has set it; one that cannot be made is told by SQLite's own attempt.
 */
function keepPrivate(path: string): void {
  if (path === ':memory:') return;
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}

function refuseForeign(db: DatabaseSync, path: string): void {
  const id = Number(db.prepare('pragma application_id').get()?.['application_id'] ?? 0);
  if (id === APPLICATION_ID) return;
  const tables = Number(db.prepare('select count(*) as tables from sqlite_schema').get()?.['tables'] ?? 0);
  if (id === 0 && tables === 0) return;
  throw new Fault('store-unavailable', `the database ${path} belongs to another program`, {
    hint: 'Name another file under store in dashover.yaml.',
  });
}

function migrate(db: DatabaseSync, path: string, migrations: readonly Migration[], nowMs: number | null): void {
  // Exclusive from the first look: two endpoints that start on one new file must not both make the tables.
  db.exec('begin immediate');
  try {
    db.exec(`pragma application_id = ${APPLICATION_ID}`);
    db.exec(
      'create table if not exists migration (number integer primary key, name text not null, at_ms integer) strict',
    );
    const done = Number(db.prepare('select max(number) as done from migration').get()?.['done'] ?? 0);
    if (done > migrations.length) {
      throw new Fault(
        'store-unavailable',
        `the database ${path} was written by a newer dashover (its schema is number ${done}, this one knows ${migrations.length})`,
        { hint: 'Start the newer dashover again, or restore a copy of the database from before its first start.' },
      );
    }
    const remember = db.prepare('insert into migration (number, name, at_ms) values (?, ?, ?)');
    for (const [at, { name, sql }] of migrations.entries()) {
      if (at < done) continue;
      db.exec(sql);
      remember.run(at + 1, name, nowMs);
    }
    db.exec('commit');
  } catch (error) {
    if (db.isTransaction) db.exec('rollback');
    throw error;
  }
}
