/** One change call at a time in a zone: Route 53 refuses a second one until the first is answered. */
export interface ZoneTurns {
  /**
   * Waits until no other change call of this process is under way in the zone, then acts. Rejects with the signal's
   * reason when it aborts while waiting; other processes are not seen, and end in PriorRequestNotComplete.
   */
  take<Result>(zone: string, signal: AbortSignal, act: () => Promise<Result>): Promise<Result>;
}

/** Turns in the order in which they were asked for, zone by zone. */
export function makeZoneTurns(): ZoneTurns {
  const last = new Map<string, Promise<void>>();
  /** Once those before it are through as well: one that gave up does not end their turns. */
  async function forgetAfter(mine: Promise<void>, zone: string): Promise<void> {
    await mine;
    if (last.get(zone) === mine) last.delete(zone);
  }
  return {
    async take(zone, signal, act) {
      const before = last.get(zone) ?? Promise.resolve();
      const { promise: over, resolve: end } = Promise.withResolvers<void>();
      // Whoever gives up while waiting still stands in the line: the next one's turn comes after the one before.
      const mine = before.then(() => over);
      last.set(zone, mine);
      void forgetAfter(mine, zone);
      try {
        await unlessAborted(before, signal);
        return await act();
      } finally {
        end();
      }
    },
  };
}

async function unlessAborted(wait: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const give = (): void => reject(signal.reason as Error);
  if (signal.aborted) give();
  else signal.addEventListener('abort', give, { once: true });
  try {
    await Promise.race([wait, aborted]);
  } finally {
    signal.removeEventListener('abort', give);
  }
}
