import type { Decision, LaneEvent, Rules, Seen } from '../engine/lane.ts';
import type { JobMessage } from '../../shared/messages.ts';
import { isUnfinished, type JobRow } from '../engine/job.ts';
import { jobMessages, stateMessage, toJobs } from './announce.ts';
import type { JobData, Reply, SwitchCommand } from './command.ts';
import { describeState } from './describe.ts';
import { hasSwitched, isInDoubt } from './in-hand.ts';
import { afterRelease, onCancel, onClearAlert, onHold, onRelease } from './rules/owner.ts';
import { toldOf } from './notice/pages.ts';
import { checkRows } from './notice/rows.ts';
import { NOBODY, type NotifySettings } from './notice/settings.ts';
import { nextTellMs, tellPeople } from './notice/tell.ts';
import type { Answer } from './rules/answer.ts';
import { nextTickMs } from './rules/clocks.ts';
import { about, endJob, updateJob, write, type Draft } from './rules/draft.ts';
import { afterMove, endData, isOutOfDate } from './rules/ended.ts';
import { forgetMove, recent } from './rules/everywhere.ts';
import { follow, passTime } from './rules/follow.ts';
import { onMove } from './rules/moves.ts';
import { learn, onObserved } from './rules/observed.ts';
import { initialState, type Everywhere, type SwitchState } from './state.ts';
import type { Automation, Switch } from './switch.ts';
import { who } from './text.ts';

/** A state that has not changed is told again after this long, with whatever is decided then. */
const TELL_AGAIN_MS = 60_000;

export interface RulesOptions {
  readonly switches: ReadonlyMap<string, Switch>;
  readonly automation: Automation;
  /** Who is told of what happens; default: nobody. */
  readonly notify?: NotifySettings;
}

export type SwitchRules = Rules<SwitchState, Everywhere, SwitchCommand, Reply, JobData>;
type SwitchDecision = Decision<SwitchState, Everywhere, Reply, JobData>;
type SwitchEvent = LaneEvent<SwitchCommand, JobData>;

/**
 * The rules of a switch, as the engine asks for them: one pure function over everything that can happen to it. It
 * throws only for a lane that is no configured switch, which the door turns away.
 */
export function makeRules(options: RulesOptions): SwitchRules {
  return {
    initial: (lane, nowMs) => initialState(lane, nowMs),
    decide: (state, event, seen, nowMs) => decide(options, state, event, seen, nowMs),
    announceStep: (job, nowMs) => jobMessages('step', job, nowMs),
    announceStanding: (state, unfinished, changed, nowMs) => {
      const settings = options.switches.get(state.switch);
      if (!settings) return [];
      const described = describeState(settings, options.automation, state, unfinished, nowMs);
      return [...changed.map((job) => toJobs(newsOf(job), job, nowMs)), stateMessage(described)];
    },
  };
}

/** Which message a job calls for that is seen as it stands. */
function newsOf(job: JobRow<JobData>): JobMessage['type'] {
  if (!isUnfinished(job)) return 'finished';
  return job.steps.length === 0 ? 'accepted' : 'step';
}

/** What time has brought; then the event; then whatever follows from both. */
function decide(
  options: RulesOptions,
  state: SwitchState,
  event: SwitchEvent,
  seen: Seen<Everywhere, JobData>,
  nowMs: number,
): SwitchDecision {
  const draft = beginDraft(options, state, seen, nowMs);
  const { everywhere } = draft;
  passTime(draft);
  const answer = happen(draft, event);
  follow(draft);
  const told = isRelease(event) ? { ...answer, ...tellRelease(draft, answer) } : answer;
  const { notify = NOBODY } = options;
  tellPeople(draft, state, seen.jobs, event, notify);
  draft.state = withRevision(state, draft.state);
  const described = describeState(draft.settings, draft.automation, draft.state, draft.jobs, nowMs);
  const before = describeState(draft.settings, draft.automation, state, seen.jobs, nowMs);
  if (isTell(event) || isStale(draft) || !isSame(described, before)) {
    draft.messages.push(stateMessage(described));
    draft.messages.push(...checkRows(draft.state, toldOf(draft.state), described.text, notify, nowMs));
    draft.state = { ...draft.state, toldAtMs: nowMs };
  }
  const wakeAtMs = wakeAt(draft, notify);
  return {
    state: draft.state,
    ...(draft.everywhere === everywhere ? {} : { shared: draft.everywhere }),
    reply: { ...told, state: described },
    jobs: draft.changes,
    journal: draft.journal,
    outgoing: draft.messages,
    ...(wakeAtMs === null ? {} : { wakeAtMs }),
    ...(draft.tripped ? { wakeLanes: [...options.switches.keys()].filter((name) => name !== state.switch) } : {}),
  };
}

