import type { Notice } from '../../../shared/notice.ts';
import { durationInWords } from '../../../shared/duration.ts';
import { isUnfinished, type JobRow } from '../../engine/job.ts';
import type { JobData } from '../command.ts';
import type { Draft } from '../rules/draft.ts';
import { isForAutomation } from '../rules/incident.ts';
import { jobInWords } from '../sentences.ts';
import { holdInForce, openAlerts, recordsBefore, type SwitchState } from '../state.ts';
import { clip, list, place, who } from '../text.ts';
import { makeNotice, type Telling, type Words } from './make-notice.ts';

/** The jobs that this decision ended, or recorded as ended, as they ended. */
export function endedJobs({ changes, settings, nowMs }: Draft, seen: readonly JobRow<JobData>[]): JobRow<JobData>[] {
  return changes.flatMap((change): JobRow<JobData>[] => {
    if (change.kind === 'update' && !isUnfinished(change)) {
      const job = seen.find(({ id }) => id === change.id);
      return job ? [{ ...job, status: change.status, data: change.data, finishedAtMs: nowMs }] : [];
    }
    if (change.kind !== 'add' || isUnfinished(change)) return [];
    const { kind: _, ...job } = change;
    const times = { acceptedAtMs: nowMs, startedAtMs: null, finishedAtMs: nowMs };
    return [{ ...job, ...times, lane: settings.name, interrupt: null, steps: [] }];
  });
}

/** An incident has opened: somebody is being moved away from primary, and may not know it yet. */
export function failoverBegun(telling: Telling, before: SwitchState): Notice | undefined {
  const { draft } = telling;
  const { incident } = draft.state;
  if (!incident || before.incident?.id === incident.id) return undefined;
  const job = draft.jobs.find(({ id }) => id === incident.id);
  if (!job) return undefined;
  const name = draft.settings.name;
  const alert = openAlerts(draft.state).find(({ key }) => key === job.data.alert);
  const why = alert ? ` The alert: ${clip(alert.title || alert.key, 200)}.` : '';
  return makeNotice(telling, {
    kind: 'failover-begun',
    severity: incident.by === 'automation' ? 'error' : 'warning',
    title: `${name} is being failed over to ${place(job.data.to)} by ${who(job.data.trigger)}`,
    text: `${jobInWords(job)}${why}${passedOver(job.data)}`,
    next: job.data.automatic ? `Look at what the alert says. "dashover watch ${name}" shows every step.` : null,
    job,
  });
}

/** How a job ended; undefined when nobody needs to hear of it. */
export function jobEnded(telling: Telling, before: SwitchState, job: JobRow<JobData>): Notice | undefined {
  const words = job.data.command === 'drill' ? drillEnded(job) : moveEnded(telling.draft, before, job);
  return words && makeNotice(telling, { ...words, job });
}

type Ended = Pick<Words, 'kind' | 'severity' | 'title' | 'text' | 'next'> & Partial<Pick<Words, 'incident'>>;

function drillEnded(job: JobRow<JobData>): Ended | undefined {
  const text = jobInWords(job);
  const name = `Drill of ${job.lane} to ${place(job.data.to)}`;
  if (job.status === 'succeeded') {
    return { kind: 'drill-done', severity: 'info', title: `${name} went well`, text, next: null };
  }
  if (job.status !== 'failed' && job.status !== 'refused') return undefined;
  const next = 'This was a drill: nothing is broken now, but a real failover would meet the same. Mend it in daylight.';
  return { kind: 'drill-failed', severity: 'warning', title: `${name} did not go through`, text, next };
}

function moveEnded(draft: Draft, before: SwitchState, job: JobRow<JobData>): Ended | undefined {
  switch (job.status) {
    case 'succeeded':
      return succeeded(draft, before, job);
    case 'failed':
      return failed(draft, job);
    case 'refused':
    case 'expired':
      return job.startedAtMs === null ? refusedAtTheDoor(draft, job) : refusedUnderWay(draft, job);
    case 'superseded':
    case 'cancelled':
      return before.incident?.id === job.id ? stopped(job) : undefined;
    case 'waiting':
    case 'queued':
    case 'running':
      return undefined;
  }
}

function succeeded(draft: Draft, before: SwitchState, job: JobRow<JobData>): Ended | undefined {
  const { data, lane: name } = job;
  const switched = data.outcome === 'switched';
  const text = `${jobInWords(job)}${passedOver(data)}`;
  if (data.command === 'restore') {
    if (!switched && before.incident === null) return undefined;
    const title = `${name} is back at ${place(data.to)}`;
    return { kind: 'restored', severity: 'info', title, text, next: null, incident: before.incident?.id ?? null };
  }
  // A press too many on a switch that is there already is answered to whoever pressed.
  if (!switched && before.incident?.id !== job.id) return undefined;
  const by = who(data.takenOverBy ?? data.trigger);
  const title = switched
    ? `${name} is at ${place(data.to)}: failed over by ${by}`
    : `${name} was at ${place(data.to)} already; the failover by ${by} changed nothing`;
  return { kind: 'failover-done', severity: data.automatic ? 'error' : 'warning', title, text, next: wayBack(draft) };
}

