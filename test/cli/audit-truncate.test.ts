import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { JournalRow, Store } from '../../cloud/engine/store.ts';
import { entryOf } from '../../cloud/cli/audit-file.ts';
import { openSqliteStore } from '../../cloud/store/sqlite.ts';
import { SMALL } from '../config/example.ts';
import { fakeEndpoint, type FakeEndpoint } from './endpoint.ts';
import { runInside } from './run-inside.ts';

let folder: string;
let store: Store;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dashover-audit-'));
  writeFileSync(join(folder, 'dashover.yaml'), `${SMALL}\nstore: sqlite:./journal.db\n`);
  store = await openSqliteStore({ path: join(folder, 'journal.db') });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function put(count: number, atMs = 1_000): Promise<void> {
  for (let n = 0; n < count; n++) await store.record({ kind: 'x', lane: 'www', text: `row ${n}`, detail: { n } }, atMs);
}

function take(out: string, ...more: readonly string[]): ReturnType<typeof runInside> {
  const config = join(folder, 'dashover.yaml');
  return runInside(['audit', 'export', '--truncate', '--config', config, '--out', join(folder, out), ...more]);
}

function lines(out: string): { seq: number; hash: string }[] {
  const text = readFileSync(join(folder, out), 'utf8').trimEnd();
  return text.split('\n').map((line) => JSON.parse(line) as { seq: number; hash: string });
}

/** What `GET /api/audit` gives of this store. */
async function serve(): Promise<FakeEndpoint> {
  const anchor = await store.journalAnchor();
  const rows: readonly JournalRow[] = await store.journal(0, 10_000);
  const endpoint = await fakeEndpoint({
    'GET /api/audit': ({ path }) => {
      const query = new URL(path, 'http://x').searchParams;
      const after = rows.filter(({ seq }) => seq > Number(query.get('after')));
      return [200, { anchor, entries: after.slice(0, Number(query.get('limit'))).map(entryOf) }];
    },
  });
  for (const [name, value] of Object.entries(endpoint.env)) vi.stubEnv(name, value);
  return endpoint;
}

const verify = (...files: readonly string[]): ReturnType<typeof runInside> => runInside(['audit', 'verify', ...files]);

test('takes the rows out when they are in the file, and the journal goes on and is still whole', async () => {
  await put(5);
  expect(await take('one.jsonl')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('5 rows, 1 to 5,') as string,
  });
  expect(lines('one.jsonl').map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
  expect(await store.journal(0, 10)).toMatchObject([{ seq: 6, kind: 'truncated', detail: { from: 1, to: 5 } }]);
  await put(2);
  await using _ = await serve();
  const verified = await runInside(['audit', 'verify']);
  expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining('begins after row 5') as string });
  const whole = await runInside(['audit', 'verify', join(folder, 'one.jsonl'), '--json']);
  expect(JSON.parse(whole.stdout)).toMatchObject({ whole: true, rows: 8, anchor: { seq: 0 } });
});

test('the exports of years are checked one after the other, and a missing or changed one is seen', async () => {
  await put(3);
  await take('one.jsonl');
  await put(3);
  await take('two.jsonl');
  await put(1);
  await using _ = await serve();
  const [one, two] = [join(folder, 'one.jsonl'), join(folder, 'two.jsonl')];
  expect(await runInside(['audit', 'verify', one, two])).toMatchObject({ code: 0 });
  expect(await runInside(['audit', 'verify', two])).toMatchObject({ code: 0 });
  expect(await runInside(['audit', 'verify', one])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('begins after row 7 now, and what was read before ends at row 3') as string,
  });
  writeFileSync(one, readFileSync(one, 'utf8').replace('row 1', 'row 9'));
  expect(await runInside(['audit', 'verify', one, two])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`The journal in ${one} is not as it was written: at row 2`) as string,
  });
  expect(await runInside(['audit', 'verify', join(folder, 'none.jsonl')])).toMatchObject({ code: 2 });
  writeFileSync(one, 'a letter to a friend\n');
  expect(await runInside(['audit', 'verify', one])).toMatchObject({ code: 2 });
});

test('an export that was ended between two steps of taking out is kept, and the next one repeats its rows', async () => {
  await put(5);
  const rows = await store.journal(0, 10);
  const [one, two, three] = [join(folder, 'one.jsonl'), join(folder, 'two.jsonl'), join(folder, 'three.jsonl')];
  // It had written five rows, and was killed when two of them had been taken out.
  writeFileSync(one, rows.map((row) => `${JSON.stringify(entryOf(row))}\n`).join(''));
  const [, last] = rows;
  if (!last) throw new Error('no rows');
  expect(await store.truncateJournal(last, { kind: 'truncated', lane: null, text: 'x', detail: {} }, 2_000)).toBe(
    'done',
  );
  await put(1);
  expect(await take('two.jsonl')).toMatchObject({ code: 0, stdout: expect.stringContaining('3 to 7') as string });
  await put(1);
  await take('three.jsonl');
  await using _ = await serve();
  expect(await verify(one, two, three)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('whole: 10 rows') as string,
  });
  expect(await verify(one, one, two, three)).toMatchObject({ code: 0 });
  expect(await verify(two, one, three), 'rows before the first').toMatchObject({ code: 1 });

  const whole = readFileSync(two, 'utf8');
  writeFileSync(two, whole.replace('row 3', 'row 9'));
  expect(await verify(one, two, three)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(
      `in ${two} is not as it was written: at row 4, it is not as in an export`,
    ) as string,
  });
  const third = whole.split('\n')[0] ?? '';
  writeFileSync(two, `${whole}${third}\n`);
  expect(await verify(two, three), 'a row twice in one file').toMatchObject({ code: 1 });
});

test('leaves what is younger than --keep, and says when there is nothing to take out', async () => {
  await put(2);
  await put(2, Date.now());
  await put(1);
  expect(await take('one.jsonl', '--keep', '1h', '--json')).toMatchObject({ code: 0 });
  expect((await store.journal(0, 10)).map(({ seq }) => seq)).toEqual([3, 4, 5, 6]);
  expect(await take('two.jsonl', '--keep', '1h')).toMatchObject({
    code: 0,
    stdout: 'There is no row to take out.\n',
  });
});

test('takes nothing out without a file of its own, or of a journal that was changed', async () => {
  await put(3);
  writeFileSync(join(folder, 'here.jsonl'), 'mine');
  expect(await take('here.jsonl')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('is there already') as string,
  });
  expect(readFileSync(join(folder, 'here.jsonl'), 'utf8')).toBe('mine');
  expect(await take('no/such/folder.jsonl')).toMatchObject({ code: 2 });
  expect(await runInside(['audit', 'export', '--truncate'])).toMatchObject({ code: 2 });
  expect(await runInside(['audit', 'export', '--out', 'x'])).toMatchObject({ code: 2 });
  const db = new DatabaseSync(join(folder, 'journal.db'));
  db.exec("drop trigger journal_never_changes; update journal set text = 'innocent' where seq = 2");
  db.close();
  expect(await take('one.jsonl')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('at row 2, its hash is not') as string,
  });
  expect(await store.journal(0, 10)).toHaveLength(3);
});
