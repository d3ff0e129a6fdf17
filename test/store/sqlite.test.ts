import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../cloud/engine/store.ts';
import { makeGroupCommit } from '../../cloud/store/group-commit.ts';
import { chained, FIRST_HASH, journalHash } from '../../cloud/store/journal.ts';
import { MIGRATIONS } from '../../cloud/store/migrations.ts';
import { openDatabase } from '../../cloud/store/open-database.ts';
import { openSqliteStore } from '../../cloud/store/sqlite.ts';
import { storeConformance } from './conformance.ts';
import { add, note, NOW, rule, started, turn } from './plans.ts';

const WRITER = fileURLToPath(new URL('writer.ts', import.meta.url));

storeConformance('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dashover-store-'));
  const path = join(folder, 'dashover.db');
  const stores: Store[] = [await openSqliteStore({ path })];
  const [store] = stores;
  if (!store) throw new Error('no store');
  return {
    store,
    async again() {
      const other = await openSqliteStore({ path });
      stores.push(other);
      return other;
    },
    async remove() {
      for (const one of stores) await one[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
});

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dashover-sqlite-'));
  path = join(folder, 'dashover.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Every job has its journal row, its message and its lane's state, and the chain holds. */
async function expectWhole(store: Store): Promise<Set<string>> {
  const rows = await store.journal(0, 1_000_000);
  rows.forEach((row, n) => expect(row.hash).toBe(journalHash(rows[n - 1]?.hash ?? FIRST_HASH, row)));
  const written = new Set(rows.map(({ text }) => text));
  const db = new DatabaseSync(path, { readOnly: true });
  const jobs = db.prepare('select id from job').all();
  const messages = db.prepare('select body from outgoing').all();
  expect(db.prepare('pragma integrity_check').get()).toEqual({ integrity_check: 'ok' });
  db.close();
  expect(new Set(jobs.map((row) => row['id']))).toEqual(written);
  expect(new Set(messages.map((row) => JSON.parse(String(row['body'])) as string))).toEqual(written);
  return written;
}

function write(
  name: string,
  ...count: readonly string[]
): { readonly child: ChildProcess; readonly promised: string[] } {
  const child = spawn(process.execPath, [WRITER, path, name, ...count], { stdio: ['ignore', 'pipe', 'inherit'] });
  const promised: string[] = [];
  let rest = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    const lines = `${rest}${chunk.toString()}`.split('\n');
    rest = lines.pop() ?? '';
    promised.push(...lines);
  });
  return { child, promised };
}

async function promises(writer: ReturnType<typeof write>, count: number): Promise<void> {
  while (writer.promised.length < count) {
    if (writer.child.exitCode !== null) throw new Error(`the writer ended with ${writer.child.exitCode}`);
    if (writer.child.stdout) await once(writer.child.stdout, 'data');
  }
}

async function kill({ child }: ReturnType<typeof write>): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}

function insert(db: DatabaseSync, n: number, text = ''): void {
  db.prepare('insert into thing values (?, ?)').run(n, text);
}

function count(db: DatabaseSync): unknown {
  return db.prepare('select count(*) as n from thing').get()?.['n'];
}