/** Where a failover has kept what it found, a restore that does not name where to is refused as drift. */
function restoreCommand(name: string, state: SwitchState): string {
  return `dashover restore ${name}${recordsBefore(state) ? ' --to primary' : ''}`;
}

type Standing = Pick<Draft, 'settings' | 'state' | 'automation' | 'jobs'>;

/** Who brings it back, and how. */
export function wayBack({ settings, state, automation, jobs }: Standing): string {
  const kept = recordsBefore(state) !== null;
  const others = kept ? ', "--to before" to the records that the failover found' : '';
  const byHand = `"${restoreCommand(settings.name, state)}" brings it back${others}`;
  const hold = holdInForce(state);
  if (hold) return `${hold.by} holds it, so automation leaves it alone. When primary is well, ${byHand}.`;
  const automatic = !kept && isForAutomation(state) && state.position === settings.failoverTo;
  if (!automatic || automation.mode !== 'on' || state.tripped) {
    return `Nothing restores it by itself. When primary is well, ${byHand}.`;
  }
  // A recovery begins a restore once. One that came to nothing is not begun again without another recovery.
  const begins = state.heldRecovery !== null || jobs.some(({ data }) => data.automatic && data.command === 'restore');
  if (!begins && openAlerts(state).length === 0) {
    return `Automation restores it only after the next recovery. When primary is well, ${byHand}.`;
  }
  const wait = durationInWords(settings.guards.restoreAfterMs);
  return `Automation restores it when every alert has been clear for ${wait}; to keep it there, "dashover hold ${settings.name}". By hand, ${byHand}.`;
}

function failed(draft: Draft, job: JobRow<JobData>): Ended {
  const { data, lane: name } = job;
  const title = `The ${data.command} of ${name} to ${place(data.to)} failed`;
  const severity = data.command === 'failover' ? 'critical' : 'error';
  return { kind: 'job-failed', severity, title, text: jobInWords(job), next: again(draft, job) };
}

function refusedUnderWay(draft: Draft, job: JobRow<JobData>): Ended {
  const { data, lane: name } = job;
  const title = `The ${data.command} of ${name} to ${place(data.to)} was stopped by a guard: ${data.error?.code ?? job.status}`;
  const severity = data.command === 'failover' ? 'critical' : 'warning';
  return { kind: 'job-refused', severity, title, text: jobInWords(job), next: again(draft, job) };
}

/** What has to be done before it is tried once more, and who tries it. */
function again(draft: Draft, { data, lane: name }: JobRow<JobData>): string {
  const mend = `Mend what it names and say it again, or without the endpoint: "dashover plan ${name} --to ${data.to} --apply".`;
  if (!data.automatic) return mend;
  return data.command === 'failover'
    ? `${mend} Automation looks at it again while the alert is open.`
    : `${mend} ${wayBack(draft)}`;
}

/** Of what was refused before it began: what somebody waits for in vain, and what automation may not do now. */
function refusedAtTheDoor(draft: Draft, job: JobRow<JobData>): Ended | undefined {
  const { data, lane: name } = job;
  const code = data.error?.code ?? job.status;
  const text = jobInWords(job);
  const by = who(data.trigger);
  if (!data.automatic) {
    const title = `The ${data.command} of ${name} by ${by} was refused: ${code}`;
    return { kind: 'job-refused', severity: 'info', title, text, next: null };
  }
  switch (code) {
    case 'observe': {
      const title = `Automation would have started a ${data.command} of ${name} to ${place(data.to)}`;
      return { kind: 'would-have', severity: 'info', title, text, next: null };
    }
    // Off is what somebody wanted; the others follow from a move that was told, or will be asked again.
    case 'off':
    case 'acknowledged':
    case 'alerts-open':
      return undefined;
    case 'wrong-position':
      if (data.command === 'restore') return undefined;
  }
  const title = `Automation may not ${data.command === 'failover' ? 'fail over' : 'restore'} ${name}: ${code}`;
  const command = data.command === 'restore' ? restoreCommand(name, draft.state) : `dashover failover ${name}`;
  const next = `A human decides: "${command}" moves it, "dashover release ${name}" gives it back to automation.`;
  return { kind: 'job-refused', severity: data.command === 'failover' ? 'warning' : 'info', title, text, next };
}

function stopped(job: JobRow<JobData>): Ended {
  const title = `The failover of ${job.lane} was stopped; nothing was changed`;
  return { kind: 'job-stopped', severity: 'info', title, text: jobInWords(job), next: null, incident: job.id };
}

/** Overridden guards are told to everybody. */
function passedOver({ override }: JobData): string {
  return override.length === 0 ? '' : ` It passed over ${list(override)} by name.`;
}
