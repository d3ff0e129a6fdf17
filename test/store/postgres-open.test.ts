import { inspect } from 'node:util';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../shared/system-clock.ts';
import { openPostgresStore } from '../../cloud/store/postgres.ts';
import { journalHash } from '../../cloud/store/journal.ts';
import { POSTGRES_MIGRATIONS } from '../../cloud/store/postgres-migrations.ts';
import { readPlace } from '../../cloud/store/postgres-place.ts';
import { endPostgres, openPostgresSpace, postgresMissing, type PostgresSpace } from '../postgres.ts';
import { started } from './plans.ts';

const clock = systemClock;

describe.skipIf(postgresMissing)('opening a PostgreSQL database', () => {
  let space: PostgresSpace;

  beforeEach(async () => {
    space = await openPostgresSpace();
  });
  afterEach(() => space.remove());
  afterAll(endPostgres);

  /** What opening it answers, when it refuses. */
  async function refusal(url = space.url, migrations = POSTGRES_MIGRATIONS): Promise<unknown> {
    const [result] = await Promise.allSettled([openPostgresStore({ url, clock, migrations })]);
    if (result?.status === 'rejected') return result.reason;
    await result?.value[Symbol.asyncDispose]();
    return undefined;
  }

  function changed(change: (url: URL) => void): string {
    const url = new URL(space.url);
    change(url);
    return url.href.replaceAll('+', '%20');
  }

  test('endpoints that start on a new database at once make its tables once, and all of them work', async () => {
    const stores = await Promise.all([1, 2, 3, 4, 5, 6].map(() => openPostgresStore({ url: space.url, clock })));
    for (const [n, store] of stores.entries()) await started(store, `job ${n}`, { lane: `lane ${n}` });
    expect(await stores[0]?.jobs({ limit: 10 })).toHaveLength(6);
    for (const store of stores) await store[Symbol.asyncDispose]();
    const rows = await space.ask('select number, name from migration order by number');
    expect(rows).toEqual([
      { number: 0, name: 'dashover' },
      ...POSTGRES_MIGRATIONS.map(({ name }, at) => ({ number: at + 1, name })),
    ]);
  });

  test('of an earlier schema carries it over with its jobs; a migration that fails changes nothing', async () => {
    const store = await openPostgresStore({ url: space.url, clock });
    await started(store, 'kept');
    await store[Symbol.asyncDispose]();
    const next = { name: 'next', sql: "alter table job add column colour text not null default 'red'" };
    const broken = { name: 'broken', sql: 'create table half (x integer); select 1 / 0' };
    expect(await refusal(space.url, [...POSTGRES_MIGRATIONS, next, broken])).toMatchObject({
      message: expect.stringContaining('division by zero') as string,
    });
    expect(await refusal(space.url, [...POSTGRES_MIGRATIONS, next])).toBeUndefined();
    expect(await space.ask('select id, colour from job')).toEqual([{ id: 'kept', colour: 'red' }]);
    expect(await space.ask("select to_regclass('half') as half")).toEqual([{ half: null }]);
  });

  test('of the first schema is carried over with its jobs and its journal, which can be truncated then', async () => {
    const first = await openPostgresStore({ url: space.url, clock, migrations: POSTGRES_MIGRATIONS.slice(0, 1) });
    await started(first, 'kept');
    await first.record({ kind: 'x', lane: null, text: 'old', detail: null }, 1);
    await first[Symbol.asyncDispose]();
    await using store = await openPostgresStore({ url: space.url, clock });
    expect(await store.job('kept')).toMatchObject({ status: 'running' });
    const [row] = await store.journal(0, 10);
    expect(row && (await store.truncateJournal(row, null, 2))).toBe('done');
    await store.record({ kind: 'x', lane: null, text: 'new', detail: null }, 3);
    const future = [...POSTGRES_MIGRATIONS, { name: 'next', sql: 'create table more (x integer)' }];
    expect(await refusal(space.url, future)).toBeUndefined();
    const [next] = await store.journal(0, 10);
    expect(next).toMatchObject({ seq: 2, hash: row && next && journalHash(row.hash, next) });
  });

  test('written by a newer dashover is refused in a clear sentence, and left as it is', async () => {
    const future = [...POSTGRES_MIGRATIONS, { name: 'from the future', sql: 'create table future (x integer)' }];
    expect(await refusal(space.url, future)).toBeUndefined();
    const { length } = POSTGRES_MIGRATIONS;
    expect(await refusal()).toMatchObject({
      code: 'store-unavailable',
      message: expect.stringMatching(
        new RegExp(`^the database .* was written by a newer dashover \\(its schema is number ${length + 1}`),
      ) as string,
      hint: expect.stringContaining('newer dashover') as string,
    });
    expect(await refusal(space.url, future)).toBeUndefined();
  });

  test.for([
    ['a table of one of our names', 'create table job (recipe text)'],
    ['a table of migrations of its own', 'create table migration (version text)'],
    ['a table of migrations that looks like ours', 'create table migration (number integer, name text, at_ms bigint)'],
  ])('that another program uses, with %s, is refused and left as it is', async ([, sql]) => {
    await space.ask(sql ?? '');
    const before = await tables();
    expect(await refusal()).toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('belongs to another program') as string,
    });
    expect((await tables()).filter((name) => name !== 'migration')).toEqual(
      before.filter((name) => name !== 'migration'),
    );
  });

  async function tables(): Promise<unknown[]> {
    const rows = await space.ask('select tablename from pg_tables where schemaname = $1 order by 1', space.name);
    return rows.map(({ tablename }) => tablename);
  }

  test.for<readonly [string, (url: URL) => void, string]>([
    ['that is not there', (url) => (url.pathname = '/no_such_database'), 'does not exist'],
    ['where nothing listens', (url) => (url.port = '1'), 'nothing listens there'],
    ['on a host that has no address', (url) => (url.hostname = 'nowhere.invalid'), 'its host'],
    [
      'without the schema that it names',
      (url) => url.searchParams.set('options', '-c search_path=nix'),
      'has no schema',
    ],
    [
      'that must not be written to',
      (url) => url.searchParams.set('options', '-c default_transaction_read_only=on'),
      'is read-only',
    ],
  ])('%s is refused in words', async ([, change, words]) => {
    expect(await refusal(changed(change))).toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining(words) as string,
    });
  });

  test('no word of a refusal holds the password', async () => {
    for (const change of [
      (url: URL) => (url.username = 'nobody_of_that_name'),
      (url: URL) => (url.port = '1'),
      (url: URL) => (url.pathname = '/no_such_database'),
    ]) {
      const url = changed((one) => {
        one.password = 'hush-hush';
        change(one);
      });
      const reason = await refusal(url);
      expect(reason).toMatchObject({ code: 'store-unavailable' });
      expect(inspect(reason, { depth: 9, showHidden: true })).not.toContain('hush');
    }
  });
});

