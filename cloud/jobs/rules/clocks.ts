import type { SwitchState } from '../state.ts';
import type { Guards } from '../switch.ts';

/** While a clock below runs, the lane is asked this often, so that a silence of the endpoint is noticed. */
const ALIVE_TICK_MS = 5_000;
/** Silent for longer than this, nobody could hear an alert: four ticks, and more than a takeover by another endpoint. */
const ALIVE_GAP_MS = 20_000;

/**
 * `restoreAfter` and `cooldown` count only time in which an endpoint was alive to hear: after a gap a running clock
 * starts afresh. A cooldown that has run out before the gap stays so.
 */
export function hear(state: SwitchState, guards: Guards, nowMs: number): SwitchState {
  const silentMs = nowMs - state.aliveAtMs;
  const heard = { ...state, aliveAtMs: nowMs };
  // A wall clock that was set back would stretch what is left without limit; it starts afresh too. A little before the
  // last decision is no such thing: another endpoint's clock is ahead, or its decision was the faster one.
  if (Math.abs(silentMs) <= ALIVE_GAP_MS) return heard;
  return {
    ...heard,
    clearSinceMs: state.clearSinceMs === null ? null : nowMs,
    // One that has run out is forgotten: by a clock that was set back it would begin in the future.
    coolingSinceMs: cooldownRuns(state, guards, state.aliveAtMs) ? nowMs : null,
  };
}

/** When an automatic restore may start, as far as the clocks go. */
export function restoreDueMs(state: SwitchState, guards: Guards, nowMs: number): number {
  const clearMs = (state.clearSinceMs ?? nowMs) + guards.restoreAfterMs;
  const cooledMs = state.coolingSinceMs === null ? nowMs : state.coolingSinceMs + guards.cooldownMs;
  return Math.max(clearMs, cooledMs);
}

/** When the lane must be asked again for the clocks' sake, or null while none runs. */
export function nextTickMs(state: SwitchState, guards: Guards, nowMs: number): number | null {
  if (state.clearSinceMs !== null) {
    const dueMs = restoreDueMs(state, guards, nowMs);
    // Already due, it waits for something else, whose end asks by itself.
    return dueMs > nowMs ? Math.min(nowMs + ALIVE_TICK_MS, dueMs) : nowMs + ALIVE_TICK_MS;
  }
  return cooldownRuns(state, guards, nowMs) ? nowMs + ALIVE_TICK_MS : null;
}

function cooldownRuns({ coolingSinceMs }: SwitchState, guards: Guards, atMs: number): boolean {
  return coolingSinceMs !== null && coolingSinceMs + guards.cooldownMs > atMs;
}
