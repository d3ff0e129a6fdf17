import type { Clock } from '../../shared/clock.ts';
import { isFault } from '../../shared/faults.ts';
import type { Log } from '../../shared/log.ts';
import type { Ids } from '../ports.ts';
import { delayMs } from './backoff.ts';
import { makeBell } from './bell.ts';
import { MISTAKE_RETRY_MS, STORE_RETRY_MS } from './limits.ts';

/** Something done over and over for as long as the engine lives. */
export interface Loop {
  start(): void;
  /** Ends its sleep. */
  ring(): void;
  /** No further turn; the one that runs is not interrupted. */
  stop(): void;
  /** Resolves after the last turn; at once when it was never started. */
  ended(): Promise<void>;
}

/**
 * Takes turns; each says how many milliseconds to sleep before the next, or `end`. One that rejects is repeated: soon
 * while the store is away (which is reported elsewhere), later and with a log line after anything else.
 */
export function makeLoop(
  { clock, ids, log }: { clock: Clock; ids: Ids; log: Log },
  name: string,
  turn: () => Promise<number | 'end'>,
): Loop {
  const bell = makeBell(clock);
  let running: Promise<void> | undefined;
  const stopped = new AbortController();

  async function run(): Promise<void> {
    for (let failures = 0; !stopped.signal.aborted;) {
      let pauseMs: number | 'end';
      try {
        pauseMs = await turn();
        failures = 0;
      } catch (error) {
        failures++;
        const away = isFault(error, 'store-unavailable');
        if (!away) log.error({ err: error, loop: name }, `the ${name} met an error and will try again`);
        pauseMs = delayMs(failures, away ? STORE_RETRY_MS : MISTAKE_RETRY_MS, ids.random());
      }
      if (pauseMs === 'end') return;
      if (!stopped.signal.aborted && pauseMs > 0) await bell.sleep(pauseMs);
    }
  }

  return {
    start() {
      running ??= run();
    },
    ring: () => bell.ring(),
    stop() {
      stopped.abort();
      bell.ring();
    },
    ended: () => running ?? Promise.resolve(),
  };
}
