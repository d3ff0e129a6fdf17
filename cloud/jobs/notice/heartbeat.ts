import type { Clock } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';

/** Tries in one interval, so that one lost packet is no alarm somewhere else. */
const TRIES = 3;
const AGAIN_MS = 5_000;

export interface HeartbeatOptions {
  readonly name: string;
  readonly everyMs: number;
  /** Calls the URL. Null, or why it could not be called. */
  readonly beat: (signal: AbortSignal) => Promise<string | null>;
  /** Null while all is well, or what is not. */
  readonly trouble: (signal: AbortSignal) => Promise<string | null>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Calls the URL while all is well, and says nothing when it is not: whoever listens there notices the silence, also when
 * dashover cannot speak at all. Ends with `signal`.
 */
export async function runHeartbeat(options: HeartbeatOptions, signal: AbortSignal): Promise<void> {
  const { name, everyMs, clock, log } = options;
  let last: string | null = null;
  while (!signal.aborted) {
    const fromMs = clock.monotonicMs();
    const why = await beatOnce(options, signal);
    if (signal.aborted) return;
    if (why !== last) {
      if (why === null) log.info({ receiver: name }, `${name}: the heartbeat goes out again.`);
      else log.warn({ receiver: name }, `${name}: no heartbeat. ${why}`);
    }
    last = why;
    // What is not well is looked at sooner, so that its end, and the start of the process, are heard at once.
    const waitMs = why === null ? everyMs : Math.min(everyMs, AGAIN_MS);
    await clock.sleep(Math.max(0, waitMs - (clock.monotonicMs() - fromMs)), signal);
  }
}

async function beatOnce({ trouble, beat, clock }: HeartbeatOptions, signal: AbortSignal): Promise<string | null> {
  const ill = await trouble(signal);
  if (ill !== null) return ill;
  let why: string | null = null;
  for (let tries = 0; tries < TRIES && !signal.aborted; tries++) {
    if (tries > 0) await clock.sleep(AGAIN_MS, signal);
    why = await beat(signal);
    if (why === null) return null;
  }
  return why;
}
