import type { Clock } from '../../shared/clock.ts';
import { Fault } from '../../shared/faults.ts';

/**
 * Puts a deadline of its own on a call. `act` is called at once, in the same tick; it has ended, as far as the caller
 * is concerned, when the time is over or `signal` aborts, also when it does not listen to its signal. Throws the
 * signal's reason, or the Fault `route53-unreachable`.
 */
export async function within<Result>(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  act: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const call = new AbortController();
  const over = new AbortController();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const end = (reason: Error): void => {
    reject(reason);
    call.abort(reason);
  };
  const give = (): void => end(signal.reason as Error);
  const expire = async (): Promise<void> => {
    await clock.sleep(ms, over.signal);
    if (!over.signal.aborted) end(new Fault('route53-unreachable', `There was no answer within ${ms / 1_000} s.`));
  };
  signal.throwIfAborted();
  signal.addEventListener('abort', give, { once: true });
  try {
    const acting = act(call.signal);
    void expire();
    return await Promise.race([acting, ended]);
  } finally {
    // With a reason, because the default one costs a stack trace.
    over.abort('ended');
    signal.removeEventListener('abort', give);
  }
}
