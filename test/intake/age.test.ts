import { assert, integer, property } from 'fast-check';
import { expect, test } from 'vitest';
import { ageMsOf } from '../../cloud/intake/age.ts';

const NOW_MS = Date.parse('2026-11-22T12:00:00Z');
const ago = (ms: number): string => new Date(NOW_MS - ms).toISOString();

test.for([
  ['nothing said', {}, 0],
  ['counted by the sender', { ageMs: 1_500 }, 1_500],
  ['dated', { issuedAt: ago(20_000) }, 20_000],
  ['dated with an offset', { issuedAt: '2026-11-22T20:59:30+09:00' }, 30_000],
  ['the date is the older', { ageMs: 100, issuedAt: ago(20_000) }, 20_000],
  ['the count is the older', { ageMs: 30_000, issuedAt: ago(20_000) }, 30_000],
  ['a clock half a minute ahead is forgiven', { issuedAt: ago(-30_000) }, 0],
] as const)('the age of a command, %s', ([, options, expected]) => {
  expect(ageMsOf(options, NOW_MS)).toBe(expected);
});

test('a date in the future tells no age, and that is said', () => {
  expect(() => ageMsOf({ issuedAt: ago(-30_001) }, NOW_MS)).toThrow(/ahead of this endpoint's clock/);
});

test('no command is younger than either account of its age', () => {
  const ages = integer({ min: 0, max: 10 ** 9 });
  assert(
    property(ages, ages, (ageMs, dated) => {
      const found = ageMsOf({ ageMs, issuedAt: ago(dated) }, NOW_MS);
      expect(found).toBe(Math.max(ageMs, dated));
    }),
  );
});

test.for([
  ['counted', { ageMs: Number.MAX_SAFE_INTEGER }],
  ['dated', { issuedAt: '0001-01-01T00:00:00Z' }],
] as const)('nothing was pressed before 1970, however old it is said to be: %s', ([, options]) => {
  expect(ageMsOf(options, NOW_MS)).toBe(NOW_MS);
});
