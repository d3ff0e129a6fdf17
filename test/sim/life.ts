import type { Clock } from '../../shared/clock.ts';
import type { PlayedTime } from './time.ts';

/**
 * The life of one played process. Frozen, nothing reaches it and nothing leaves it; dead, nothing ever will. What it
 * has handed to the network or the database goes its way all the same.
 */
export interface Life {
  readonly clock: Clock;
  isDead(): boolean;
  isFrozen(): boolean;
  /** Goes on when the process does: at once, after the freeze, or never. */
  through(): Promise<void>;
  freeze(): void;
  /** What was held back happens now, in the order in which it came. */
  thaw(): void;
  die(): void;
}

/** What the clocks of a machine say: those that can be wrong, and those that stand still while it sleeps. */
export interface MachineClocks {
  wallMs(): number;
  /** How long it has slept in all, the sleep that goes on included. */
  sleptMs(): number;
}

export function makeLife(
  time: PlayedTime,
  clocks: MachineClocks = { wallMs: () => time.nowMs(), sleptMs: () => 0 },
): Life {
  const bornAtMs = time.nowMs() - clocks.sleptMs();
  /** Takes its sleeps off the signals that could end them: Node keeps a signal that somebody listens to, and all behind it. */
  const sleeping = new Set<() => void>();
  let dead = false;
  let frozen = false;
  let held: (() => void)[] = [];

  function whenAwake(act: () => void): void {
    if (dead) return;
    if (frozen) held.push(act);
    else act();
  }

  const monotonicMs = (): number => time.nowMs() - clocks.sleptMs() - bornAtMs;

  const clock: Clock = {
    nowMs: () => clocks.wallMs(),
    monotonicMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) {
          resolve();
          return;
        }
        const dueMs = monotonicMs() + Math.round(ms);
        let cancel: () => void;
        const over = (): void => {
          sleeping.delete(over);
          signal?.removeEventListener('abort', end);
        };
        const end = (): void => {
          over();
          cancel();
          resolve();
        };
        // A timer of a machine that has slept meanwhile is not due yet.
        const look = (): void => {
          if (monotonicMs() < dueMs) cancel = wait();
          else {
            over();
            resolve();
          }
        };
        const wait = (): (() => void) => time.after(dueMs - monotonicMs(), () => whenAwake(look));
        cancel = wait();
        signal?.addEventListener('abort', end);
        if (signal) sleeping.add(over);
      }),
  };

  function die(): void {
    dead = true;
    held = [];
    for (const over of sleeping) over();
  }

  time.atEnd(die);

  return {
    clock,
    isDead: () => dead,
    isFrozen: () => frozen,
    through: () => new Promise((resolve) => whenAwake(resolve)),
    freeze() {
      frozen = true;
    },
    thaw() {
      frozen = false;
      const due = held;
      held = [];
      for (const act of due) act();
    },
    die,
  };
}
