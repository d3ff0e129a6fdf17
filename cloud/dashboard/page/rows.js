/**
 * Rows that are read page by page, newest first, and read anew at the top. What is shown has no holes. Pure.
 * @template Row
 * @typedef {{ rows: Row[], isAll: boolean }} Read `isAll`: no older row is there.
 */

/** Rows of one page. */
export const ROWS = 50;
/** A page that is left open for weeks forgets the oldest; they are read again when somebody asks for them. */
const ROWS_MAX = 1_000;

/**
 * The newest page, read anew: it alone says what is there down to its last row. Older rows stay only when they join it.
 * @template Row
 * @param {Read<Row> | null} known @param {Row[]} found @param {(row: Row) => string | number} keyOf @returns {Read<Row>}
 */
export function withNewest(known, found, keyOf) {
  if (known === null || found.length < ROWS) return { rows: found, isAll: found.length < ROWS };
  const fresh = new Set(found.map(keyOf));
  // What of the known rows comes after the last that both have; between the two nothing can be missing.
  const joint = known.rows.findLastIndex((row) => fresh.has(keyOf(row)));
  if (joint === -1) return { rows: found, isAll: false };
  const rows = [...found, ...known.rows.slice(joint + 1)];
  return rows.length > ROWS_MAX ? { rows: rows.slice(0, ROWS_MAX), isAll: false } : { rows, isAll: known.isAll };
}

/**
 * The page before `last`; dropped when the rows that it was asked for have changed meanwhile.
 * @template Row
 * @param {Read<Row> | null} known @param {Row} last @param {Row[]} found @param {(row: Row) => string | number} keyOf
 * @returns {Read<Row> | null}
 */
export function withOlder(known, last, found, keyOf) {
  const end = known?.rows.at(-1);
  if (!known || end === undefined || keyOf(end) !== keyOf(last)) return known;
  return { rows: [...known.rows, ...found], isAll: found.length < ROWS };
}
