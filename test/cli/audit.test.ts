import { afterEach, expect, test, vi } from 'vitest';
import type { JournalRow } from '../../cloud/engine/store.ts';
import { chained, FIRST_HASH } from '../../cloud/store/journal.ts';
import { type FakeEndpoint, fakeEndpoint } from './endpoint.ts';
import { runInside } from './run-inside.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const NOW = Date.UTC(2026, 10, 22, 12, 4, 10, 123);

/** Rows as a store chains them. */
function rows(count: number): JournalRow[] {
  const made: JournalRow[] = [];
  for (let at = 0; at < count; at++) {
    const entry = {
      kind: 'refused',
      lane: at % 2 === 0 ? 'www' : null,
      text: `row ${at}: ü "x"`,
      detail: { b: [at], a: null },
    };
    made.push(chained(made.at(-1), entry, NOW + at));
  }
  return made;
}

function changed(journal: readonly JournalRow[], at: number, change: Partial<JournalRow>): JournalRow[] {
  return journal.map((row, place) => (place === at ? { ...row, ...change } : row));
}

/** An endpoint with this journal, which gives it page by page. */
async function endpointWith(journal: readonly JournalRow[]): Promise<FakeEndpoint> {
  const endpoint = await fakeEndpoint({
    'GET /api/audit': (asked) => {
      const query = new URL(asked.path, 'http://x').searchParams;
      const entries = journal
        .filter(({ seq }) => seq > Number(query.get('after')))
        .slice(0, Number(query.get('limit')))
        .map(({ seq, atMs, kind, lane, text, detail, hash }) => {
          return { seq, at: new Date(atMs).toISOString(), kind, switch: lane, text, detail, hash };
        });
      return [200, { anchor: { seq: 0, hash: FIRST_HASH }, entries }];
    },
  });
  for (const [name, value] of Object.entries(endpoint.env)) vi.stubEnv(name, value);
  return endpoint;
}

test('a journal that is as it was written is called whole, over several pages, with the hash to note', async () => {
  const journal = rows(1_201);
  await using endpoint = await endpointWith(journal);
  const { stdout, code } = await runInside(['audit', 'verify']);
  expect(stdout).toContain('The journal is whole: 1201 rows from 2026-11-22 12:04:10 UTC to 2026-11-22 12:04:11 UTC.');
  expect(stdout).toContain(journal.at(-1)?.hash);
  expect(code).toBe(0);
  expect(endpoint.asked.length).toBeGreaterThan(2);
});

test('an empty journal is whole', async () => {
  await using _ = await endpointWith([]);
  const { stdout, code } = await runInside(['audit', 'verify', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ whole: true, rows: 0, first: null, last: null, hash: null });
  expect(code).toBe(0);
});

const CHANGED: readonly [string, (journal: JournalRow[]) => JournalRow[], string][] = [
  ['whose text was changed', (all) => changed(all, 2, { text: 'innocent' }), 'at row 3, its hash is not'],
  ['whose time was changed', (all) => changed(all, 2, { atMs: 0 }), 'at row 3, its hash is not'],
  ['that lost a row', (all) => all.toSpliced(1, 1), 'at row 3, row 2 is missing before it'],
  ['that lost its beginning', (all) => all.slice(3), 'at row 4, rows 1 to 3 are missing before it'],
  ['that has a row twice', (all) => [...all.slice(0, 1), ...all], 'at row 1, it does not come after the row before'],
  [
    'whose row was chained anew, but not those after it',
    (all) => all.with(2, chained(all[1], { kind: 'x', lane: null, text: 'innocent', detail: null }, NOW)),
    'at row 4, its hash is not',
  ],
];

test.for(CHANGED)('a journal %s is called broken, with the row; exit 1', async ([, change, said]) => {
  await using _ = await endpointWith(change(rows(6)));
  const { stderr, stdout, code } = await runInside(['audit', 'verify']);
  expect(stderr).toContain(said);
  expect(stdout).toBe('');
  expect(code).toBe(1);
});

test('export prints one row a line, all of them, or those after a row', async () => {
  const journal = rows(1_003);
  await using _ = await endpointWith(journal);
  const { stdout, code } = await runInside(['audit', 'export']);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { seq: number; hash: string });
  expect(lines.map(({ hash }) => hash)).toEqual(journal.map(({ hash }) => hash));
  expect(code).toBe(0);
  const rest = await runInside(['audit', 'export', '--after', '1001']);
  expect(rest.stdout.trimEnd().split('\n')).toHaveLength(2);
  expect(await runInside(['audit', 'export', '--after', 'all'])).toMatchObject({ code: 2 });
});
