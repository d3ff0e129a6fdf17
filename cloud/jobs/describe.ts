import type { Job, State } from '../../shared/messages.ts';
import type { JobRow } from '../engine/job.ts';
import type { JobData } from './command.ts';
import { jobInHand, movingJob } from './in-hand.ts';
import { jobInWords, stateInWords } from './sentences.ts';
import { holdInForce, openAlerts, type SwitchState } from './state.ts';
import type { Automation, Switch } from './switch.ts';
import { isoTime, isoTimeOrNull } from './text.ts';

/** The job as job messages, the API and the page show it. */
export function describeJob(row: JobRow<JobData>): Job {
  const { data } = row;
  return {
    text: jobInWords(row),
    id: row.id,
    switch: row.lane,
    command: data.command,
    from: data.from,
    to: data.to,
    status: row.status,
    outcome: data.outcome,
    verified: data.verified,
    trigger: data.trigger,
    joined: [...data.joined],
    reason: data.reason,
    revision: data.revision,
    acceptedAt: isoTime(row.acceptedAtMs),
    startedAt: isoTimeOrNull(row.startedAtMs),
    finishedAt: isoTimeOrNull(row.finishedAtMs),
    pressedAt: isoTimeOrNull(data.pressedAtMs),
    cachesUntil: isoTimeOrNull(data.cachesUntilMs),
    steps: row.steps.map(({ startedAtMs, finishedAtMs, detail, ...step }) => ({
      name: step.name,
      status: step.status,
      startedAt: isoTime(startedAtMs),
      finishedAt: isoTimeOrNull(finishedAtMs),
      text: step.text,
      detail: detail as Job['steps'][number]['detail'],
    })),
    error: data.error,
  };
}

/** The state of a switch as it is retained on MQTT and answered over HTTP. `unfinished` are its jobs, oldest first. */
export function describeState(
  settings: Switch,
  automation: Automation,
  state: SwitchState,
  unfinished: readonly JobRow<JobData>[],
  nowMs: number,
): State {
  const move = movingJob(state, unfinished);
  const hold = holdInForce(state);
  const cachesUntilMs = state.cachesUntilMs !== null && state.cachesUntilMs > nowMs ? state.cachesUntilMs : null;
  return {
    text: stateInWords(settings, automation, state, unfinished, nowMs),
    switch: settings.name,
    position: move ? 'moving' : state.position,
    from: move ? state.position : null,
    to: move ? move.data.to : null,
    revision: state.revision,
    since: isoTimeOrNull(state.sinceMs),
    asOf: isoTime(nowMs),
    by: state.by,
    hold: hold && {
      by: hold.by,
      reason: hold.reason,
      since: isoTime(hold.sinceMs),
      until: isoTimeOrNull(hold.untilMs),
    },
    automation: automationWord(automation, state),
    alerts: openAlerts(state).map(({ key, sinceMs, title, acknowledged }) => ({
      key,
      since: isoTime(sinceMs),
      title,
      acknowledged,
    })),
    incident: state.incident?.id ?? null,
    job: jobInHand(unfinished)?.id ?? null,
    cachesUntil: isoTimeOrNull(cachesUntilMs),
    drift: state.position === 'drifted' ? { differences: [...state.drift] } : null,
  };
}

/** What automation may do on this switch, in the one word that matters most: the mode of the endpoint comes first. */
function automationWord(automation: Automation, state: SwitchState): State['automation'] {
  if (automation.mode !== 'on') return automation.mode;
  if (state.tripped) return 'tripped';
  return holdInForce(state) ? 'held' : 'on';
}
