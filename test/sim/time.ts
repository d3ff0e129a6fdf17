import { nextTick } from 'node:process';
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
  /** Counts something that may wait for time, and that turns of the event loop hand on: a request to the HTTP server. */
  handedOn<T>(work: PromiseLike<T>): Promise<T>;
  /** Everything due until then happens, each at its moment, for as long as `goOn` says so. */
  run(untilMs: number, goOn: () => boolean): Promise<void>;
  /** Calls back when this time ends. */
  atEnd(act: () => void): void;
  /** Nothing is due any more. */
  end(): void;
}

interface Due {
  readonly atMs: number;
  readonly place: number;
  act: (() => void) | undefined;
}

/** What is handed on rests after so many turns without a commit: the HTTP server takes them for a body. */
const QUIET_TURNS = 3;

export function makePlayedTime(startMs: number): PlayedTime {
  let nowMs = startMs;
  let places = 0;
  const working = new Set<Promise<unknown>>();
  const handed = new Set<PromiseLike<unknown>>();
  const heap: Due[] = [];
  const endings: (() => void)[] = [];

  /**
   * All that follows at once happens before the next tick. A group of commits, and what follows from it, takes a turn of
   * the event loop; what is handed on, several.
   */
  async function rest(): Promise<void> {
    await new Promise<void>((resolve) => nextTick(resolve));
    let quiet = 0;
    while (working.size > 0 || (handed.size > 0 && quiet < QUIET_TURNS)) {
      await turn();
      quiet = working.size > 0 ? 0 : quiet + 1;
    }
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
    async handedOn(work) {
      handed.add(work);
      try {
        return await work;
      } finally {
        handed.delete(work);
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
    atEnd: (act) => void endings.push(act),
    end() {
      heap.length = 0;
      for (const act of endings.splice(0)) act();
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
