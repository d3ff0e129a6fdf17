/** So many at a time; the others wait, each kind in the order of its arrival, and urgent ones come first. */
export interface Turns {
  take<T>(work: () => Promise<T>, urgent: boolean): Promise<T>;
  /** Resolves when nobody works and nobody waits. */
  quiet(): Promise<void>;
}

/** Whether what has failed so would fail for those who wait too: they hear the same, and are not tried. */
export type FailsAll = (error: unknown) => boolean;

interface Waiting {
  readonly go: () => void;
  readonly giveUp: (error: unknown) => void;
}

/**
 * Before the pool and not in it: a burst of thousands of commands must neither time out while it waits for a
 * connection, nor keep the heartbeat of a running job waiting behind it. But behind a server that says nothing nobody
 * waits for silence after silence: an answer would come minutes late, and so would the command.
 */
export function makeTurns(max: number, failsAll: FailsAll): Turns {
  const urgents: Waiting[] = [];
  const others: Waiting[] = [];
  const listeners: (() => void)[] = [];
  let working = 0;

  function next(): void {
    const waiting = urgents.shift() ?? others.shift();
    if (waiting) waiting.go();
    else if (--working === 0) for (const tell of listeners.splice(0)) tell();
  }

  return {
    async take(work, urgent) {
      if (working < max) working++;
      else await new Promise<void>((go, giveUp) => (urgent ? urgents : others).push({ go, giveUp }));
      try {
        return await work();
      } catch (error) {
        if (failsAll(error)) for (const { giveUp } of [...urgents.splice(0), ...others.splice(0)]) giveUp(error);
        throw error;
      } finally {
        next();
      }
    },
    quiet: () => (working === 0 ? Promise.resolve() : new Promise((resolve) => listeners.push(resolve))),
  };
}

/** Works of one name one after the other, of different names beside each other. */
export function makeLines(failsAll: FailsAll): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  const lasts = new Map<string, Promise<unknown>>();
  return (name, work) => {
    const before = lasts.get(name) ?? Promise.resolve();
    const mine = before.then(work, (error: unknown) => {
      if (failsAll(error)) throw error;
      return work();
    });
    const end = (): void => {
      if (lasts.get(name) === mine) lasts.delete(name);
    };
    lasts.set(name, mine);
    mine.then(end, end);
    return mine;
  };
}
