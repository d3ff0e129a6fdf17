import type { Clock } from '../../shared/clock.ts';

/** What a broker takes from one connection. */
export interface WindowLimits {
  /** Publishes that it has not acknowledged yet. */
  readonly atOnce: number;
  /** Between two publishes, milliseconds. */
  readonly gapMs: number;
}

/** AWS IoT takes 100 publishes a second from one connection, and 100 that it has not acknowledged. */
const AWS: WindowLimits = { atOnce: 100, gapMs: 10 };
const NONE: WindowLimits = { atOnce: Number.POSITIVE_INFINITY, gapMs: 0 };

/** Whether the broker at that URL is AWS IoT Core. */
export function isAwsIot(url: string): boolean {
  return /\.amazonaws\.com(\.cn)?$/.test(new URL(url).hostname);
}

/** The limits of the broker at that URL; `receiveMaximum` is what it said itself when it let us in (MQTT 5). */
export function limitsOf(url: string, receiveMaximum: number | undefined): WindowLimits {
  const known = isAwsIot(url) ? AWS : NONE;
  return { ...known, atOnce: receiveMaximum ?? known.atOnce };
}

export interface Window {
  /** From now on. */
  limit(limits: WindowLimits): void;
  /** Acts when it may, in the order of the calls; at once while there is room. Never acts after the signal has aborted. */
  pass(signal: AbortSignal, act: () => Promise<void>): Promise<void>;
}

interface Waiter {
  readonly signal: AbortSignal;
  readonly go: () => void;
}

/** A broker hangs up on who sends more than it said; what is too much for now waits here. */
export function makeWindow(clock: Clock, over: AbortSignal): Window {
  let limits: WindowLimits = { atOnce: Number.POSITIVE_INFINITY, gapMs: 0 };
  let waiting: Waiter[] = [];
  let inside = 0;
  let nextAtMs = Number.NEGATIVE_INFINITY;
  let asleep = false;

  function serve(): void {
    waiting = waiting.filter(({ signal }) => !signal.aborted);
    while (waiting.length > 0 && inside < limits.atOnce && !over.aborted) {
      const restMs = nextAtMs - clock.monotonicMs();
      if (restMs > 0) {
        if (!asleep) void wake(restMs);
        return;
      }
      inside += 1;
      nextAtMs = clock.monotonicMs() + limits.gapMs;
      waiting.shift()?.go();
    }
  }

  async function wake(ms: number): Promise<void> {
    asleep = true;
    await clock.sleep(ms, over);
    asleep = false;
    serve();
  }

  return {
    limit(told) {
      limits = told;
      serve();
    },
    pass(signal, act) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const leave = (): void => {
        inside -= 1;
        serve();
      };
      waiting.push({
        signal,
        go: () => void act().then(resolve, reject).finally(leave),
      });
      serve();
      return promise;
    },
  };
}
