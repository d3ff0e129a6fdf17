import { durationInWords } from '../../../shared/duration.ts';
import type { Interrupt, JobData, Origin, SwitchCommand } from '../command.ts';
import type { JobRow } from '../../engine/job.ts';
import { holdInWords, jobInWords } from '../sentences.ts';
import { holdInForce, openAlerts, recordsBefore } from '../state.ts';
import { clip, count, list, sentence, who } from '../text.ts';
import { clearAlert } from './alerts.ts';
import type { Answer } from './answer.ts';
import { dropAlert } from './automatic.ts';
import { holdRecovery } from './begin.ts';
import { about, endJob, interruptJob, write, type Draft } from './draft.ts';
import { restartCount } from './everywhere.ts';
import { isForAutomation } from './incident.ts';
import { judgeNow } from './judge.ts';
import { askForHold, releaseHolds } from './ownership.ts';
import { refusal, type CodedRefusal } from './refusal.ts';

/** Longest hold for a time, a year: who wants more holds until released. */
const HOLD_MS_MAX = 366 * 86_400_000;

type Of<Kind extends SwitchCommand['kind']> = Extract<SwitchCommand, { kind: Kind }>;

/** A human takes the switch: automatic jobs that have not sent their change end, and none begins until the hold ends. */
export function onHold(draft: Draft, { origin, reason, forMs }: Of<'hold'>): Answer {
  if (forMs !== null && !(forMs > 0 && forMs <= HOLD_MS_MAX)) {
    return turnAway(
      draft,
      origin,
      refusal(
        'malformed',
        `A hold cannot last ${durationInWords(forMs)}.`,
        'Name more than nothing and at most 366 days, or no time: until released.',
      ),
    );
  }
  const { nowMs, settings } = draft;
  const untilMs = forMs === null ? null : nowMs + forMs;
  draft.state = askForHold(draft.state, { by: origin.actor, reason, sinceMs: nowMs, untilMs });
  const text = `${who(origin)} took the switch before the change was sent.`;
  const automatic = draft.jobs.filter(({ data, exclusive }) => data.automatic && exclusive);
  for (const { data } of automatic) holdRecovery(draft, data);
  for (const job of automatic.filter(({ status }) => status !== 'running')) {
    endJob(draft, job, { status: 'superseded', data: { ...job.data, note: text } });
  }
  const running = automatic.find(({ status }) => status === 'running');
  if (running && !changeBegun(running) && running.interrupt === null) {
    interruptJob(draft, running, { status: 'superseded', text });
  }
  const late =
    running && changeBegun(running) ? ` The ${running.data.command} that automation has sent goes on to its end.` : '';
  const held = holdInForce(draft.state);
  // A failover took a hold that lasts longer: only a restore or a release gives that one back.
  const vain =
    forMs !== null && held?.untilMs !== untilMs
      ? ` The ${durationInWords(forMs)} asked for now do not shorten it; a release ends both.`
      : '';
  const answer = `${settings.name}: ${holdInWords(held, nowMs)}${vain} Automation is recorded but does not move it.${late}`;
  write(draft, 'hold', answer, { by: origin.actor, reason, untilMs });
  return { job: null, refusal: null, text: answer };
}

/** A human gives the switch back, and re-arms automation that has tripped. What follows from it is said, not hidden. */
export function onRelease(draft: Draft, { origin, reason }: Of<'release'>): Answer {
  const { state, settings } = draft;
  const held = holdInForce(state);
  const wasTripped = state.tripped !== null;
  if (!held && !wasTripped) {
    const was = justEnded(draft) ? 'is not held any more, its hold has just ended by its time,' : 'was not held';
    const text = `${settings.name} ${was} and automation had not stopped itself; nothing changed.`;
    write(draft, 'release', text, { by: origin.actor, reason });
    return { job: null, refusal: null, text };
  }
  // A release never starts a restore: a recovery that came during the hold is forgotten.
  const released = { ...releaseHolds(state), tripped: null, moves: [], heldRecovery: null };
  draft.state = judgeNow(released, draft.nowMs);
  draft.everywhere = restartCount(draft.everywhere);
  const what = [held ? 'released' : '', wasTripped ? 'automation is armed again' : ''].filter((word) => word !== '');
  const text = `${settings.name}: ${what.join(', ')} by ${who(origin)}${because(reason)}.`;
  write(draft, 'release', text, { by: origin.actor, reason });
  return { job: null, refusal: null, text };
}

function because(reason: string | null): string {
  return reason === null || reason === '' ? '' : ` because "${clip(reason, 120)}"`;
}

