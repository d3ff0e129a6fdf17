/** The known word that `word` was probably meant to be, or undefined when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const wanted = word.toLowerCase().slice(0, 64);
  let best: string | undefined;
  // One slip in three letters is a slip; more is another word.
  let bestSlips = Math.floor(wanted.length / 3) + 1;
  for (const candidate of known) {
    const count = slips(wanted, candidate.toLowerCase());
    if (count < bestSlips) [best, bestSlips] = [candidate, count];
  }
  return best;
}

/** Letters to add, drop or replace, or neighbours to swap, to make `from` into `to` (optimal string alignment). */
function slips(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const same = from[i - 1] === to[j - 1] ? 0 : 1;
      const swap = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1] ? at(rows, i - 2, j - 2) + 1 : Infinity;
      row.push(Math.min(at(rows, i - 1, j) + 1, (row[j - 1] ?? Infinity) + 1, at(rows, i - 1, j - 1) + same, swap));
    }
    rows.push(row);
  }
  return at(rows, from.length, to.length);
}

function at(rows: readonly (readonly number[])[], row: number, column: number): number {
  return rows[row]?.[column] ?? Infinity;
}
