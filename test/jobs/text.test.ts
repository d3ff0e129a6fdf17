import { expect, test } from 'vitest';
import { clip, count, isoTime, list, place, sentence, timeInWords, who } from '../../cloud/jobs/text.ts';

const NOON = Date.UTC(2026, 10, 22, 12, 4, 10);

test('a time is said in 24 h UTC, with its date only when that is another day', () => {
  expect(timeInWords(NOON, NOON + 1)).toBe('12:04:10 UTC');
  expect(timeInWords(Date.UTC(2026, 10, 23, 0, 0, 0), NOON)).toBe('23 Nov 2026, 00:00:00 UTC');
  expect(timeInWords(NOON - 365 * 86_400_000, NOON)).toBe('22 Nov 2025, 12:04:10 UTC');
  expect(isoTime(NOON)).toBe('2026-11-22T12:04:10.000Z');
});

test('who asked is said with the road, in words', () => {
  expect(who({ kind: 'button', actor: 'lobby' })).toBe('lobby (button)');
  expect(who({ kind: 'cli', actor: 'ops' })).toBe('ops (command line)');
});

test('a list says how many it leaves out', () => {
  expect(list([])).toBe('');
  expect(list(['a'])).toBe('a');
  expect(list(['a', 'b', 'c'])).toBe('a, b and c');
  expect(list(['a', 'b', 'c', 'd', 'e'])).toBe('a, b, c and 2 more');
});

test('counts have their plural', () => {
  expect(count(1, 'alert')).toBe('1 alert');
  expect(count(0, 'alert')).toBe('0 alerts');
});

test('a stranger’s text is one line of bounded length', () => {
  expect(clip('two\nlines\tand  more', 100)).toBe('two lines and more');
  expect(clip('x'.repeat(500), 10)).toBe(`${'x'.repeat(9)}…`);
  expect(clip('😀'.repeat(10), 10)).toBe('😀😀😀😀…');
  expect(clip('half \ud83d', 10)).toBe('half \ufffd');
});

test('a stranger’s text cannot steer the terminal, or turn the sentence around, of whoever reads it', () => {
  expect(clip('a\u0000b\u001b[31mc\u009b2J\u202ed\u2066e\u200b', 100)).toBe('a b [31mc 2J d e');
  expect(clip('👩\u200d🚒 می\u200cخواهم', 100)).toBe('👩\u200d🚒 می\u200cخواهم');
});

test('a clause becomes a sentence with one full stop', () => {
  expect(sentence('done')).toBe('done.');
  expect(sentence('really?')).toBe('really?');
  expect(sentence('done. ')).toBe('done.');
});

test('what is no position is said in words', () => {
  expect(place('maintenance')).toBe('maintenance');
  expect(place('before')).toBe('the records from before');
  expect(place('drifted')).toBe('records that equal no position');
  expect(place(null)).toBe('a position not yet known');
});
