import assert from 'node:assert/strict';

/** Milliseconds before try `attempt + 1`: doubled from `min` to `max`, of which `jitter` (in [0, 1)) takes up to half. */
export function delayMs(
  attempt: number,
  limits: { readonly min: number; readonly max: number },
  jitter: number,
): number {
  assert(attempt >= 1, `attempt ${attempt}`);
  assert(jitter >= 0 && jitter < 1, `jitter ${jitter}`);
  const full = Math.min(limits.max, limits.min * 2 ** (attempt - 1));
  return Math.round(full * (1 - jitter / 2));
}
