/** One row of a table: what was measured, and what came out each time: milliseconds, unless the table says otherwise. */
export interface Row {
  readonly what: string;
  readonly ms: readonly number[];
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/**
 * A table of p50 and p99, and each row's p50 as a multiple of the first row's. Rows of one table were measured in turn
 * in one run: their ratios mean something, the milliseconds hardly.
 */
export function table(title: string, rows: readonly Row[], unit = 'ms'): string {
  const figures = rows.map(({ what, ms }) => {
    const sorted = ms.toSorted((a, b) => a - b);
    return { what, p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), count: ms.length };
  });
  const base = figures[0]?.p50 ?? Number.NaN;
  const width = Math.max(...figures.map(({ what }) => what.length));
  const lines = figures.map(({ what, p50, p99, count }) =>
    [
      what.padEnd(width),
      p50.toFixed(2).padStart(9),
      p99.toFixed(2).padStart(9),
      `${(p50 / base).toFixed(2)}×`.padStart(8),
      String(count).padStart(6),
    ].join(' '),
  );
  const head = [
    ''.padEnd(width),
    `p50 ${unit}`.padStart(9),
    `p99 ${unit}`.padStart(9),
    'ratio'.padStart(8),
    'n'.padStart(6),
  ].join(' ');
  return [title, head, ...lines, ''].join('\n');
}

/** Runs every way once, in turn, `times` over (after a few that do not count), and keeps their times apart. */
export async function inTurn(ways: Readonly<Record<string, () => Promise<number>>>, times: number): Promise<Row[]> {
  const WARM_UP = 5;
  const found = Object.keys(ways).map((what) => ({ what, ms: [] as number[] }));
  for (let round = -WARM_UP; round < times; round += 1) {
    for (const [at, way] of Object.values(ways).entries()) {
      const ms = await way();
      if (round >= 0) found[at]?.ms.push(ms);
    }
  }
  return found;
}
