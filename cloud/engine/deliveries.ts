import { delayMs } from './backoff.ts';
import type { Deliver } from './engine.ts';
import type { Inside } from './inside.ts';
import { DELIVERY_RETRY_MS, SLOW_POLL_MS } from './limits.ts';
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

/**
 * Delivers a receiver's messages one after the other, in order, and forgets each only after it was delivered: at least
 * once. One that fails stays first and is tried again, 0.5 s to 30 s apart; one past its time is dropped, with a line in
 * the journal. Each receiver has a line of its own, so one that is down delays nobody else. While it is not ours, another
 * endpoint delivers, and nothing is touched here.
 */
export function makeLine(inside: Inside, receiver: string, deliver: Deliver, isOurs: () => boolean): Line {
  const { store, clock, ids, log, outage } = inside;
  const stopped = new AbortController();
  let failures = 0;
  /** Monotonic time before which nothing is tried: a newer message must not hasten the retry of a receiver that is down. */
  let restsUntilMs = Number.NEGATIVE_INFINITY;
  /** At start and after `wake`: what an earlier failure postponed is due now. */
  let awake = true;
  let draining = false;

  async function turn(): Promise<number | 'end'> {
    if (!isOurs()) return rest();
    const restMs = restsUntilMs - clock.monotonicMs();
    if (!awake && restMs > 0) return draining ? 'end' : restMs;
    const message = await outage.watch(store.nextOutgoing(receiver, awake ? Number.MAX_SAFE_INTEGER : clock.nowMs()));
    if (!message) return draining ? 'end' : pauseMs();
    awake = false;
    const nowMs = clock.nowMs();
    if (message.expiresAtMs !== null && message.expiresAtMs <= nowMs) {
      await drop(message, nowMs);
      return 0;
    }
    try {
      await deliver(message.body);
    } catch (error) {
      return fail(message, error);
    }
    if (failures > 0) log.info({ receiver, failures }, `${receiver} takes messages again after ${failures} failures`);
    failures = 0;
    restsUntilMs = Number.NEGATIVE_INFINITY;
    // Here and not in the next turn: while the store is away the message must be forgotten, not sent again.
    await outage.patiently(() => store.delivered(message.id), stopped.signal);
    return 0;
  }

  async function pauseMs(): Promise<number> {
    const dueAtMs = await outage.watch(store.outgoingDueAtMs(receiver));
    return dueAtMs === null ? SLOW_POLL_MS : Math.min(SLOW_POLL_MS, Math.max(1, dueAtMs - clock.nowMs()));
  }

  async function fail(message: OutgoingRow, error: unknown): Promise<number | 'end'> {
    // Ours no longer while it was on its way: whoever has it now need not wait for our failure.
    if (!isOurs()) return rest();
    failures++;
    const reason = error instanceof Error ? error.message : String(error);
    if (failures === 1)
      log.warn({ err: error, receiver }, `${receiver} did not take a message: ${reason}; trying again`);
    const delay = delayMs(Math.max(failures, message.attempts + 1), DELIVERY_RETRY_MS, ids.random());
    restsUntilMs = clock.monotonicMs() + delay;
    await outage.watch(store.postpone(message.id, clock.nowMs() + delay, reason));
    return draining ? 'end' : delay;
  }

  function rest(): number | 'end' {
    return draining ? 'end' : SLOW_POLL_MS;
  }

  async function drop({ id, body, attempts, createdAtMs }: OutgoingRow, nowMs: number): Promise<void> {
    const text = `a message to ${receiver} was dropped: its time was over after ${attempts} attempts`;
    log.warn({ receiver, attempts }, text);
    const entry = { kind: 'dropped', lane: null, text, detail: { receiver, attempts, createdAtMs, body } };
    await outage.watch(store.drop(id, entry, nowMs));
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
