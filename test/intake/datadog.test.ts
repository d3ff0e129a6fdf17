import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../house/files.ts';
import { play, readSequences } from './datadog-player.ts';

const TRANSITIONS = ['Triggered', 'Re-Triggered', 'Renotify', 'No Data', 'Re-No Data', 'Warn', 'Re-Warn', 'Recovered'];
const SEQUENCES = readSequences(join(ROOT, 'test/intake/datadog-sequences.txt'));

test('the file holds at least forty sequences, each a promise of its own', () => {
  expect(SEQUENCES.length).toBeGreaterThanOrEqual(40);
  expect(new Set(SEQUENCES.map(({ promise }) => promise)).size).toBe(SEQUENCES.length);
  expect(SEQUENCES.filter(({ steps }) => steps.length === 0)).toEqual([]);
});

test('the sequences cover each transition of Datadog, both encodings, both set-ups, groups, disorder, repeats, age and tests', () => {
  const sent = SEQUENCES.flatMap(({ steps }) => steps.map(({ words }) => words.join(' ')));
  for (const part of [
    ...TRANSITIONS.map((transition) => new RegExp(`^${transition}( [a-z_]+=|$)`)),
    /^nothing/,
    /^\$ALERT_TRANSITION/,
    /as=form/,
    /^default to=\/failover/,
    /^default to=\/restore/,
    /^Triggered to=\/failover/,
    /^Recovered to=\/restore/,
    /group=/,
    /monitor=2/,
    /cycle=c2/,
    /dated=/,
    /title=\[TEST\]/,
    /^human/,
  ]) {
    expect([part, sent.filter((step) => part.test(step)).length]).toEqual([
      part,
      expect.toSatisfy((count) => count > 0),
    ]);
  }
  const settings = SEQUENCES.map(({ settings }) => JSON.stringify(settings));
  expect(new Set(settings).size).toBeGreaterThanOrEqual(4);
});

test.for(SEQUENCES.map((sequence) => [sequence.promise, sequence] as const))('%s', async ([, sequence]) => {
  await expect(play(sequence)).resolves.toBeUndefined();
});
