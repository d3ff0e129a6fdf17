import type { Receipt, Receiver } from '../ports.ts';
import { delayMs } from './backoff.ts';
import type { Inside } from './inside.ts';
import { DELIVERY_LATER_MS_MAX, DELIVERY_RETRY_MS, DELIVERY_TRY_MS, SLOW_POLL_MS } from './limits.ts';
import { type Loop, makeLoop } from './loop.ts';
import type { OutgoingRow } from './store.ts';

/** The messages on their way to one receiver. */
export interface Line extends Pick<Loop, 'start' | 'stop'> {
  /** There is something new. */
  ring(): void;
  /** The receiver is back: its next message is tried at once, whatever the last failures were. */
  wake(): void;
  /** Delivers what there is, then ends; also at the first failure. */
  drain(): Promise<void>;
}

/** What a receiver hears when its try lasts too long or nobody waits for it any longer. One for all: each costs a stack. */
const OVER = new Error('the try is over');

/** A message on its way. */
interface Flight {
  readonly message: OutgoingRow;
  /** Resolves when the receipt is there. */
  readonly landed: Promise<void>;
  receipt: Receipt | undefined;
  /** Waits for it no longer. */
  abandon(): void;
}

/**
 * Delivers a receiver's messages one after the other (or as many at once as it takes), in order, and forgets each only
 * after it was delivered: at least once. One that fails stays first and is tried again, at the receiver's own pace and
 * not before the time that it named; one past its time, and one that the receiver will never take, are dropped, with a
 * line in the journal. Each receiver has a line of its own, so one that is down delays nobody else. While it is not
 * ours, another endpoint delivers, and nothing is touched here.
 */
