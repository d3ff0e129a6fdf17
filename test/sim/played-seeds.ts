import { expect, test } from 'vitest';
import { play } from './play.ts';

export interface Seed {
  readonly seed: number;
  /** Where it comes from. */
  readonly why: string;
}

/** That many seeds from `first` on, the same in every run: in files of a few hundred, which run beside each other. */
export function fixedSeeds(first: number, count: number): readonly Seed[] {
  return Array.from({ length: count }, (_, nth) => ({ seed: first + nth, why: 'fixed' }));
}

/** A test for each: what it finds is replayed with `npm run sim -- --seed N`. */
export function holdAll(seeds: readonly Seed[]): void {
  test.for(seeds)(
    'whatever goes wrong, every promise holds, and then the world settles (seed $seed, $why)',
    async ({ seed }) => {
      const { broken, trace } = await play(seed);
      expect(broken, `${trace.join('\n')}\n\nseed ${seed}`).toBeNull();
    },
  );
}
