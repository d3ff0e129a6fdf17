import type { Clock } from '../../shared/clock.ts';
import type { Receipt } from '../ports.ts';

/** How long a receiver that takes nothing any more is not asked: long enough to spare it, short enough to be mended in. */
const CLOSED_MS = 3_600_000;

export interface Circuit {
  /** The answer to give in place of a call, while the receiver takes nothing; else undefined. */
  closed(): Receipt | undefined;
  close(reason: string): void;
}

/**
 * For receivers that say for good that they take nothing more (a Slack webhook that was removed, 410 of a webhook). What
 * was meant for them meanwhile is dropped, with a journal row each: it would be old news by the time it is mended.
 */
export function makeCircuit(clock: Pick<Clock, 'monotonicMs'>): Circuit {
  let until = Number.NEGATIVE_INFINITY;
  let why = '';
  return {
    closed() {
      if (clock.monotonicMs() >= until) return undefined;
      return { kind: 'never', reason: `not sent, because a message before it was refused for good: ${why}` };
    },
    close(reason) {
      until = clock.monotonicMs() + CLOSED_MS;
      why = reason;
    },
  };
}
