import { stripVTControlCharacters } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { table } from '../../cloud/cli/terminal.ts';

const ID = '01a22b12-5380-76ae-9e0a-82bf71e9fa96';
const HEADINGS = ['ACCEPTED', 'ID', 'SWITCH', 'COMMAND', 'STATUS', 'JOB'];
const ROWS = [
  [
    '2026-11-22 12:04:10 UTC',
    ID,
    'www',
    'failover',
    'succeeded',
    `www moved. ${'Every server answers so. '.repeat(9)}`,
  ],
  ['2026-11-22 12:04:09 UTC', ID, 'api', 'drill', 'refused', 'Drill of api, asked by ops.'],
];
const isTTY = process.stdout.isTTY;
const { columns } = process.stdout;
afterEach(() => {
  Object.assign(process.stdout, { isTTY, columns });
});

/** Its lines as a terminal of so many columns is given them, or a file (0). */
function lines(width: number, rows: readonly (readonly string[])[] = ROWS): readonly string[] {
  Object.assign(process.stdout, { isTTY: width > 0, columns: width });
  return stripVTControlCharacters(table(HEADINGS, rows)).split('\n');
}

test.for([40, 60, 80, 100, 132, 200])(
  'on a terminal of %i columns no line of a table is longer, and every id is whole',
  (width) => {
    const told = lines(width);
    expect(told.filter((line) => line.length > width)).toEqual([]);
    expect(told.filter((line) => line.includes(ID))).toHaveLength(ROWS.length);
    for (const word of [...HEADINGS, 'failover', 'succeeded', 'www moved', 'refused']) {
      expect(told.join('\n')).toContain(word);
    }
  },
);

test('where a row needs several lines, its columns stand below each other all the same', () => {
  expect(lines(80)).toEqual([
    'ACCEPTED                 ID                                    SWITCH  COMMAND',
    '  STATUS     JOB',
    `2026-11-22 12:04:10 UTC  ${ID}  www     failover`,
    '  succeeded  www moved. Every server answers so. Every server answers so. Every…',
    `2026-11-22 12:04:09 UTC  ${ID}  api     drill`,
    '  refused    Drill of api, asked by ops.',
  ]);
});

test('elsewhere nothing is cut and a row is a line', () => {
  const told = lines(0);
  expect(told).toHaveLength(1 + ROWS.length);
  expect(told[1]).toContain(ROWS[0]?.at(-1)?.trim());
});

test('what is cut is not cut through the middle of a character', () => {
  expect(lines(132, [['', '', '', '', '', '😀'.repeat(200)]]).join('')).not.toMatch(/\p{Cs}/u);
});
