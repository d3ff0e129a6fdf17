/** So many at a time; the others wait, each kind in the order of its arrival, and urgent ones come first. */
export interface Turns {
  take<T>(work: () => Promise<T>, urgent: boolean): Promise<T>;
  /** Resolves when nobody works and nobody waits. */
  quiet(): Promise<void>;
}

/**
 * Before the pool and not in it: a burst of thousands of commands must neither time out while it waits for a
 * connection, nor keep the heartbeat of a running job waiting behind it.
 */
export function makeTurns(max: number): Turns {
  const urgents: (() => void)[] = [];
  const others: (() => void)[] = [];
  const listeners: (() => void)[] = [];
  let working = 0;

  function next(): void {
    const waiting = urgents.shift() ?? others.shift();
    if (waiting) waiting();
    else if (--working === 0) for (const tell of listeners.splice(0)) tell();
  }

  return {
    async take(work, urgent) {
      if (working < max) working++;
      else await new Promise<void>((resolve) => (urgent ? urgents : others).push(resolve));
      try {
        return await work();
      } finally {
        next();
      }
    },
    quiet: () => (working === 0 ? Promise.resolve() : new Promise((resolve) => listeners.push(resolve))),
  };
}

/** Works of one name one after the other, of different names beside each other. */
export function makeLines(): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  const lasts = new Map<string, Promise<unknown>>();
  return (name, work) => {
    const before = lasts.get(name) ?? Promise.resolve();
    const mine = before.then(work, work);
    const end = (): void => {
      if (lasts.get(name) === mine) lasts.delete(name);
    };
    lasts.set(name, mine);
    mine.then(end, end);
    return mine;
  };
}