/** A hold ended by its time in this very decision, before the event was looked at. */
function justEnded({ journal }: Draft): boolean {
  return journal.some(({ kind }) => kind === 'hold-ended');
}

/**
 * What follows from a release, for its answer: `job` is the failover that it started, if it did. It never starts a
 * restore; the end of a hold by its time does, and may fall into the same decision.
 */
export function afterRelease(draft: Draft, job: JobRow<JobData> | undefined): string {
  if (job?.data.command === 'restore') return `The hold had ended by its time before this release: ${jobInWords(job)}`;
  if (job) return `An alert is open, so automation moves it now: job ${job.id}.`;
  const { state, settings, automation } = draft;
  if (automation.mode !== 'on') return `Automation does nothing: its mode is ${automation.mode}.`;
  if (state.tripped) return `Automation stopped itself again: ${sentence(state.tripped.text)}`;
  const open = openAlerts(state);
  const alerts = open.length === 0 ? 'No alert is open.' : `${count(open.length, 'alert')} open.`;
  if (state.position === settings.failoverTo && isForAutomation(state)) {
    if (recordsBefore(state))
      return `${alerts} Automation does not restore it, because the failover found records that equalled no position; restore it by hand, to primary or to before.`;
    return `${alerts} Automation restores it only after the next recovery; to restore it now, do so by hand.`;
  }
  if (state.position === 'unknown') return `${alerts} The live records have not been read yet.`;
  if (state.position !== 'primary' && state.position !== 'drifted')
    return `${alerts} Automation does not restore what it did not fail over; restore it by hand.`;
  return `${alerts} Automation moves it when an alert opens.`;
}

/** Ends a job that has not sent its change yet. */
export function onCancel(draft: Draft, { origin, job: id, reason: why }: Of<'cancel'>): Answer {
  const job = draft.jobs.find((other) => other.id === id);
  if (!job) {
    return turnAway(
      draft,
      origin,
      refusal(
        'unknown-job',
        `${draft.settings.name} has no unfinished job ${clip(id, 80)}: it has ended, or never was.`,
      ),
    );
  }
  if (job.exclusive && changeBegun(job)) {
    return turnAway(
      draft,
      origin,
      refusal('too-late', `Job ${id} has begun to send its change and cannot be cancelled.`),
    );
  }
  const reason: Interrupt = { status: 'cancelled', text: `${who(origin)} cancelled it${because(why)}.` };
  const again =
    job.data.automatic && job.data.command === 'failover'
      ? ' Its alert stays open, and automation will look at it again: hold the switch to prevent that.'
      : '';
  if (job.status !== 'running') {
    const ended = endJob(draft, job, { status: 'cancelled', data: { ...job.data, note: reason.text } });
    return { job: ended, refusal: null, text: `The ${job.data.command} was cancelled.${again}` };
  }
  if (job.interrupt === null) interruptJob(draft, job, reason);
  else write(draft, 'interrupted', `Job ${id} is stopping already; ${reason.text}`, about(job));
  const stopping = draft.jobs.find((other) => other.id === id) ?? job;
  return {
    job: stopping,
    refusal: null,
    text: `The ${job.data.command} is told to stop; the job says how it ends.${again}`,
  };
}

/** A human closes an alert whose recovery will never come. It is no recovery: nothing moves. */
export function onClearAlert(draft: Draft, { origin, key }: Of<'clear-alert'>): Answer {
  const alerts = clearAlert(draft.state.alerts, key);
  if (!alerts) {
    const open = openAlerts(draft.state).map((alert) => alert.key);
    const hint = open.length === 0 ? 'No alert is open.' : `Open are: ${list(open, 10)}.`;
    return turnAway(
      draft,
      origin,
      refusal('malformed', `No alert "${clip(key, 120)}" is open on ${draft.settings.name}.`, hint),
    );
  }
  draft.state = { ...draft.state, alerts };
  const left = openAlerts(draft.state).length;
  const rest =
    left === 0 ? 'No other alert is open; restore by hand when you are ready.' : `${count(left, 'alert')} still open.`;
  const text = `${who(origin)} cleared the alert ${clip(key, 120)}. ${rest}`;
  write(draft, 'alert-cleared', text, { alert: key, by: origin.actor });
  dropAlert(draft, key);
  return { job: null, refusal: null, text };
}

function turnAway(draft: Draft, origin: Origin, error: CodedRefusal): Answer {
  write(draft, 'refused', `${who(origin)}: ${sentence(error.message)}`, { code: error.code });
  return { job: null, refusal: error, text: error.message };
}

/** The change may have left: from then on only an opposite command helps. */
function changeBegun({ steps }: JobRow<JobData>): boolean {
  return steps.some(({ name }) => name === 'change');
}
