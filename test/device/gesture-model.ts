import { CLICK_MS_MAX, GAP_MS_MAX, type Gesture, HELD_MS_MAX, NOISE_MS_MAX } from '../../device/core/gesture.ts';

/** One time the line was down, as a person with a stop-watch would note it. */
export interface Held {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * What a person who sees the whole paper strip at once would say was meant. Written apart from the recogniser, which
 * sees one edge at a time: here presses are grouped into rows, and each row is judged as a whole.
 */
export function judge(presses: readonly Held[], holdMs: number): Gesture[] {
  const rows: Held[][] = [];
  for (const press of presses) {
    const row = rows.at(-1);
    const last = row?.at(-1);
    const follows = last !== undefined && isShort(last) && press.fromMs - last.toMs <= GAP_MS_MAX;
    // A spike by itself begins no row; within one it is part of the waiting.
    const alone = row !== undefined && row.every(isNoise);
    if (row && follows && !alone) row.push(press);
    else rows.push([press]);
  }
  return rows.flatMap((row) => {
    const real = row.filter((press) => !isNoise(press));
    const clicks = real.filter(isClick).length;
    const last = real.at(-1);
    if (last && !isClick(last)) {
      const heldMs = last.toMs - last.fromMs;
      if (heldMs < holdMs || heldMs > HELD_MS_MAX) return [];
      if (clicks === 0) return ['hold' as const];
      return clicks === 1 ? ['click-hold' as const] : [];
    }
    const names: Readonly<Record<number, Gesture>> = { 1: 'click', 2: 'double', 3: 'triple' };
    const name = names[clicks];
    return name ? [name] : [];
  });
}

const isNoise = ({ fromMs, toMs }: Held): boolean => toMs - fromMs <= NOISE_MS_MAX;
const isClick = ({ fromMs, toMs }: Held): boolean => toMs - fromMs > NOISE_MS_MAX && toMs - fromMs < CLICK_MS_MAX;
const isShort = ({ fromMs, toMs }: Held): boolean => toMs - fromMs < CLICK_MS_MAX;
