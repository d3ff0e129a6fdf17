import type { JobRow } from '../../engine/job.ts';
import type { JobData } from '../command.ts';
import { holdInWords } from '../sentences.ts';
import { holdInForce, openAlerts, type Everywhere, type SwitchState } from '../state.ts';
import type { Automation, Switch } from '../switch.ts';
import { clip, list, place, sentence, timeInWords } from '../text.ts';
import { restoreDueMs } from './clocks.ts';
import { tooMany } from './everywhere.ts';
import { leavesNoMove } from './flapping.ts';
import { isForAutomation } from './incident.ts';
import { refusal, type CodedRefusal } from './refusal.ts';

/** What automation would do: the command, its destination, and the alert that it answers. */
export interface Wish {
  readonly command: 'failover' | 'restore';
  readonly to: string;
  readonly alert: string;
}

/** What may be known when automation asks. `jobs` are the moves that are running or queued, without the asker's own. */
export interface Situation {
  readonly settings: Switch;
  readonly automation: Automation;
  readonly state: SwitchState;
  readonly everywhere: Everywhere;
  readonly jobs: readonly JobRow<JobData>[];
  readonly nowMs: number;
}

export type Verdict =
  | { readonly kind: 'go' }
  | { readonly kind: 'join'; readonly job: JobRow<JobData> }
  /** Until a time, or (null) until something else has happened; `why` is a clause. */
  | { readonly kind: 'wait'; readonly untilMs: number | null; readonly why: string }
  | { readonly kind: 'refuse'; readonly error: CodedRefusal }
  /** Automation stops itself, on this switch or everywhere. */
  | { readonly kind: 'trip'; readonly scope: 'switch' | 'everywhere' };

/** Stage three: may automation do this now? A human is never asked. The first reason against it is the answer. */
export function permit(wish: Wish, situation: Situation): Verdict {
  const { automation, settings } = situation;
  if (automation.mode === 'off') {
    return refuse('off', `Automation is off; ${settings.name} was not moved.`);
  }
  const verdict = permitWhenOn(wish, situation);
  return automation.mode === 'observe' ? observed(wish, settings.name, verdict) : verdict;
}

function permitWhenOn(wish: Wish, situation: Situation): Verdict {
  const { state, jobs, nowMs, settings } = situation;
  const hold = holdInForce(state);
  if (hold) return refuse('held', `A human owns ${settings.name}. ${holdInWords(hold, nowMs)}`);
  const running = jobs.find(({ status }) => status === 'running');
  if (running && running.data.automatic && running.data.to === wish.to && running.interrupt === null) {
    return { kind: 'join', job: running };
  }
  if (jobs.length > 0) return wait(`another job moves ${settings.name}; this one is judged again when that has ended`);
  if (state.position === 'unknown') return wait(`the live records of ${settings.name} have not been read yet`);
  if (state.tripped) return refuse('tripped', sentence(`Automation has stopped itself: ${state.tripped.text}`));
  return wish.command === 'failover' ? permitFailover(wish, situation) : permitRestore(situation);
}

function permitFailover(wish: Wish, { settings, automation, state, everywhere }: Situation): Verdict {
  const alert = openAlerts(state).find(({ key }) => key === wish.alert);
  if (alert?.acknowledged) {
    return refuse(
      'acknowledged',
      `A human restored ${settings.name} over the alert ${clip(alert.title || alert.key, 80)}.`,
    );
  }
  if (state.position !== 'primary' && state.position !== 'drifted') {
    return refuse(
      'wrong-position',
      `${settings.name} is at ${place(state.position)}; automation fails over from primary only.`,
    );
  }
  return tooMany(everywhere, automation, settings.name) ? { kind: 'trip', scope: 'everywhere' } : { kind: 'go' };
}

function permitRestore({ settings, automation, state, everywhere, nowMs }: Situation): Verdict {
  const { name, guards, failoverTo } = settings;
  if (state.position !== failoverTo) {
    return refuse(
      'wrong-position',
      `${name} is at ${place(state.position)}; automation restores from ${failoverTo} only.`,
    );
  }
  if (!isForAutomation(state)) {
    return refuse(
      'held',
      `${name} was not failed over by automation, so automation does not restore it.`,
      'Restore it by hand.',
    );
  }
  const open = openAlerts(state);
  if (open.length > 0) {
    return refuse('alerts-open', `Still open: ${list(open.map(({ title, key }) => clip(title || key, 80)))}.`);
  }
  const dueMs = restoreDueMs(state, guards, nowMs);
  if (dueMs > nowMs) {
    return {
      kind: 'wait',
      untilMs: dueMs,
      why: `every alert is clear; the restore begins at ${timeInWords(dueMs, nowMs)} if it stays so`,
    };
  }
  if (leavesNoMove(state, guards, nowMs)) return { kind: 'trip', scope: 'switch' };
  return tooMany(everywhere, automation, name) ? { kind: 'trip', scope: 'everywhere' } : { kind: 'go' };
}

/** In observe mode nothing is done, and what would have been done is said. */
function observed(wish: Wish, name: string, verdict: Verdict): Verdict {
  const deed = `${wish.command} ${name} to ${place(wish.to)}`;
  switch (verdict.kind) {
    case 'go':
    case 'join':
      return refuse('observe', `Automation would have begun to ${deed}; it only observes.`);
    case 'wait':
      return refuse('observe', `Automation would have waited to ${deed} (${verdict.why}); it only observes.`);
    case 'trip':
      return refuse(
        'observe',
        `Automation would have stopped itself instead of beginning to ${deed}; it only observes.`,
      );
    case 'refuse':
      return refuse(
        'observe',
        `Automation only observes, and would not have begun to ${deed}: ${verdict.error.message}`,
      );
  }
}

function refuse(code: CodedRefusal['code'], message: string, hint?: string): Verdict {
  return { kind: 'refuse', error: refusal(code, message, hint) };
}

function wait(why: string): Verdict {
  return { kind: 'wait', untilMs: null, why };
}

/**
 * The last look, in the tick before a change is sent: is what permitted this automatic job still so? Null when it is;
 * else the sentence with which it ends as superseded. A human's job is never stopped by it.
 */
export function lastLook(
  job: JobRow<JobData>,
  state: SwitchState,
  automation: Automation,
  nowMs: number,
): string | null {
  const { automatic, command, alert } = job.data;
  if (!automatic || command === 'drill') return null;
  if (automation.mode !== 'on') return `Automation was set to ${automation.mode} before the change was sent.`;
  const hold = holdInForce(state);
  if (hold) return `A human took the switch before the change was sent. ${holdInWords(hold, nowMs)}`;
  if (state.tripped) return sentence(`Automation stopped itself before the change was sent: ${state.tripped.text}`);
  const open = openAlerts(state);
  if (command === 'restore') {
    return open.length === 0 ? null : 'An alert opened before the change was sent.';
  }
  const answered = open.find(({ key }) => key === alert);
  if (!answered) return 'Its alert closed before the change was sent.';
  return answered.acknowledged ? 'A human restored over its alert before the change was sent.' : null;
}
