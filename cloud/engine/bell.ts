import type { Clock } from '../../shared/clock.ts';

/** A sleep that can be ended: a ring while nobody sleeps ends the next sleep at once, so that none is lost. */
export interface Bell {
  ring(): void;
  sleep(ms: number): Promise<void>;
}

export function makeBell(clock: Clock): Bell {
  let next = new AbortController();
  return {
    // A reason of our own: the default one costs a stack trace, and bells ring at everything that happens.
    ring: () => next.abort('rung'),
    async sleep(ms) {
      if (!next.signal.aborted) await clock.sleep(ms, next.signal);
      if (next.signal.aborted) next = new AbortController();
    },
  };
}
