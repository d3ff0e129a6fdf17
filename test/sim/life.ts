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

export function makeLife(time: PlayedTime): Life {
  const bornAtMs = time.nowMs();
  let dead = false;
  let frozen = false;
  let held: (() => void)[] = [];

  function whenAwake(act: () => void): void {
    if (dead) return;
    if (frozen) held.push(act);
    else act();
  }

  const clock: Clock = {
    nowMs: () => time.nowMs(),
    monotonicMs: () => time.nowMs() - bornAtMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) {
          resolve();
          return;
        }
        const cancel = time.after(Math.round(ms), () =>
          whenAwake(() => {
            signal?.removeEventListener('abort', end);
            resolve();
          }),
        );
        const end = (): void => {
          cancel();
          resolve();
        };
        signal?.addEventListener('abort', end, { once: true });
      }),
  };

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
    die() {
      dead = true;
      held = [];
    },
  };
}
