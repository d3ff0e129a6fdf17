import { holdInForce, type Hold, type SwitchState } from '../state.ts';
import type { Guards } from '../switch.ts';

/** A human's failover has succeeded, and takes the hold that the switch's guards name. */
export function takeByFailover(
  state: SwitchState,
  by: { readonly actor: string; readonly reason: string | null },
  { hold }: Guards,
  nowMs: number,
): SwitchState {
  if (hold === 'none') return state;
  const untilMs = hold === 'until-released' ? null : nowMs + hold;
  const before = state.hold.taken;
  // Pressing again never shortens a hold.
  if (before && (before.untilMs === null || (untilMs !== null && before.untilMs >= untilMs))) return state;
  const sinceMs = before?.sinceMs ?? nowMs;
  return { ...state, hold: { ...state.hold, taken: { by: by.actor, reason: by.reason, sinceMs, untilMs } } };
}

/** Somebody else moved the records away from primary: it is theirs until a human gives it back. */
export function takeByOthers(state: SwitchState, nowMs: number): SwitchState {
  const taken: Hold = { by: 'external', reason: 'moved by somebody else', sinceMs: nowMs, untilMs: null };
  return { ...state, hold: { ...state.hold, taken } };
}

/** Back at primary by a human: what a move took is given back, what was asked for stays. */
export function giveBack(state: SwitchState): SwitchState {
  return state.hold.taken ? { ...state, hold: { ...state.hold, taken: null } } : state;
}

/** A human asks for the switch; the newest wish replaces an earlier one. */
export function askForHold(state: SwitchState, asked: Hold): SwitchState {
  return { ...state, hold: { ...state.hold, asked } };
}

export function releaseHolds(state: SwitchState): SwitchState {
  return { ...state, hold: { asked: null, taken: null } };
}

/** Holds end by their time. With none `left`, automation owns the switch again. */
export function runOut(
  state: SwitchState,
  nowMs: number,
): { readonly state: SwitchState; readonly ended: readonly Hold[]; readonly left: Hold | null } {
  const { asked, taken } = state.hold;
  const lasts = (hold: Hold | null): Hold | null =>
    hold && hold.untilMs !== null && hold.untilMs <= nowMs ? null : hold;
  const next = { ...state, hold: { asked: lasts(asked), taken: lasts(taken) } };
  const ended = [asked, taken].filter((hold) => hold !== null && lasts(hold) === null);
  return { state: next, ended: ended.filter((hold) => hold !== null), left: holdInForce(next) };
}