export function makeLine(inside: Inside, receiver: string, road: Receiver, isOurs: () => boolean): Line {
  const { store, clock, ids, log, outage } = inside;
  const stopped = new AbortController();
  let failures = 0;
  /** Monotonic time before which nothing is tried: a newer message must not hasten the retry of a receiver that is down. */
  let restsUntilMs = Number.NEGATIVE_INFINITY;
  /** At start, after `wake` and after our own rest: what an earlier failure postponed is due now. */
  let awake = true;
  let draining = false;
  /** On their way, in their order. */
  const flights: Flight[] = [];

  async function turn(): Promise<number | 'end'> {
    if (!isOurs() && flights.length === 0) return rest();
    const restMs = restsUntilMs - clock.monotonicMs();
    if (!awake && restMs > 0) return draining ? 'end' : restMs;
    // Our own rest is over, however the wall clock was set meanwhile.
    if (failures > 0) awake = true;
    await fill();
    const [first] = flights;
    if (!first) return draining ? 'end' : pauseMs();
    await first.landed;
    const wanting = flights.findIndex(({ receipt }) => receipt?.kind !== 'delivered');
    const delivered = flights.splice(0, wanting === -1 ? flights.length : wanting);
    if (delivered.length > 0) {
      answered();
      // Here and not in the next turn: while the store is away the message must be forgotten, not sent again.
      const ids = delivered.map(({ message }) => message.id);
      await outage.patiently(() => store.delivered(...ids), stopped.signal);
      return 0;
    }
    const { message, receipt } = first;
    if (receipt?.kind === 'never') {
      flights.shift();
      await outage.patiently(() => drop(message, receipt.reason), stopped.signal);
      return 0;
    }
    // Those behind it are told again after it, so that nobody hears of the end before the beginning.
    for (const flight of flights.splice(0)) flight.abandon();
    return stopped.signal.aborted || receipt?.kind !== 'later' ? 'end' : postpone(message, receipt);
  }

  /** Sends as many as may be on their way, in their order. */
  async function fill(): Promise<void> {
    while (flights.length < (road.atOnce ?? 1) && isOurs() && !stopped.signal.aborted) {
      const dueAtMs = awake ? Number.MAX_SAFE_INTEGER : clock.nowMs();
      const onTheirWay = flights.map(({ message }) => message.id);
      const message = await outage.watch(store.nextOutgoing(receiver, dueAtMs, onTheirWay));
      if (!message) return;
      awake = false;
      if (message.expiresAtMs === null || message.expiresAtMs > clock.nowMs()) flights.push(launch(message));
      else await outage.watch(drop(message, `its time was over after ${message.attempts} attempts`));
    }
  }

  function launch(message: OutgoingRow): Flight {
    const over = new AbortController();
    const abandon = (): void => over.abort(OVER);
    const flight: Flight = { message, landed: land(), receipt: undefined, abandon };
    async function land(): Promise<void> {
      const receipt = await attempt(message, over);
      flight.receipt = receipt;
    }
    return flight;
  }

  /** One try, which ends: a receiver that says nothing must not keep its line for ever. */
  async function attempt({ id, body, attempts, createdAtMs }: OutgoingRow, over: AbortController): Promise<Receipt> {
    const stop = (): void => over.abort(OVER);
    stopped.signal.addEventListener('abort', stop, { once: true });
    try {
      const trying = road.deliver({ id, body, attempts, createdAtMs }, over.signal);
      return await Promise.race([trying, silence(over.signal)]);
    } catch (error) {
      return { kind: 'later', reason: error instanceof Error ? error.message : String(error), afterMs: null };
    } finally {
      stopped.signal.removeEventListener('abort', stop);
      over.abort(OVER);
    }
  }

  /** Also when the try is told to end: then nobody hears of it. */
  async function silence(ended: AbortSignal): Promise<Receipt> {
    const tryMs = road.deadlineMs ?? DELIVERY_TRY_MS;
    await clock.sleep(tryMs, ended);
    return { kind: 'later', reason: `no answer within ${tryMs / 1_000} s`, afterMs: null };
  }

  function answered(): void {
    if (failures > 0) log.info({ receiver, failures }, `${receiver} takes messages again after ${failures} failures`);
    failures = 0;
    restsUntilMs = Number.NEGATIVE_INFINITY;
  }

  async function pauseMs(): Promise<number> {
    const dueAtMs = await outage.watch(store.outgoingDueAtMs(receiver));
    return dueAtMs === null ? SLOW_POLL_MS : Math.min(SLOW_POLL_MS, Math.max(1, dueAtMs - clock.nowMs()));
  }

  async function postpone(
    message: OutgoingRow,
    { reason, afterMs }: Extract<Receipt, { kind: 'later' }>,
  ): Promise<number | 'end'> {
    // Ours no longer while it was on its way: whoever has it now need not wait for our failure.
    if (!isOurs()) return rest();
    failures++;
    if (failures === 1) log.warn({ receiver }, `${receiver} did not take a message: ${reason}; trying again`);
    const paceMs = delayMs(Math.max(failures, message.attempts + 1), road.retryMs ?? DELIVERY_RETRY_MS, ids.random());
    const delay = Math.max(paceMs, Math.min(afterMs ?? 0, DELIVERY_LATER_MS_MAX));
    restsUntilMs = clock.monotonicMs() + delay;
    await outage.watch(store.postpone(message.id, clock.nowMs() + delay, reason));
    return draining ? 'end' : delay;
  }

  function rest(): number | 'end' {
    return draining ? 'end' : SLOW_POLL_MS;
  }

  async function drop({ id, body, attempts, createdAtMs }: OutgoingRow, reason: string): Promise<void> {
    const text = `a message to ${receiver} was dropped: ${reason}`;
    log.warn({ receiver, attempts }, text);
    const entry = { kind: 'dropped', lane: null, text, detail: { receiver, attempts, createdAtMs, reason, body } };
    await store.drop(id, entry, clock.nowMs());
  }

  const loop = makeLoop(inside, `deliveries to ${receiver}`, turn);
  return {
    start: () => loop.start(),
    ring: () => loop.ring(),
    wake() {
      awake = true;
      loop.ring();
    },
    drain() {
      draining = true;
      loop.ring();
      return loop.ended();
    },
    stop() {
      stopped.abort();
      loop.stop();
    },
  };
}
