import type { Clock } from '../../shared/clock.ts';

/** Who goes first when there are more requests than the account may make: from the one who cannot wait to the one who can. */
const URGENCIES = ['human', 'automation', 'settle', 'watch'] as const;
export type Urgency = (typeof URGENCIES)[number];

/** Route 53 takes five requests a second from a whole account; more are refused, whoever sends them. */
export interface RateBudget {
  /**
   * Waits for the turn of one request. Rejects with the signal's reason when it aborts first. Others of the account
   * (another endpoint, Terraform, the console) are not seen: what they take comes back as throttling.
   */
  take(urgency: Urgency, signal: AbortSignal): Promise<void>;
}

/** For those who make few requests, or whose Route 53 is their own: every turn comes at once. */
export const UNLIMITED: RateBudget = {
  take: async (_, signal) => signal.throwIfAborted(),
};

/**
 * No second of any position holds more than the limit; requests are on their way for unequal times, so that two of them
 * may arrive closer together than they were sent.
 */
const WINDOW_MS = 1_050;

interface Waiter {
  readonly urgency: Urgency;
  readonly go: () => void;
}

/**
 * At most `perSecond` requests in any second, the most urgent first, in the order of arrival among equals. One of them is
 * kept for humans, so that a person's change never waits for what automation, polls and the watch have just sent.
 */
export function makeRateBudget(clock: Clock, perSecond: number): RateBudget {
  const sentAtMs: number[] = [];
  const waiting: Waiter[] = [];
  let timer: AbortController | undefined;

  const limitOf = (urgency: Urgency): number => (urgency === 'human' ? perSecond : Math.max(1, perSecond - 1));

  /** Milliseconds until a request of this urgency may go: 0 when it may now. */
  const waitMs = (urgency: Urgency): number => {
    const nowMs = clock.monotonicMs();
    while (sentAtMs[0] !== undefined && sentAtMs[0] <= nowMs - WINDOW_MS) sentAtMs.shift();
    const blocking = sentAtMs.at(-limitOf(urgency));
    return sentAtMs.length < limitOf(urgency) || blocking === undefined ? 0 : blocking + WINDOW_MS - nowMs;
  };

  const next = (): Waiter | undefined =>
    URGENCIES.map((urgency) => waiting.find((one) => one.urgency === urgency)).find((one) => one !== undefined);

  const leave = (waiter: Waiter): void => {
    const at = waiting.indexOf(waiter);
    if (at >= 0) waiting.splice(at, 1);
  };

  const serve = (): void => {
    timer?.abort('served');
    timer = undefined;
    for (let first = next(); first; first = next()) {
      const ms = waitMs(first.urgency);
      if (ms > 0) {
        timer = new AbortController();
        void wake(ms, timer.signal);
        return;
      }
      leave(first);
      sentAtMs.push(clock.monotonicMs());
      first.go();
    }
  };

  const wake = async (ms: number, signal: AbortSignal): Promise<void> => {
    await clock.sleep(Math.ceil(ms), signal);
    if (!signal.aborted) serve();
  };

  return {
    async take(urgency, signal) {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const waiter: Waiter = { urgency, go: resolve };
      const give = (): void => {
        leave(waiter);
        // Nobody waits any more: no timer may keep the process.
        serve();
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', give, { once: true });
      waiting.push(waiter);
      serve();
      try {
        await promise;
      } finally {
        signal.removeEventListener('abort', give);
      }
    },
  };
}