function beginDraft(
  { switches, automation }: RulesOptions,
  state: SwitchState,
  seen: Seen<Everywhere, JobData>,
  nowMs: number,
): Draft {
  const settings = switches.get(state.switch);
  if (!settings) throw new Error(`${state.switch} is no switch of this configuration`);
  return {
    settings,
    automation,
    nowMs,
    newJobId: seen.newJobId,
    idTaken: false,
    state,
    everywhere: recent(seen.shared, automation, nowMs),
    jobs: seen.jobs,
    changes: [],
    journal: [],
    messages: [],
    tripped: false,
  };
}

const NOTHING_ASKED: Answer = { job: null, refusal: null, text: '' };

function happen(draft: Draft, event: SwitchEvent): Answer {
  switch (event.kind) {
    case 'timer':
      return NOTHING_ASKED;
    case 'ended':
      onEnded(draft, event);
      return NOTHING_ASKED;
    case 'command':
      return onCommand(draft, event);
  }
}

function onCommand(
  draft: Draft,
  { command, sender, commandId, known }: Extract<SwitchEvent, { kind: 'command' }>,
): Answer {
  switch (command.kind) {
    case 'move':
      return onMove(draft, command, { sender, commandId }, known);
    case 'hold':
      return onHold(draft, command);
    case 'release':
      return onRelease(draft, command);
    case 'cancel':
      return onCancel(draft, command);
    case 'clear-alert':
      return onClearAlert(draft, command);
    case 'observed':
      return onObserved(draft, command);
    case 'device':
    case 'tell':
      return NOTHING_ASKED;
  }
}

function onEnded(draft: Draft, { job, end }: Extract<SwitchEvent, { kind: 'ended' }>): void {
  if (isOutOfDate(job, end)) return goOn(draft, job);
  const ended = endJob(draft, job, { status: end.status, data: endData(job, end) });
  if (!job.exclusive) return;
  learn(draft, afterMove(draft.state, ended, draft.settings, draft.nowMs));
  const mayHaveMoved = hasSwitched(ended) || isInDoubt(ended);
  if (!ended.data.automatic || !mayHaveMoved) draft.everywhere = forgetMove(draft.everywhere, job.id);
}

/** It runs once more, with what it has stored; one that was told to stop only finds that out. */
function goOn(draft: Draft, job: JobRow<JobData>): void {
  const { command, takenOverBy, trigger } = updateJob(draft, job, job.data).data;
  if (job.interrupt !== null) return;
  const text = `${who(takenOverBy ?? trigger)} joined before the ${command} by automation had ended; it goes on as theirs.`;
  write(draft, 'goes-on', text, about(job));
}

/** The counter grows by one when what it stands for has changed, however much of it. */
function withRevision(before: SwitchState, after: SwitchState): SwitchState {
  const same = isSame(revised(before), revised(after));
  return same ? after : { ...after, revision: before.revision + 1 };
}

/** Both were built by the same code, so equal values have equal JSON. */
function isSame(one: object, other: object): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function revised({ position, hold, incident, tripped }: SwitchState) {
  return { position, hold, incident: incident?.id ?? null, tripped };
}

/** When time alone will bring something: a hold's end, another look at an alert, a clock, or the rest of this decision. */
function wakeAt({ state, jobs, settings, nowMs }: Draft, notify: NotifySettings): number | null {
  // The end of a job in hand asks by itself.
  const free = !jobs.some(({ exclusive }) => exclusive);
  const times = [
    state.hold.asked?.untilMs,
    state.hold.taken?.untilMs,
    state.judge.atMs,
    free && state.heldRecovery?.due ? nowMs : null,
    nextTickMs(state, settings.guards, nowMs),
    nextTellMs(state, notify, nowMs),
  ].filter((time) => time !== null && time !== undefined);
  return times.length === 0 ? null : Math.max(nowMs, Math.min(...times));
}

function isRelease(event: SwitchEvent): boolean {
  return event.kind === 'command' && event.command.kind === 'release';
}

function isTell(event: SwitchEvent): boolean {
  return event.kind === 'command' && event.command.kind === 'tell';
}

/** The retained state says as of when it is true, so it is told now and then though nothing has changed. */
function isStale({ state, nowMs }: Draft): boolean {
  return state.toldAtMs !== null && nowMs - state.toldAtMs >= TELL_AGAIN_MS;
}

function tellRelease(draft: Draft, { text }: Answer): Pick<Answer, 'job' | 'text'> {
  const job = draft.jobs.find(({ id }) => draft.idTaken && id === draft.newJobId);
  return { job: job ?? null, text: `${text} ${afterRelease(draft, job)}` };
}
