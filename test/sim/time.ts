import { setImmediate as turn } from 'node:timers/promises';

/** The one time of a played world. It stands still while anything happens, and jumps to the next thing that is due. */
export interface PlayedTime {
  nowMs(): number;
  /** Calls back at that time; the answer takes it back. */
  at(atMs: number, act: () => void): () => void;
  after(ms: number, act: () => void): () => void;
  /** Resolves when so much of it has passed. */
  pass(ms: number): Promise<void>;
  /** Counts something under way that needs no time (a commit): time does not go on before it is over. */
  underWay<T>(work: Promise<T>): Promise<T>;
  /** Everything due until then happens, each at its moment, for as long as `goOn` says so. */
  run(untilMs: number, goOn: () => boolean): Promise<void>;
}

interface Due {
  readonly atMs: number;
  readonly place: number;
  act: (() => void) | undefined;
}

export function makePlayedTime(startMs: number, quietTurns: number): PlayedTime {
  let nowMs = startMs;
  let places = 0;
  const working = new Set<Promise<unknown>>();
  const heap: Due[] = [];

  /**
   * A turn of the event loop lets one group of commits and all that follows at once from it happen; with `quietTurns` of
   * them, also what something hands on from turn to turn, as the HTTP server does with a body.
   */
  async function rest(): Promise<void> {
    for (let quiet = 0; quiet < quietTurns; quiet = working.size > 0 ? 0 : quiet + 1) await turn();
  }

  function at(atMs: number, act: () => void): () => void {
    const due: Due = { atMs: Math.max(nowMs, atMs), place: places++, act };
    push(heap, due);
    return () => {
      due.act = undefined;
    };
  }

  function after(ms: number, act: () => void): () => void {
    return at(nowMs + Math.max(0, ms), act);
  }

  return {
    nowMs: () => nowMs,
    at,
    after,
    pass: (ms) => new Promise((resolve) => after(ms, resolve)),
    async underWay(work) {
      working.add(work);
      try {
        return await work;
      } finally {
        working.delete(work);
      }
    },
    async run(untilMs, goOn) {
      await rest();
      for (let next = heap[0]; goOn() && next && next.atMs <= untilMs; next = heap[0]) {
        pop(heap);
        if (!next.act) continue;
        nowMs = next.atMs;
        next.act();
        await rest();
      }
      nowMs = untilMs;
    },
  };
}

function before(one: Due, other: Due): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.place < other.place);
}

function push(heap: Due[], due: Due): void {
  let at = heap.push(due) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent];
    if (!above || before(above, due)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = due;
}

function pop(heap: Due[]): void {
  const last = heap.pop();
  if (!last || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    const left = heap[child];
    const right = heap[child + 1];
    if (left && right && before(right, left)) child++;
    const smaller = heap[child];
    if (!smaller || before(last, smaller)) break;
    heap[at] = smaller;
    at = child;
  }
  heap[at] = last;
}
