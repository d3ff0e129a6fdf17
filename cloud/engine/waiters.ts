import type { Clock } from '../../shared/clock.ts';
import { type Bell, makeBell } from './bell.ts';
import { isUnfinished, type JobRow } from './job.ts';

/** A job may end in another process, which rings no bell here. */
const POLL_MS = 500;

/** Those who wait for the end of a job. */
export interface Waiters {
  /** The job when it has ended, or as it is after `ms`. */
  wait(id: string, ms: number): Promise<JobRow | undefined>;
  /** Something was decided about these jobs. */
  ring(ids: Iterable<string> | 'all'): void;
  /** Nobody waits any longer: each gets its job as it is. */
  stop(): void;
}

export function makeWaiters(clock: Clock, read: (id: string) => Promise<JobRow | undefined>): Waiters {
  let stopped = false;
  const bells = new Map<string, Set<Bell>>();
  return {
    async wait(id, ms) {
      const untilMs = clock.monotonicMs() + ms;
      const bell = makeBell(clock);
      const mine = bells.get(id) ?? new Set();
      bells.set(id, mine.add(bell));
      try {
        for (;;) {
          const job = await read(id);
          const leftMs = untilMs - clock.monotonicMs();
          if (!job || !isUnfinished(job) || leftMs <= 0 || stopped) return job;
          await bell.sleep(Math.min(POLL_MS, leftMs));
        }
      } finally {
        mine.delete(bell);
        if (mine.size === 0 && bells.get(id) === mine) bells.delete(id);
      }
    },
    ring(ids) {
      for (const id of ids === 'all' ? bells.keys() : ids) for (const bell of bells.get(id) ?? []) bell.ring();
    },
    stop() {
      stopped = true;
      for (const waiting of bells.values()) for (const bell of waiting) bell.ring();
    },
  };
}
