import type { Clock } from '../../shared/clock.ts';
import type { Receipt } from '../ports.ts';

/** How long a receiver that takes nothing any more is not asked: long enough to spare it, short enough to be mended in. */
const CLOSED_MS = 3_600_000;
/** Where somebody is waited for: they are called soon after it was mended. */
const CLOSED_MS_OF_A_PAGER = 600_000;

export interface Circuit {
  /** The answer to give in place of a call, while the receiver takes nothing; else undefined. */
  closed(): Receipt | undefined;
  /** The receiver has refused everything; the answer to give for the message that it refused. */
  close(reason: string): Receipt;
  /** Why it takes nothing, while it is not asked; else null. */
  trouble(): string | null;
}

/**
 * For receivers that say for good that they take nothing more (a Slack webhook that was removed, 410 of a webhook). What
 * was meant for them meanwhile is dropped, with a journal row each: it would be old news by the time it is mended. For
 * a pager it waits: who was to be called must still be called.
 */
export function makeCircuit(clock: Pick<Clock, 'monotonicMs'>, meanwhile: 'dropped' | 'waits' = 'dropped'): Circuit {
  let until = Number.NEGATIVE_INFINITY;
  let why = '';
  const answer = (reason: string): Receipt =>
    meanwhile === 'dropped'
      ? { kind: 'never', reason }
      : { kind: 'later', reason, afterMs: Math.max(0, until - clock.monotonicMs()) };
  const isClosed = (): boolean => clock.monotonicMs() < until;
  return {
    closed: () =>
      isClosed() ? answer(`not sent, because a message before it was refused for good: ${why}`) : undefined,
    close(reason) {
      until = clock.monotonicMs() + (meanwhile === 'dropped' ? CLOSED_MS : CLOSED_MS_OF_A_PAGER);
      why = reason;
      return answer(`${reason}; it takes no messages until its entry under notify is mended`);
    },
    trouble: () => (isClosed() ? why : null),
  };
}
