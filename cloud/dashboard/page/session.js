/**
 * The connection to the endpoint: who is signed in, what it tells, and asking it for something.
 * @import { Job, State } from '../../../shared/messages.ts'
 * @import { Access, Asked, Link, Model } from './model.js'
 */
import { follow, Refused, refusedBy } from './events.js';
import { emptyModel, withAsked, withJobs, withState } from './model.js';
import { w } from './words.js';

/** Kept for this tab only: a reload asks for nothing, closing the tab forgets it, and no address ever holds it. */
const KEY = 'dashover-token';
const SILENCE_MS_MAX = 40_000;
const RETRY_MS = [500, 1_000, 2_000, 4_000];
const JOBS_READ = 100;
/** A command that the endpoint has not answered is sent again, under the same id, until it is this old. */
const COMMAND_MS_MAX = 60_000;
const AGAIN_MS = 1_500;
/**
 * One try of a command. On a connection that has died unseen it would hang for minutes, and its bytes might be delivered
 * long after the press.
 */
const TRY_MS_MAX = 5_000;
/** Reading may take longer: a history over a slow line. */
const READ_MS_MAX = 20_000;

let model = emptyModel();
let leaving = new AbortController();
/** Ends the present attempt, or the pause before the next one. */
let again = new AbortController();
/** @type {(model: Model) => void} */
let onChange = () => undefined;

/** @param {(model: Model) => void} listener called with the whole model after every change */
export function startSession(listener) {
  onChange = listener;
  addEventListener('online', reconnect);
  // A tab that slept may hold a connection that died long ago.
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && wake());
  const kept = sessionStorage.getItem(KEY);
  if (kept) void watch();
  else onChange(model);
}

/** @param {string} token */
export function signIn(token) {
  sessionStorage.setItem(KEY, token);
  void watch();
}

/** @param {string} why said beside the form; empty when the person wanted to leave */
export function signOut(why) {
  sessionStorage.removeItem(KEY);
  leaving.abort();
  change({ ...emptyModel(), link: { kind: 'out', why } });
}

export function reconnect() {
  again.abort();
}

let heardAtMs = 0;
function wake() {
  if (performance.now() - heardAtMs > SILENCE_MS_MAX / 2) reconnect();
}

/** @param {Model} next */
function change(next) {
  model = next;
  onChange(model);
}

/** @param {Link} link */
function setLink(link) {
  change({ ...model, link });
}

/** Follows until the person leaves; a lost connection is said, and made again. */
async function watch() {
  leaving.abort();
  leaving = new AbortController();
  const left = leaving.signal;
  change({ ...emptyModel(), link: { kind: 'connecting' } });
  for (let failures = 0; !left.aborted; failures += 1) {
    again = new AbortController();
    let why = w.link.ended;
    try {
      await attempt(AbortSignal.any([left, again.signal]), () => (failures = 0));
    } catch (error) {
      if (left.aborted) return;
      if (error instanceof Refused && (error.status === 401 || error.status === 403)) return signOut(error.message);
      why = error instanceof Refused ? error.message : w.link.unreachable;
    }
    if (left.aborted) return;
    // It is lost since it was lost first, however often it is tried since.
    if (model.link.kind !== 'lost') setLink({ kind: 'lost', sinceMs: Date.now(), why });
    else setLink({ ...model.link, why });
    if (again.signal.aborted) again = new AbortController();
    await pause(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? 0, AbortSignal.any([left, again.signal]));
  }
}

/** One connection, from its beginning to its end. @param {AbortSignal} signal @param {() => void} onLive */
async function attempt(signal, onLive) {
  // Who this is comes first: a wrong token ends here. The clocks are compared anew, one of them may have been set.
  const access = /** @type {Access} */ (await ask('/api/access', { signal, msMax: TRY_MS_MAX }));
  change({ ...model, access, aheadMs: null });
  let isLive = false;
  await follow('/api/events', { headers: headers(), signal }, SILENCE_MS_MAX, (event, data) => {
    heardAtMs = performance.now();
    if (event === 'state') change(withState(model, data, Date.now()));
    if (event === 'job') change(withJobs(model, [data.job]));
    if (isLive) return;
    isLive = true;
    onLive();
    setLink({ kind: 'live' });
    // After the stream has begun, so that nothing falls between; what it has told meanwhile is newer and stays.
    void readJobs(signal).catch(() => undefined);
  });
}

