import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../house/files.ts';
import { play, readSequences } from './datadog-player.ts';

const SEQUENCES = readSequences(join(ROOT, 'test/intake/datadog-sequences.txt'));

test('the file holds at least forty sequences, each a promise of its own', () => {
  expect(SEQUENCES.length).toBeGreaterThanOrEqual(40);
  expect(new Set(SEQUENCES.map(({ promise }) => promise)).size).toBe(SEQUENCES.length);
  expect(SEQUENCES.filter(({ steps }) => steps.length === 0)).toEqual([]);
});

test.for(SEQUENCES.map((sequence) => [sequence.promise, sequence] as const))('%s', async ([, sequence]) => {
  await expect(play(sequence)).resolves.toBeUndefined();
});
