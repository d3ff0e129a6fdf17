import { expect, test } from 'vitest';
import { KNOWN_SEEDS } from './known-seeds.ts';
import { play } from './play.ts';

const FIXED = Array.from({ length: 200 }, (_, nth) => ({ seed: nth + 1, why: 'fixed' }));
const KNOWN = KNOWN_SEEDS.map(({ seed, found }) => ({ seed, why: `it found: ${found}` }));
/** Others each time: what they find is replayed with `node test/sim/search.ts --seed N`, and goes into the known seeds. */
const RANDOM = Array.from({ length: 10 }, () => {
  return { seed: 1_000_000 + Math.floor(Math.random() * 1_000_000_000), why: 'random' };
});

test.for([...FIXED, ...KNOWN, ...RANDOM])(
  'whatever goes wrong, every promise holds, and then the world settles (seed $seed, $why)',
  async ({ seed }) => {
    const { broken, trace } = await play(seed);
    expect(broken, `${trace.join('\n')}\n\nseed ${seed}`).toBeNull();
  },
);

test('the same seed plays the same story, line for line', async () => {
  const [one, other] = [await play(4), await play(4)];
  expect(other.trace).toEqual(one.trace);
  expect(one.changes).toBeGreaterThan(0);
});
