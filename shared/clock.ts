/**
 * The only way to learn the time or to wait. Production passes `systemClock`, the simulator its own:
 * what it cannot steer, it cannot test.
 */
export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  nowMs(): number;
  /** Monotonic milliseconds; only differences mean anything. Ages and deadlines within one process are measured with it. */
  monotonicMs(): number;
  /** Resolves after `ms`, or at once when `signal` aborts (it never rejects: look at `signal.aborted` afterwards). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
