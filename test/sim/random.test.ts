import { expect, test } from 'vitest';
import { KNOWN_SEEDS } from './known-seeds.ts';
import { play } from './play.ts';
import { holdAll } from './played-seeds.ts';

holdAll(KNOWN_SEEDS.map(({ seed, found }) => ({ seed, why: `it found: ${found}` })));

/** Others each time: one that finds something goes into the known seeds. */
holdAll(
  Array.from({ length: 20 }, () => {
    return { seed: 1_000_000 + Math.floor(Math.random() * 1_000_000_000), why: 'random' };
  }),
);

test.for([
  { seed: 4, what: 'at the door' },
  { seed: 52, what: 'over HTTP, with buttons that die and sleep' },
])('the same seed plays the same story, line for line ($what)', async ({ seed }) => {
  const [one, other] = [await play(seed), await play(seed)];
  expect(other.trace).toEqual(one.trace);
  expect(one.changes).toBeGreaterThan(0);
});
