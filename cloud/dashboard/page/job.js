/** @import { Job } from '../../../shared/messages.ts' */
import { isEnded } from './model.js';
import { clock, duration } from './times.js';
import { html } from './view.js';
import { w } from './words.js';

const MARKS = { running: '…', succeeded: '✓', failed: '✕', refused: '✕', skipped: '–' };

/** A moment, exact for whoever points at it. @param {{ at: string, nowMs: number }} props */
export function Time({ at, nowMs }) {
  return html`<time datetime=${at} title=${at}>${clock(at, nowMs, w.lang)}</time>`;
}

/** The endpoint's own words, marked as the English that they are. @param {{ text: string, class?: string }} props */
export function Told({ text, class: name = '' }) {
  return html`<span lang="en" class=${name}>${text}</span>`;
}

/** @param {string} position */
export function positionWord(position) {
  return Object.hasOwn(w.positions, position) ? w.positions[/** @type {'before'} */ (position)] : position;
}

/** @param {Job} job */
export function fromToOf({ from, to }) {
  return from === null || from === to ? positionWord(to) : w.fromTo(positionWord(from), positionWord(to));
}

/** One job with its steps as a timeline. @param {{ job: Job, nowMs: number, children?: unknown }} props */
export function JobView({ job, nowMs, children }) {
  const { trigger, joined, reason, status, outcome, verified, error, startedAt, finishedAt, acceptedAt } = job;
  const took = finishedAt && startedAt ? Date.parse(finishedAt) - Date.parse(startedAt) : null;
  const about = [
    w.job.askedBy(trigger.actor, w.roads[trigger.kind]),
    joined.length > 0 && w.job.joined(joined.length),
    took !== null && w.job.took(duration(took, w)),
    verified === true && w.job.verified,
    verified === false && w.job.unverified,
  ].filter(Boolean);
  return html`<div class="job ${status}">
    <p class="head">
      <strong>${w.commands[job.command]} ${fromToOf(job)}</strong>
      <span class="chip ${status}"
        >${outcome && status === 'succeeded' ? w.outcomes[outcome] : w.statuses[status]}</span
      >
    </p>
    <p class="about"><${Time} at=${acceptedAt} nowMs=${nowMs} /> · ${about.join(' · ')}</p>
    ${reason && html`<p class="reason">${w.facts.reason(reason)}</p>`}
    ${!isEnded(status) && status !== 'running' && html`<p><${Told} text=${job.text} /></p>`}
    ${job.steps.length > 0 && html`<${Steps} job=${job} nowMs=${nowMs} />`}
    ${error && html`<${Problem} error=${error} />`} ${children}
  </div>`;
}

/** @param {{ job: Job, nowMs: number }} props */
function Steps({ job, nowMs }) {
  return html`<ol class="steps" aria-label=${w.job.steps}>
    ${job.steps.map(({ name, status, startedAt, finishedAt, text, detail }) => {
      const endMs = finishedAt ? Date.parse(finishedAt) : isEnded(job.status) ? Date.parse(startedAt) : nowMs;
      const label = Object.hasOwn(w.steps, name) ? w.steps[/** @type {'guard'} */ (name)] : name;
      return html`<li key=${name} class=${status} data-step=${name}>
        <span class="mark" aria-hidden="true">${MARKS[status]}</span>
        <details open=${isNews(status, detail)}>
          <summary>
            <span class="step">${label}<span class="unseen">: ${w.stepStatuses[status]}</span></span>
            <span class="took">${duration(endMs - Date.parse(startedAt), w)}</span>
          </summary>
          <${Told} class="text" text=${text} />
        </details>
      </li>`;
    })}
  </ol>`;
}

/** What went as it should needs no words; they are a touch away. @param {Job['steps'][number]['status']} status @param {unknown} detail */
function isNews(status, detail) {
  const warned = typeof detail === 'object' && detail !== null && 'kind' in detail && detail.kind === 'warned';
  return warned || ['running', 'failed', 'refused'].includes(status);
}

/** What was wrong and what to do about it. @param {{ error: { code: string, message: string, hint: string } }} props */
export function Problem({ error }) {
  const hint = w.hints[error.code];
  return html`<p class="error">
    ${hint ? html`<span>${hint}</span> ` : ''}<${Told}
      text=${hint ? error.message : `${error.message} ${error.hint}`}
    />
  </p>`;
}
