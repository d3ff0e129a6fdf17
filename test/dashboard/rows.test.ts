import { expect, test } from 'vitest';
import { ROWS, type Read, withNewest, withOlder } from '../../cloud/dashboard/page/rows.js';

const keyOf = (row: number): number => row;
/** Rows as the endpoint numbers them, newest first. */
const rows = (newest: number, oldest: number): number[] =>
  Array.from({ length: newest - oldest + 1 }, (_, n) => newest - n);
const page = (newest: number): number[] => rows(newest, Math.max(1, newest - ROWS + 1));
const newest = (known: Read<number> | null, found: number[]): Read<number> => withNewest(known, found, keyOf);

test('what is new is put before what was read, each row once', () => {
  const first = newest(null, page(120));
  expect(first).toEqual({ rows: rows(120, 71), isAll: false });
  const older = withOlder(first, 71, rows(70, 21), keyOf);
  expect(newest(older, page(125))).toEqual({ rows: rows(125, 21), isAll: false });
});

test('when more rows came than a page has, those read before are left out, rather than shown with a hole', () => {
  const all = withOlder(newest(null, page(60)), 11, rows(10, 1), keyOf);
  expect(all).toEqual({ rows: rows(60, 1), isAll: true });
  expect(newest(all, page(110)), 'the last page joins by nothing').toEqual({ rows: rows(110, 61), isAll: false });
  expect(newest(all, page(109)), 'one row that both have is enough').toEqual({ rows: rows(109, 1), isAll: true });
});

test('what does not match the filter any more goes, with the page that it was on', () => {
  expect(newest({ rows: [9, 7, 3], isAll: true }, [9, 3])).toEqual({ rows: [9, 3], isAll: true });
  expect(newest({ rows: [9], isAll: true }, [])).toEqual({ rows: [], isAll: true });
  const known = { rows: rows(100, 31), isAll: false };
  const found = [...rows(100, 91), ...rows(89, 50)];
  expect(newest(known, found)).toEqual({ rows: [...found, ...rows(49, 31)], isAll: false });
});

test('a page that was asked for before the rows changed is dropped, not put under others', () => {
  const known = newest(null, page(200));
  expect(withOlder(known, 71, rows(70, 21), keyOf)).toBe(known);
  expect(withOlder(null, 71, rows(70, 21), keyOf)).toBeNull();
});

test('a page that stays open for weeks keeps a thousand rows, and offers the older ones again', () => {
  let known: Read<number> | null = { rows: rows(40, 1), isAll: true };
  for (let n = 41; n <= 2_000; n += 7) known = newest(known, page(n));
  expect(known.rows.length).toBe(1_000);
  expect(known.isAll).toBe(false);
  expect(known.rows).toEqual(rows(known.rows[0] ?? 0, (known.rows[0] ?? 0) - 999));
});
