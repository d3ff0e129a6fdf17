import { describe, expect, test } from 'vitest';
import type { JournalRow, Store } from '../../cloud/engine/store.ts';
import { FIRST_HASH, journalHash } from '../../cloud/store/journal.ts';
import type { Opened } from './opened.ts';
import { NOW, rule, turn } from './plans.ts';

/** Its rows, which follow each other from its anchor on. */
async function chain(of: Store): Promise<readonly JournalRow[]> {
  const anchor = await of.journalAnchor();
  const rows = await of.journal(0, 10_000);
  const links = [anchor, ...rows];
  rows.forEach((row, n) =>
    expect(row).toMatchObject({ hash: journalHash(links[n]?.hash ?? '', row), seq: anchor.seq + n + 1 }),
  );
  return rows;
}

/** Part of the suite that every store is held to: the journal whose oldest rows were exported and taken out. */
export function truncationConformance(opened: () => Opened): void {
  describe('a journal that was truncated', () => {
    const line = { kind: 'x', lane: null, text: '', detail: null };
    const truncated = { kind: 'truncated', lane: null, text: 'exported', detail: { to: 3 } };
    test('begins at its anchor, says so in a row of its own, and goes on with the same chain', async () => {
      const { store } = opened();
      expect(await store.journalAnchor()).toEqual({ seq: 0, hash: FIRST_HASH });
      for (let n = 1; n <= 5; n++) await store.record(line, NOW + n);
      const third = (await store.journal(0, 10))[2] as JournalRow;
      expect(await store.truncateJournal(third, truncated, NOW + 6)).toBe('done');
      expect(await store.journalAnchor()).toEqual({ seq: 3, hash: third.hash });
      expect((await chain(store)).map(({ seq }) => seq)).toEqual([4, 5, 6]);
      const again = await opened().again();
      await again.record(line, NOW + 7);
      expect((await chain(again)).map(({ kind }) => kind)).toEqual(['x', 'x', 'truncated', 'x']);
    });

    test('may lose every row, and the next one still follows the last', async () => {
      const { store } = opened();
      for (let n = 1; n <= 2; n++) await store.record(line, NOW + n);
      const last = (await store.journal(0, 10)).at(-1) as JournalRow;
      expect(await store.truncateJournal(last, null, NOW)).toBe('done');
      expect(await store.journal(0, 10)).toEqual([]);
      await store.record(line, NOW + 3);
      expect((await chain(store)).map(({ seq }) => seq)).toEqual([3]);
      expect(await store.truncateJournal(last, truncated, NOW)).toBe('done');
      expect(await store.journal(0, 10)).toHaveLength(1);
    });

    test('loses nothing to whoever exported something else, or a row that is gone or yet to come', async () => {
      const { store } = opened();
      for (let n = 1; n <= 3; n++) await store.record(line, NOW + n);
      const [first, second] = (await store.journal(0, 10)) as [JournalRow, JournalRow];
      for (const to of [
        { ...second, hash: first.hash },
        { seq: 9, hash: second.hash },
        { seq: 0, hash: second.hash },
      ]) {
        expect(await store.truncateJournal(to, truncated, NOW)).toBe('no-such-row');
      }
      expect(await chain(store)).toHaveLength(3);
      await store.truncateJournal(second, null, NOW);
      expect(await store.truncateJournal(first, truncated, NOW)).toBe('no-such-row');
      expect(await chain(store)).toHaveLength(1);
    });

    test('loses a long history a part at a time, and is whole between the parts', async () => {
      const { store } = opened();
      const many = Array.from({ length: 2_500 }, () => line);
      await store.decide(turn(), rule({ state: 1, journal: many }));
      const last = (await store.journal(2_499, 1))[0] as JournalRow;
      expect(await store.truncateJournal(last, truncated, NOW)).toBe('more');
      expect((await chain(store)).map(({ kind }) => kind)).toContain('truncated');
      expect(await store.truncateJournal(last, null, NOW)).toBe('done');
      expect((await chain(store)).map(({ kind }) => kind)).toEqual(['truncated']);
    });
  });
}