/** What opening the file answers, when it refuses. */
async function refusal(): Promise<unknown> {
  try {
    const store = await openSqliteStore({ path, busyMs: 20 });
    await store[Symbol.asyncDispose]();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('processes', () => {
  test('a process killed in the middle of its writes leaves a whole database that keeps every promise', async () => {
    for (const [round, count] of [200, 700].entries()) {
      const writer = write(`round ${round}`);
      await promises(writer, count);
      await kill(writer);
      await using store = await openSqliteStore({ path });
      const written = await expectWhole(store);
      expect(writer.promised.filter((id) => !written.has(id))).toEqual([]);
    }
  });

  test('two processes write to one file, and neither loses or breaks what the other wrote', async () => {
    const writers = [write('left', '30'), write('right', '30')];
    const ends = await Promise.all(writers.map(({ child }) => once(child, 'close')));
    expect(ends).toEqual([
      [0, null],
      [0, null],
    ]);
    await using store = await openSqliteStore({ path });
    const written = await expectWhole(store);
    expect(written.size).toBe(2 * 20 * 30);
    expect(new Set(writers.flatMap(({ promised }) => promised))).toEqual(written);
  });
});

describe('group commit', () => {
  /** A real database that counts its commits. */
  class Counting extends DatabaseSync {
    commits = 0;
    override prepare(sql: string): StatementSync {
      const statement = super.prepare(sql);
      if (sql !== 'commit') return statement;
      const run = statement.run.bind(statement);
      statement.run = () => {
        this.commits++;
        return run();
      };
      return statement;
    }
  }

  function counting(): Counting {
    const db = new Counting(path);
    db.exec('create table thing (n integer primary key, text text)');
    return db;
  }

  test('all that arrives in one turn is one transaction, and one that throws is undone alone', async () => {
    const db = counting();
    const group = makeGroupCommit(db, path);
    const works = Array.from({ length: 300 }, (_, n) =>
      group.add(() => {
        insert(db, n);
        if (n === 150) throw new Error('mine alone');
        return n;
      }),
    );
    const results = await Promise.allSettled(works);
    expect(db.commits).toBe(1);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(299);
    expect(results[150]).toMatchObject({ status: 'rejected', reason: { message: 'mine alone' } });
    expect(count(db)).toBe(299);
    db.close();
  });

  test('nobody hears of a work before its commit', async () => {
    const db = counting();
    const group = makeGroupCommit(db, path);
    const committed: unknown[] = [];
    await Promise.all(
      [1, 2].map(async (n) => {
        await group.add(() => insert(db, n));
        committed.push(db.isTransaction, db.commits);
      }),
    );
    expect(committed).toEqual([false, 1, false, 1]);
    db.close();
  });

  test('a burst is split into groups, so that the loop can read its sockets in between', async () => {
    const db = counting();
    const group = makeGroupCommit(db, path);
    await Promise.all(Array.from({ length: 1_200 }, (_, n) => group.add(() => insert(db, n))));
    expect(db.commits).toBe(3);
    db.close();
  });

  test('a commit that fails fails everyone in its group, and the next group is stored', async () => {
    const db = counting();
    db.exec('create table part (n integer references thing (n) deferrable initially deferred)');
    const group = makeGroupCommit(db, path);
    const results = await Promise.allSettled([
      group.add(() => insert(db, 1)),
      group.add(() => db.exec('insert into part values (99)')), // found out at the commit only
      group.add(() => insert(db, 2)),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(count(db)).toBe(0);
    await group.add(() => insert(db, 3));
    expect(count(db)).toBe(1);
    db.close();
  });

  test('a full disk is said in words, stores nothing of its group, and is over when there is room again', async () => {
    const db = counting();
    db.exec('pragma max_page_count = 20');
    const group = makeGroupCommit(db, path);
    const big = 'x'.repeat(30_000);
    const works = [1, 2, 3, 4, 5].map((n) => group.add(() => insert(db, n, big)));
    const results = await Promise.allSettled(works);
    const full = { code: 'store-unavailable', message: `the database ${path} cannot grow: the disk is full` };
    const failed = results.filter((result) => result.status === 'rejected');
    expect(failed.length).toBeGreaterThan(0);
    for (const { reason } of failed) expect(reason).toMatchObject(full);
    expect(count(db)).toBe(results.length - failed.length);
    db.exec('pragma max_page_count = 10000');
    await group.add(() => insert(db, 99, big));
    expect(count(db)).toBe(results.length - failed.length + 1);
    db.close();
  });
});

describe('the file', () => {
  test('is durable: write-ahead log, full synchronisation, foreign keys', () => {
    const db = openDatabase({ path, busyMs: 20, clock: undefined });
    const pragma = (name: string): unknown => db.prepare(`pragma ${name}`).get()?.[name];
    expect([pragma('journal_mode'), pragma('synchronous'), pragma('foreign_keys')]).toEqual(['wal', 2, 1]);
    db.close();
  });

  test('written by a newer dashover is refused in a clear sentence and left as it is', async () => {
    const future = [...MIGRATIONS, { name: 'from the future', sql: 'create table future (x)' }];
    openDatabase({ path, busyMs: 20, clock: undefined, migrations: future }).close();
    expect(await refusal()).toMatchObject({
      code: 'store-unavailable',
      message: `the database ${path} was written by a newer dashover (its schema is number ${future.length}, this one knows ${MIGRATIONS.length})`,
      hint: expect.stringContaining('newer dashover'),
    });
    openDatabase({ path, busyMs: 20, clock: undefined, migrations: future }).close();
  });

  test('of an earlier schema is carried over with its jobs; a migration that fails changes nothing', async () => {
    const store = await openSqliteStore({ path });
    await started(store, 'kept');
    await store[Symbol.asyncDispose]();
    const next = { name: 'next', sql: "alter table job add column colour text not null default 'red'" };
    const broken = { name: 'broken', sql: 'create table half (x); create table job (x)' };
    const open = (migrations: typeof MIGRATIONS): DatabaseSync =>
      openDatabase({ path, busyMs: 20, clock: undefined, migrations });
    expect(() => open([...MIGRATIONS, next, broken])).toThrow(/already exists/);
    const db = open([...MIGRATIONS, next]);
    expect(db.prepare('select id, colour from job').all()).toEqual([{ id: 'kept', colour: 'red' }]);
    expect(db.prepare('select number, name from migration').all()).toHaveLength(MIGRATIONS.length + 1);
    expect(db.prepare("select * from sqlite_schema where name = 'half'").all()).toEqual([]);
    db.close();
  });

  test('of the first schema is carried over with its jobs and its journal, which can be truncated then', async () => {
    const first = openDatabase({ path, busyMs: 20, clock: undefined, migrations: MIGRATIONS.slice(0, 1) });
    const row = chained(undefined, { kind: 'x', lane: null, text: 'old', detail: null }, 1);
    first
      .prepare("insert into journal (seq, at_ms, kind, text, detail, hash) values (1, 1, 'x', 'old', 'null', ?)")
      .run(row.hash);
    first.exec(
      "insert into job (id, lane, status, exclusive, sender, data, accepted_at_ms) values ('kept', 'www', 'waiting', 1, 'ops', '{}', 1)",
    );
    first.close();
    await using store = await openSqliteStore({ path });
    expect(await store.job('kept')).toMatchObject({ status: 'waiting' });
    expect(await store.truncateJournal(row, null, 2)).toBe('done');
    await store.record({ kind: 'x', lane: null, text: 'new', detail: null }, 3);
    const future = [...MIGRATIONS, { name: 'next', sql: 'create table more (x)' }];
    openDatabase({ path, busyMs: 20, clock: undefined, migrations: future }).close();
    const [next] = await store.journal(0, 10);
    expect(next).toMatchObject({ seq: 2, hash: next && journalHash(row.hash, next) });
  });

  test('of another program is refused', async () => {
    const db = new DatabaseSync(path);
    db.exec('create table recipe (x)');
    db.close();
    expect(await refusal()).toMatchObject({ message: `the database ${path} belongs to another program` });
  });

  test('that is no database is refused', async () => {
    writeFileSync(path, 'a letter to a friend, long enough to be taken for a page of a database '.repeat(20));
    expect(await refusal()).toMatchObject({
      code: 'store-unavailable',
      message: `the database ${path} is not an SQLite database`,
    });
  });

  test('in a folder that is not there, or that is a folder, is refused', async () => {
    path = join(folder, 'no', 'such', 'folder.db');
    expect(await refusal()).toMatchObject({ message: `the database ${path} cannot be opened` });
    path = join(folder, 'folder');
    mkdirSync(path);
    expect(await refusal()).toMatchObject({ message: `the database ${path} cannot be opened` });
  });

  test('held by another process is store-unavailable while it is, and works again afterwards', async () => {
    await using store = await openSqliteStore({ path, busyMs: 20 });
    const other = new DatabaseSync(path);
    other.exec('begin immediate');
    const locked = { code: 'store-unavailable', message: `the database ${path} is locked by another process` };
    await expect(store.decide(turn(), rule({ state: 1 }))).rejects.toMatchObject(locked);
    await expect(store.ping()).rejects.toMatchObject(locked);
    other.exec('commit');
    await store.decide(turn(), rule({ state: 2 }));
    expect(await store.lane('www')).toBe(2);
    other.close();
  });

  test('frees a job whose lease was given by a clock that has been set back since', async () => {
    const hour = 3_600_000;
    await using store = await openSqliteStore({ path });
    await started(store, 'dead', { nowMs: NOW + hour, leaseUntilMs: NOW + hour + 4_000 });
    await started(store, 'alive', { lane: 'other' });
    const claims = await store.takeOver('next', NOW + 1, NOW + 4_001);
    expect(claims).toMatchObject([{ job: { id: 'dead' }, lease: { owner: 'next', token: 2 } }]);
    expect(await store.takeOver('third', NOW + 2, NOW + 4_002)).toEqual([]);
  });

  test('has a journal that cannot be rewritten', async () => {
    await using store = await openSqliteStore({ path });
    await store.record({ kind: 'x', lane: null, text: 'as it was', detail: null }, 1);
    const db = new DatabaseSync(path);
    expect(() => db.exec("update journal set text = 'as I like it'")).toThrow('the journal is append-only');
    expect(() => db.exec('delete from journal')).toThrow('the journal is append-only');
    for (const forged of [
      'update journal_anchor set seq = 1',
      'update journal_anchor set seq = 9',
      'delete from journal_anchor',
    ]) {
      expect(() => db.exec(forged)).toThrow('the journal can begin only after one of its rows');
    }
    db.close();
  });

  test('an end commits what was on its way', async () => {
    const store = await openSqliteStore({ path });
    const decided = store.decide(turn(), rule({ jobs: [add('last', { status: 'refused' })], outgoing: [note(1)] }));
    await store[Symbol.asyncDispose]();
    await decided;
    await using again = await openSqliteStore({ path });
    expect(await again.job('last')).toMatchObject({ id: 'last' });
  });
});
