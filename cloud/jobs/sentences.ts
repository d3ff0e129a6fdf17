/** Whole jobs and whole states in one sentence or two, for the person who reads nothing else. */
import { durationInWords } from '../../shared/duration.ts';
import type { JobRow } from '../engine/job.ts';
import type { JobData } from './command.ts';
import { isInDoubt, movingJob } from './in-hand.ts';
import { contestInForce, holdInForce, openAlerts, type Hold, type SwitchState } from './state.ts';
import type { Automation, Switch } from './switch.ts';
import { capital, clip, count, list, place, sentence, timeInWords, who } from './text.ts';

/** One job: what was asked, by whom and why, and how far it is. Claims nothing that was not confirmed. */
export function jobInWords(row: JobRow<JobData>): string {
  const { data } = row;
  const note = data.note ? ` ${sentence(data.note)}` : '';
  switch (row.status) {
    case 'waiting':
      // What it waits for is a clause: elsewhere it follows a colon.
      return `${asked(row)} waits.${capital(note)}`;
    case 'queued':
      return `${asked(row)} starts when the job before it has ended.${note}`;
    case 'running':
      return `${underWay(row)}${lastStep(row)}`;
    case 'succeeded':
      return `${success(row)}${note}`;
    case 'failed':
      return isInDoubt(row)
        ? `It could not be learnt whether ${row.lane} moved to ${place(data.to)}. ${problem(data)}`
        : `${asked(row)} failed; the records were not changed. ${problem(data)}`;
    case 'refused':
      return `${asked(row)} was refused. ${problem(data)}`;
    case 'superseded':
      return `${asked(row)} gave way and changed nothing.${note}`;
    case 'expired':
      return `${asked(row)} was too old when its turn came, and was not started. ${problem(data)}`;
    case 'cancelled':
      return `${asked(row)} was cancelled and changed nothing.${note}`;
  }
}

/** `Failover of www to maintenance, asked by lobby (button) because "deploy went wrong",`. */
function asked(row: JobRow<JobData>): string {
  const name = { failover: 'Failover', restore: 'Restore', drill: 'Drill' }[row.data.command];
  return `${name} of ${row.lane} to ${place(row.data.to)}, asked by ${because(row.data)},`;
}

function because({ trigger, reason, joined }: JobData): string {
  const others = joined.length > 0 ? ` (and ${count(joined.length, 'other')})` : '';
  return `${who(trigger)}${others}${reason ? ` because "${clip(reason, 120)}"` : ''}`;
}

function underWay(row: JobRow<JobData>): string {
  const { command, from, to } = row.data;
  if (command === 'drill')
    return `Drill of ${row.lane} to ${place(to)}, asked by ${because(row.data)}; nothing will be changed.`;
  return from === to
    ? backToStart(row)
    : `${row.lane} is being moved from ${place(from)} to ${place(to)}, asked by ${because(row.data)}.`;
}

/** Where it was when asked is known, not where it is by now: the job looks, and changes the records when they are elsewhere. */
function backToStart({ lane, data, steps }: JobRow<JobData>): string {
  return steps.some(({ name }) => name === 'change')
    ? `${lane} is being moved to ${place(data.to)}, asked by ${because(data)}.`
    : `${lane} was already at ${place(data.to)} when asked to go there by ${because(data)}.`;
}

function lastStep({ steps }: JobRow<JobData>): string {
  const step = steps.at(-1);
  return step && step.text !== '' ? ` ${step.name}: ${sentence(step.text)}` : '';
}

function success(row: JobRow<JobData>): string {
  const { data } = row;
  const atMs = row.finishedAtMs ?? row.acceptedAtMs;
  switch (data.outcome) {
    case 'already-there':
      return `${row.lane} was already at ${place(data.to)}; nothing was changed. Asked by ${because(data)}.`;
    case 'drilled':
      return `Drill of ${row.lane} to ${place(data.to)} walked the whole road and changed nothing. Asked by ${because(data)}.`;
    case 'switched':
    case null: {
      const caches =
        data.cachesUntilMs === null
          ? ''
          : ` Caches may show the old answer until ${timeInWords(data.cachesUntilMs, atMs)}.`;
      return `${row.lane} moved from ${place(data.from)} to ${place(data.to)}, asked by ${because(data)}.${proof(data.verified)}${caches}`;
    }
  }
}

