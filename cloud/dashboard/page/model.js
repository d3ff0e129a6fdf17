/**
 * What the endpoint has said, and nothing else: no state is ever drawn that did not come from it. Pure.
 * @import { Job, State } from '../../../shared/messages.ts'
 */

/** Jobs remembered by the page; the history reads older ones anew. */
const JOBS_MAX = 400;

/**
 * What the bearer may do, and between which positions, as `GET /api/access` says.
 * @typedef {{ actor: string, may: string[], journal: boolean, switches: SwitchAccess[] }} Access
 * @typedef {{ switch: string, title: string, names: string[], positions: string[], failoverTo: string }} SwitchAccess
 *
 * The connection: `sinceMs` and `why` tell when it was lost, and the reason.
 * @typedef {{ kind: 'out', why: string } | { kind: 'connecting' } | { kind: 'live' } |
 *   { kind: 'lost', sinceMs: number, why: string }} Link
 *
 * What became of the last command that was sent from this page, by switch.
 * @typedef {{ kind: 'sending' | 'answered' | 'refused' | 'undelivered', what: string, text: string, hint: string, code: string }} Asked
 *
 * `aheadMs`: how far the endpoint's clock is ahead of this machine's.
 * @typedef {{ link: Link, access: Access | null, states: Map<string, State>, jobs: Map<string, Job>,
 *   asked: Map<string, Asked>, aheadMs: number | null, heard: number }} Model
 */

/** @returns {Model} */
export function emptyModel() {
  return {
    link: { kind: 'out', why: '' },
    access: null,
    states: new Map(),
    jobs: new Map(),
    asked: new Map(),
    aheadMs: null,
    heard: 0,
  };
}

/**
 * A state as it was told at `nowMs` of this machine's clock.
 * @param {Model} model @param {State} state @param {number} nowMs @returns {Model}
 */
export function withState(model, state, nowMs) {
  // A message is never older than its own time, so the largest difference is the nearest to the truth.
  const aheadMs = Math.max(model.aheadMs ?? Number.NEGATIVE_INFINITY, Date.parse(state.asOf) - nowMs);
  return { ...model, aheadMs, heard: model.heard + 1, states: new Map(model.states).set(state.switch, state) };
}

/**
 * Jobs from any road: one that is known to be further on already stays as it is.
 * @param {Model} model @param {readonly Job[]} told @returns {Model}
 */
export function withJobs(model, told) {
  const jobs = new Map(model.jobs);
  for (const job of told) {
    const known = jobs.get(job.id);
    if (!known || isAsFarAs(job, known)) jobs.set(job.id, job);
  }
  if (jobs.size > JOBS_MAX) {
    const oldest = [...jobs.values()].sort(newestFirst).slice(JOBS_MAX);
    for (const { id } of oldest) jobs.delete(id);
  }
  return { ...model, jobs, heard: model.heard + 1 };
}

/** @param {Model} model @param {string} name @param {Asked | null} asked @returns {Model} */
export function withAsked(model, name, asked) {
  const all = new Map(model.asked);
  if (asked) all.set(name, asked);
  else all.delete(name);
  return { ...model, asked: all };
}

/** @param {Job} job @param {Job} known */
function isAsFarAs(job, known) {
  return progressOf(job) >= progressOf(known);
}

/** Grows with everything that can happen to a job. @param {Job} job */
function progressOf({ status, steps, joined }) {
  const ofStatus = isEnded(status) ? 1e6 : status === 'running' ? 1e5 : 0;
  const ofSteps = steps.reduce((sum, step) => sum + (step.finishedAt === null ? 100 : 200), 0);
  return ofStatus + ofSteps + Math.min(joined.length, 99);
}

/** @param {Job['status']} status */
export function isEnded(status) {
  return !['waiting', 'queued', 'running'].includes(status);
}

/** @param {Job} a @param {Job} b */
function newestFirst(a, b) {
  return Date.parse(b.acceptedAt) - Date.parse(a.acceptedAt) || (a.id < b.id ? 1 : -1);
}

/**
 * The jobs that a switch's card shows: those in hand, the last one that ended, and a refusal that came after it.
 * @param {Model} model @param {string} name
 */
export function jobsOf(model, name) {
  const mine = [...model.jobs.values()].filter((job) => job.switch === name).sort(newestFirst);
  const inHand = mine.filter(({ status }) => !isEnded(status)).reverse();
  const ended = mine.filter(({ status }) => isEnded(status));
  const last = ended.find(({ status }) => status !== 'refused');
  const refused = ended[0]?.status === 'refused' ? ended[0] : undefined;
  return { inHand, last, refused };
}

/**
 * Why the switch is where it is: the reason of the job that moved it.
 * @param {Model} model @param {State} state
 */
export function reasonOf(model, { by }) {
  return by === null ? null : (model.jobs.get(by.job)?.reason ?? null);
}

/** The endpoint's time now, milliseconds since 1970. @param {Model} model @param {number} nowMs */
export function endpointNowMs(model, nowMs) {
  return nowMs + (model.aheadMs ?? 0);
}

/**
 * How caches let go: how long it takes in all and how long is left, in milliseconds; null when they have.
 * @param {State} state @param {Job | undefined} last @param {number} nowMs the endpoint's
 */
export function cachesLeft({ cachesUntil, since }, last, nowMs) {
  if (cachesUntil === null) return null;
  const untilMs = Date.parse(cachesUntil);
  if (untilMs <= nowMs) return null;
  const settled = last?.steps.find(({ name }) => name === 'settle')?.finishedAt ?? last?.finishedAt ?? since;
  const fromMs = Math.min(settled ? Date.parse(settled) : nowMs, nowMs);
  return { leftMs: untilMs - nowMs, wholeMs: untilMs - fromMs };
}
