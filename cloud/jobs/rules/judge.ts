import { openAlerts, type AlertMark, type SwitchState } from '../state.ts';

/** After an automatic failure the open alerts are judged again after 30 s, 1 min, 2, 4, 8 and then every 10 minutes. */
const JUDGE_AGAIN_MS_MIN = 30_000;
const JUDGE_AGAIN_MS_MAX = 600_000;

/** Open alerts are judged in this decision, or in the next one when this has begun a job already. */
export function judgeNow(state: SwitchState, nowMs: number): SwitchState {
  return { ...state, judge: { atMs: nowMs, failures: 0 } };
}

export function judgeLater(state: SwitchState, nowMs: number): SwitchState {
  const { failures } = state.judge;
  return { ...state, judge: { atMs: nowMs + judgeDelayMs(failures), failures: failures + 1 } };
}

/** 30 s doubling to 10 min: 30, 60, 120, 240, 480, 600, 600 … */
function judgeDelayMs(failures: number): number {
  return Math.min(JUDGE_AGAIN_MS_MAX, JUDGE_AGAIN_MS_MIN * 2 ** Math.min(failures, 10));
}

export function judged(state: SwitchState): SwitchState {
  return { ...state, judge: { ...state.judge, atMs: null } };
}

/** The alert for which automation would move the switch if it were asked now: the one open longest. */
export function alertToJudge(state: SwitchState): AlertMark | undefined {
  if (state.position !== 'primary' && state.position !== 'drifted') return undefined;
  return openAlerts(state).find(({ acknowledged }) => !acknowledged);
}
