/** A message that has arrived, and is not acknowledged yet. */
interface InHand {
  /** Null when nobody waits for an acknowledgement (QoS 0). */
  readonly id: number | null;
  isStored: boolean;
}

export interface InboxOptions {
  /** Messages being stored at once; what comes behind them is not taken in. */
  readonly atOnce: number;
  readonly acknowledge: (id: number) => void;
  /** A message that could not be stored: why, in words. Nothing behind it is acknowledged any more. */
  readonly failed: (why: string) => void;
  /** Aborted when the connection has ended: nothing more is stored, because all of it will be delivered again. */
  readonly over: AbortSignal;
}

export interface Inbox {
  /**
   * Stores a message after those of its topic before it; those of other topics are stored beside it. `store` resolves to
   * why it could not, or null. `next` lets the next message in.
   */
  take(topic: string, id: number | null, store: () => Promise<string | null>, next: () => void): void;
}

/**
 * Takes messages in while others are being stored, so that a store with many in hand writes them in one transaction, and
 * what the broker has to say besides (its acknowledgements of our own) does not wait behind a crowd. Acknowledges in
 * the order of arrival, as MQTT demands, and each only when it and all before it are stored.
 */
export function makeInbox({ atOnce, acknowledge, failed, over }: InboxOptions): Inbox {
  const inHand: InHand[] = [];
  const lasts = new Map<string, Promise<void>>();
  let held: (() => void) | undefined;

  function finish(): void {
    while (inHand[0]?.isStored) {
      const { id } = inHand.shift() ?? { id: null };
      if (id !== null) acknowledge(id);
    }
    if (inHand.length >= atOnce) return;
    const next = held;
    held = undefined;
    next?.();
  }

  async function work(before: Promise<void> | undefined, mine: InHand, store: () => Promise<string | null>) {
    await before;
    if (over.aborted) return;
    const why = await store();
    if (over.aborted) return;
    if (why === null) {
      mine.isStored = true;
      finish();
    } else failed(why);
  }

  return {
    take(topic, id, store, next) {
      const mine: InHand = { id, isStored: false };
      inHand.push(mine);
      const working = work(lasts.get(topic), mine, store);
      lasts.set(topic, working);
      void working.finally(() => {
        if (lasts.get(topic) === working) lasts.delete(topic);
      });
      if (inHand.length < atOnce) next();
      else held = next;
    },
  };
}