function proof(verified: boolean | null): string {
  if (verified === null) return '';
  return verified
    ? ' Every authoritative name server answers so.'
    : ' It is not confirmed that every authoritative name server answers so.';
}

function problem({ error }: JobData): string {
  return error ? `${sentence(error.message)} ${sentence(error.hint)}` : '';
}

/** The switch as it is: where, since when, by whom; what moves; who owns it; what is wrong. */
export function stateInWords(
  settings: Switch,
  automation: Automation,
  state: SwitchState,
  unfinished: readonly JobRow<JobData>[],
  nowMs: number,
): string {
  const waiting = unfinished.find(({ status }) => status === 'waiting');
  return [
    whereabouts(settings.name, state, movingJob(state, unfinished), nowMs),
    contestInWords(contestInForce(state), settings.name),
    holdInWords(holdInForce(state), nowMs),
    automationInWords(automation, state),
    alertsInWords(state),
    waiting?.data.note ? `A ${waiting.data.command} waits: ${sentence(waiting.data.note)}` : '',
    drills(unfinished),
  ]
    .filter((clause) => clause !== '')
    .join(' ');
}

function whereabouts(name: string, state: SwitchState, move: JobRow<JobData> | undefined, nowMs: number): string {
  if (move) {
    return `${name} is moving from ${place(state.position)} to ${place(move.data.to)}, asked by ${because(move.data)}.`;
  }
  const since = state.sinceMs === null ? '' : ` since ${timeInWords(state.sinceMs, nowMs)}`;
  const by = state.by ? `, moved by ${who({ kind: state.by.trigger, actor: state.by.actor })}` : '';
  if (state.position === 'unknown') return `Where ${name} is has not been read yet.`;
  if (state.position === 'drifted') {
    return `The records of ${name} equal no position${since}: ${sentence(
      list(
        state.drift.map((d) => clip(d, 160)),
        2,
      ),
    )}`;
  }
  return `${name} is at ${state.position}${since}${by}.`;
}

/** Said of records that left our position soon after our move; empty when they did not. */
export function contestInWords(contest: ReturnType<typeof contestInForce>, name: string): string {
  if (!contest) return '';
  const stayed = durationInWords(contest.afterMs);
  return `Another controller seems to be at work: the records of ${name} left ${contest.from} ${stayed} after dashover had moved them there. Look for external-dns, Terraform or the like before it is moved again.`;
}

/** `Held by lobby until released: deploy went wrong.` Empty when nobody holds it. */
export function holdInWords(hold: Hold | null, nowMs: number): string {
  if (!hold) return '';
  const until = hold.untilMs === null ? 'until released' : `until ${timeInWords(hold.untilMs, nowMs)}`;
  return sentence(`Held by ${hold.by} ${until}${hold.reason ? `: ${clip(hold.reason, 120)}` : ''}`);
}

function automationInWords(automation: Automation, state: SwitchState): string {
  if (automation.mode === 'off') return 'Automation is off.';
  if (automation.mode === 'observe') return 'Automation only records what it would do.';
  return state.tripped ? `Automation has stopped itself here: ${sentence(state.tripped.text)}` : '';
}

function alertsInWords(state: SwitchState): string {
  const open = openAlerts(state);
  if (open.length === 0) return '';
  const acknowledged = open.filter((alert) => alert.acknowledged).length;
  const known =
    acknowledged === 0 ? '' : acknowledged === open.length ? ', acknowledged' : `, ${acknowledged} acknowledged`;
  return `${count(open.length, 'alert')} open${known}: ${sentence(list(open.map(({ title, key }) => clip(title || key, 80))))}`;
}

function drills(unfinished: readonly JobRow<JobData>[]): string {
  const drill = unfinished.find(({ exclusive }) => !exclusive);
  return drill ? `A drill to ${place(drill.data.to)} is running; it changes nothing.` : '';
}