/** The last jobs, and those that moved the switches where they are. @param {AbortSignal} signal */
async function readJobs(signal) {
  const { jobs } = await ask(`/api/jobs?limit=${JOBS_READ}`, { signal });
  change(withJobs(model, jobs));
  for (const { by } of model.states.values()) {
    if (by === null || model.jobs.has(by.job)) continue;
    // It may have been forgotten after its thirty days: then nobody knows why any more.
    const job = await ask(`/api/jobs/${by.job}`, { signal }).catch(() => undefined);
    if (job) change(withJobs(model, [job]));
  }
}

function headers() {
  return { authorization: `Bearer ${sessionStorage.getItem(KEY) ?? ''}`, 'x-dashover-client': 'dashboard' };
}

/**
 * Asks the API. Rejects with a `Refused` when it says no, with another error when it cannot be reached or has not
 * answered within `msMax`.
 * @param {string} path @param {{ signal?: AbortSignal, body?: object, msMax?: number }} [options] @returns {Promise<any>}
 */
export async function ask(path, { signal, body, msMax = READ_MS_MAX } = {}) {
  const tooLong = AbortSignal.timeout(msMax);
  const response = await fetch(path, {
    cache: 'no-store',
    signal: signal ? AbortSignal.any([signal, tooLong]) : tooLong,
    ...(body === undefined
      ? { headers: headers() }
      : {
          method: 'POST',
          headers: { ...headers(), 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
  });
  // A refusal by a guard is answered with its job, which says everything itself.
  if (response.ok || response.headers.get('content-type')?.includes('json')) {
    const said = await response.json();
    if (response.ok || 'steps' in said) return said;
    throw new Refused(response.status, said.error.code, said.error.message, said.error.hint);
  }
  throw await refusedBy(response);
}

/**
 * Sends one command and says what became of it. While nobody has answered, it is sent again under the same id (which is
 * the same job), with its age; after a minute it is dropped and cannot arrive any more.
 * @param {string} name @param {string} what in words, for the person @param {string} command @param {object} body
 */
export async function command(name, what, command, body) {
  const id = makeId();
  const beganMs = performance.now();
  const left = leaving.signal;
  told(name, { kind: 'sending', what, text: '', hint: '', code: '' });
  for (;;) {
    const ageMs = Math.round(performance.now() - beganMs);
    if (ageMs >= COMMAND_MS_MAX) {
      told(name, { kind: 'undelivered', what, text: w.asked.undelivered, hint: '', code: '' });
      return;
    }
    try {
      const msMax = Math.min(TRY_MS_MAX, COMMAND_MS_MAX - ageMs);
      const job = /** @type {Job} */ (
        await ask(`/api/switches/${name}/${command}`, { body: { ...body, id, ageMs }, signal: left, msMax })
      );
      change(withJobs(model, [job]));
      const { error } = job;
      if (error) told(name, { kind: 'refused', what, text: error.message, hint: error.hint, code: error.code });
      // The job tells everything from here on.
      else change(withAsked(model, name, null));
      return;
    } catch (error) {
      if (left.aborted) return;
      const passes = error instanceof Refused && ![429, 502, 503, 504].includes(error.status);
      if (passes) return refuse(name, what, error);
    }
    await pause(AGAIN_MS, left);
    if (left.aborted) return;
  }
}

/**
 * Asks for what is no job (hold, release, cancel, clear an alert), once: the endpoint's answer is its state.
 * @param {string} name @param {string} what @param {string} path @param {object} body
 */
export async function settle(name, what, path, body) {
  const left = leaving.signal;
  told(name, { kind: 'sending', what, text: '', hint: '', code: '' });
  try {
    const { text, state, job } = /** @type {{ text: string, state: State, job: Job | null }} */ (
      await ask(path, { body, signal: left, msMax: TRY_MS_MAX })
    );
    change(withState(job ? withJobs(model, [job]) : model, state, Date.now()));
    told(name, { kind: 'answered', what, text, hint: '', code: '' });
  } catch (error) {
    if (left.aborted) return;
    if (error instanceof Refused) refuse(name, what, error);
    else told(name, { kind: 'undelivered', what, text: w.asked.unanswered, hint: '', code: '' });
  }
}

/** @param {string} name */
export function dismiss(name) {
  change(withAsked(model, name, null));
}

/** @param {string} name @param {Asked} asked */
function told(name, asked) {
  change(withAsked(model, name, asked));
}

/** @param {string} name @param {string} what @param {Refused} error */
function refuse(name, what, { message, hint, code }) {
  told(name, { kind: 'refused', what, text: message, hint, code });
}

/** `crypto.randomUUID` is there over https only; an endpoint in the house may be reached without it. */
function makeId() {
  return `page-${[...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** @param {number} ms @param {AbortSignal} signal @returns {Promise<void>} */
function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
    if (signal.aborted) resolve();
  });
}