describe('the URL of a PostgreSQL database', () => {
  test.for([
    ['postgres://u:secret@db.example.com:5432/dashover', 'the database dashover on db.example.com:5432'],
    [
      'postgresql://u:secret@db.example.com/dash%20over?sslmode=verify-full',
      'the database dash over on db.example.com',
    ],
    ['postgres://dashover@[::1]:5432', 'the database dashover on [::1]:5432'],
    ['postgres:///dashover?host=/run/postgresql', 'the database dashover on /run/postgresql'],
  ])('%s is told as "%s"', ([url, name]) => {
    expect(readPlace(url ?? '').name).toBe(name);
  });

  test.for([
    'postgres://u:12#ret@db.example.com/dashover',
    'postgres://u:12/ret@db.example.com/dashover',
    'postgres://u:12?ret@db.example.com/dashover',
    'mysql://u:secret@db.example.com/dashover',
    'secret',
  ])('%s is refused without a piece of it in the words', (url) => {
    let reason: unknown;
    try {
      readPlace(url);
    } catch (error) {
      reason = error;
    }
    expect(reason).toMatchObject({ code: 'store-unavailable', hint: expect.stringContaining('%23 for #') as string });
    expect(inspect(reason, { depth: 9, showHidden: true }).replaceAll(/^ +at .*/gm, '')).not.toMatch(/ret|12|u:/);
  });

  test('with an unknown option is refused by its name', () => {
    expect(() => readPlace('postgres://u@h/d?statement_timeout=0')).toThrow('unknown option "statement_timeout"');
  });
});
