import { follow } from './events.js';

const KEY = 'dashover-token';
const RETRY_MS = 2000;
const byId = (id) => document.getElementById(id);

/** By switch: the state as the endpoint last said it, and the last job. */
const shown = new Map();
let leaving = new AbortController();

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

const clock = (iso) => new Date(iso).toLocaleTimeString();
const moment = (iso) => new Date(iso).toLocaleString();

/** The facts that are there, as pairs of word and sentence. */
function factsOf(state) {
  const { by, hold, since, cachesUntil, drift, alerts } = state;
  return [
    ['Since', since && `${moment(since)}${by ? `, by ${by.actor} (${by.trigger})` : ''}`],
    ['Automation', state.automation],
    [
      'Held',
      hold &&
        `by ${hold.by}${hold.reason ? `: ${hold.reason}` : ''}${hold.until ? `, until ${moment(hold.until)}` : ''}`,
    ],
    ['Alerts', alerts.map(({ title, acknowledged }) => (acknowledged ? `${title} (acknowledged)` : title)).join('; ')],
    [
      'Caches',
      cachesUntil && new Date(cachesUntil) > new Date() && `may keep the old answer until ${clock(cachesUntil)}`,
    ],
    ['Drift', drift && (drift.differences ?? []).join('; ')],
  ].filter(([, value]) => value);
}

function jobPart(job) {
  const part = element('div');
  part.append(element('h3', `Last job: ${job.command}`), element('p', job.text));
  if (job.error) part.append(element('p', `${job.error.message} ${job.error.hint}`, 'error'));
  const steps = element('ol');
  for (const step of job.steps) {
    const line = element('li', `${step.name}: ${step.status}. ${step.text} `);
    line.append(element('time', clock(step.finishedAt ?? step.startedAt)));
    steps.append(line);
  }
  part.append(steps);
  return part;
}

function show(name) {
  const { state, job } = shown.get(name);
  if (!state) return;
  const id = `switch-${name}`;
  const section = byId(id) ?? byId('switches').appendChild(element('section'));
  section.id = id;
  const title = element('h2', name);
  title.id = `${id}-title`;
  section.setAttribute('aria-labelledby', title.id);
  const where = state.position === 'moving' ? `${state.from ?? '?'} → ${state.to ?? '?'}` : state.position;
  const said = element('p', state.text);
  const facts = element('dl');
  for (const [word, value] of factsOf(state)) facts.append(element('dt', word), element('dd', value));
  section.replaceChildren(
    title,
    element('p', where, `position ${state.position === 'primary' ? 'well' : 'away'}`),
    said,
    facts,
    ...(job ? [jobPart(job)] : []),
  );
}

function heard(event, data) {
  const name = data.switch ?? data.job?.switch;
  if (name === undefined) return;
  const before = shown.get(name) ?? {};
  shown.set(name, event === 'state' ? { ...before, state: data } : { ...before, job: data.job });
  show(name);
}

async function lastJobs(headers, signal) {
  const response = await fetch('/api/jobs?limit=100', { headers, signal, cache: 'no-store' });
  if (!response.ok) return;
  const { jobs } = await response.json();
  for (const job of jobs.reverse()) heard('job', { job });
}

function ask(sentence) {
  sessionStorage.removeItem(KEY);
  leaving.abort();
  shown.clear();
  byId('switches').replaceChildren();
  byId('link').textContent = '';
  byId('leave').hidden = true;
  byId('enter').hidden = false;
  byId('wrong').textContent = sentence;
  byId('token').focus();
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Follows until the person leaves; a lost connection is said, and made again. */
async function watch(token) {
  leaving = new AbortController();
  const { signal } = leaving;
  const headers = { authorization: `Bearer ${token}`, 'x-dashover-client': 'dashboard' };
  byId('enter').hidden = true;
  byId('leave').hidden = false;
  while (!signal.aborted) {
    let why = 'The endpoint ended the connection.';
    try {
      byId('link').textContent = 'Connecting…';
      await lastJobs(headers, signal);
      await follow('/api/events', headers, signal, (event, data) => {
        byId('link').textContent = 'Live.';
        heard(event, data);
      });
    } catch (error) {
      if (signal.aborted) return;
      if (error.status === 401 || error.status === 403) return ask(error.message);
      why = error.status ? error.message : 'The endpoint cannot be reached.';
    }
    byId('link').textContent = `${why} What you see is from before ${clock(new Date())}; trying again.`;
    await pause(RETRY_MS);
  }
}

byId('enter').addEventListener('submit', (event) => {
  event.preventDefault();
  const token = byId('token').value.trim();
  byId('token').value = '';
  byId('wrong').textContent = '';
  sessionStorage.setItem(KEY, token);
  void watch(token);
});
byId('leave').addEventListener('click', () => ask(''));

const kept = sessionStorage.getItem(KEY);
if (kept) void watch(kept);
else ask('');
