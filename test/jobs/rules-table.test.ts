import { expect, test } from 'vitest';
import { read } from '../house/files.ts';
import { OTHERS, OWNERSHIP, PERMIT } from './rules-examples-automation.ts';
import { ADMIT, ALERTS, SCHEDULE, type RuleExample } from './rules-examples.ts';

const examples: readonly RuleExample[] = [...ADMIT, ...ALERTS, ...PERMIT, ...SCHEDULE, ...OWNERSHIP, ...OTHERS];

test.for(examples.map((row) => [`${row.id}: ${row.rule} ${row.example}`, row] as const))('%s', ([, row]) => {
  expect.hasAssertions();
  row.play();
});

test('the README shows each rule with its example, and no other', () => {
  const rows = read('cloud/jobs/README.md').split('\n').map(cellsOf);
  const shown = rows.filter(({ length, 0: id }) => length === 3 && /^`[a-z-]+`$/.test(id ?? ''));
  expect(shown).toEqual(examples.map(({ id, rule, example }) => [`\`${id}\``, rule, example]));
});

test('no two rules share an id', () => {
  expect(new Set(examples.map(({ id }) => id)).size).toBe(examples.length);
});

/** The cells of a table row, however they are padded. */
function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}
