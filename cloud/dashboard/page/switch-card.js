/**
 * @import { Job, State } from '../../../shared/messages.ts'
 * @import { Access, Asked, Model, SwitchAccess } from './model.js'
 */
import { useState } from 'preact/hooks';
import { Controls } from './controls.js';
import { Dialog } from './dialog.js';
import { fromToOf, JobView, positionWord, Problem, Told } from './job.js';
import { cachesLeft, endpointNowMs, jobsOf, reasonOf } from './model.js';
import { dismiss, settle } from './session.js';
import { clock, countdown, lasted } from './times.js';
import { html } from './view.js';
import { w } from './words.js';

/** One switch, large. @param {{ model: Model, access: Access, settings: SwitchAccess, nowMs: number }} props */
export function SwitchCard({ model, access, settings, nowMs }) {
  const name = settings.switch;
  const state = model.states.get(name);
  const id = `switch-${name}`;
  return html`<section id=${id} class="card ${state ? lookOf(state) : ''}" aria-labelledby="${id}-title">
    <header>
      <h2 id="${id}-title">${settings.title === name ? name : settings.title}</h2>
      <p class="names">
        ${settings.title !== name && html`<strong>${name}</strong> · `}${settings.names.slice(0, 3).join(', ')}
      </p>
    </header>
    ${
      state
        ? html`<${Whole} model=${model} access=${access} settings=${settings} state=${state} nowMs=${nowMs} />`
        : html`<p class="soft">${w.waitingFor}</p>`
    }
  </section>`;
}

/** @param {State} state */
function lookOf({ position }) {
  if (position === 'primary') return 'well';
  return ['moving', 'drifted', 'unknown'].includes(position) ? position : 'away';
}

/** @param {{ model: Model, access: Access, settings: SwitchAccess, state: State, nowMs: number }} props */
function Whole({ model, access, settings, state, nowMs }) {
  const now = endpointNowMs(model, nowMs);
  const { inHand, last, refused } = jobsOf(model, settings.switch);
  const asked = model.asked.get(settings.switch);
  return html`<div class="sides">
    <div class="side">
      <${Where} state=${state} />
      <${Facts} model=${model} state=${state} nowMs=${now} />
      ${asked && html`<${AskedNote} asked=${asked} name=${settings.switch} />`}
      ${inHand.map(
        (job) =>
          html`<div class="now" key=${job.id}>
            <h3>${w.job.now}</h3>
            <${JobView} job=${job} nowMs=${now} />
          </div>`,
      )}
      <${Caches} state=${state} caches=${cachesLeft(state, last, now)} nowMs=${now} />
      ${state.alerts.length > 0 && html`<${Alerts} model=${model} access=${access} state=${state} nowMs=${now} />`}
      ${state.drift !== null && html`<${Drift} state=${state} />`}
    </div>
    <div class="side"><${Controls} model=${model} access=${access} settings=${settings} state=${state} /></div>
    <div class="below">
      ${
        refused &&
        html`<details key=${refused.id} class="past" open=${asked?.kind !== 'refused' && isFresh(refused, state)}>
          <summary>
            ${w.job.refused(`${w.commands[refused.command]} ${fromToOf(refused)}`, clock(refused.acceptedAt, now, w.lang))}
          </summary>
          <${JobView} job=${refused} nowMs=${now} />
        </details>`
      }
      ${
        last &&
        html`<details key=${last.id} class="past">
          <summary>${w.job.last(`${w.commands[last.command]} ${fromToOf(last)}`, w.statuses[last.status])}</summary>
          <${JobView} job=${last} nowMs=${now} />
        </details>`
      }
      <details class="past" open>
        <summary>${w.facts.inWords}</summary>
        <p><${Told} text=${state.text} /></p>
      </details>
    </div>
  </div>`;
}

/** A refusal that somebody waits for: what automation was refused is for the history. @param {Job} refused @param {State} state */
function isFresh({ revision, trigger }, state) {
  return revision === state.revision && trigger.kind !== 'datadog';
}

/** Where it is, in the largest letters of the page. @param {{ state: State }} props */
function Where({ state }) {
  const { position, from, to } = state;
  const moving = position === 'moving';
  const words = moving
    ? w.fromTo(positionWord(from ?? 'unknown'), positionWord(to ?? 'unknown'))
    : positionWord(position);
  return html`<p class="where" data-position=${position}>
    ${moving && html`<span class="kicker">${w.positions.moving}</span>`}
    <span class="word">${words}</span>
  </p>`;
}

/** @param {{ model: Model, state: State, nowMs: number }} props */
function Facts({ model, state, nowMs }) {
  const { position, since, by, hold, automation } = state;
  const reason = reasonOf(model, state);
  return html`<ul class="facts">
    ${
      since &&
      position !== 'moving' &&
      html`<li class="line">
        <span>${w.facts.since(clock(since, nowMs, w.lang), lasted(nowMs - Date.parse(since), w))}</span>
        <span>${by ? w.facts.by(by.actor, w.roads[by.trigger]) : w.facts.nobody}</span>
        ${reason && html`<span class="reason">${w.facts.reason(reason)}</span>`}
      </li>`
    }
    ${
      hold &&
      html`<li class="owner line">
        <strong>${w.hold.by(hold.by)}</strong>
        <span>
          ${hold.until ? w.hold.until(clock(hold.until, nowMs, w.lang), lasted(Date.parse(hold.until) - nowMs, w)) : w.hold.untilReleased}
        </span>
        ${hold.reason && hold.reason !== reason && html`<span class="reason">${w.facts.reason(hold.reason)}</span>`}
      </li>`
    }
    <li class="automation ${automation}">${w.automation[automation]}</li>
    ${automation === 'tripped' && html`<li class="error"><${Told} text=${state.text} /></li>`}
  </ul>`;
}

/** Counts down until the caches have let go. @param {{ caches: ReturnType<typeof cachesLeft>, state: State, nowMs: number }} props */
function Caches({ caches, state, nowMs }) {
  if (!caches || state.cachesUntil === null) return null;
  const left = countdown(caches.leftMs);
  return html`<div class="caches">
    <p class="line">
      <strong>${w.caches.left(left)}</strong>
      <span class="soft">${w.caches.until(clock(state.cachesUntil, nowMs, w.lang))}</span>
    </p>
    <progress max=${caches.wholeMs} value=${caches.leftMs} aria-label=${w.caches.left(left)}></progress>
  </div>`;
}

/** What became of what was asked last, until the job itself tells. @param {{ asked: Asked, name: string }} props */
function AskedNote({ asked, name }) {
  const { kind, what, text } = asked;
  if (kind === 'sending') return html`<p class="asked sending" role="status">${w.asked.sending(what)}</p>`;
  const title = { refused: w.asked.refused, undelivered: w.asked.undeliveredTitle, answered: () => what }[kind](what);
  return html`<div class="asked ${kind}" role=${kind === 'answered' ? 'status' : 'alert'}>
    <p><strong>${title}</strong></p>
    ${kind === 'undelivered' && html`<p>${text}</p>`} ${kind === 'answered' && html`<p><${Told} text=${text} /></p>`}
    ${kind === 'refused' && html`<${Problem} error=${{ code: asked.code, message: text, hint: asked.hint }} />`}
    <button type="button" class="link" onClick=${() => dismiss(name)}>${w.asked.dismiss}</button>
  </div>`;
}

/** @param {{ model: Model, access: Access, state: State, nowMs: number }} props */
function Alerts({ model, access, state, nowMs }) {
  const [key, setKey] = useState(/** @type {string | null} */ (null));
  const { alerts } = w;
  const name = state.switch;
  const disabled = model.link.kind !== 'live' || model.asked.get(name)?.kind === 'sending';
  const asked = state.alerts.find((alert) => alert.key === key);
  return html`<div class="alerts">
    <h3>${alerts.open(state.alerts.length)}</h3>
    <ul>
      ${state.alerts.map(
        (alert) =>
          html`<li key=${alert.key}>
            <span class="line">
              <strong>${alert.title || alert.key}</strong>
              <span class="soft"
                >${alerts.since(clock(alert.since, nowMs, w.lang))}${alert.acknowledged ? ` · ${alerts.acknowledged}` : ''}</span
              >
            </span>
            ${
              access.may.includes('alerts') &&
              html`<button
                type="button"
                class="quiet"
                disabled=${disabled}
                aria-label="${alerts.clear} ${alert.title || alert.key}"
                onClick=${() => setKey(alert.key)}
              >
                ${alerts.clear}
              </button>`
            }
          </li>`,
      )}
    </ul>
    ${
      asked &&
      html`<${Dialog}
        title=${alerts.title}
        detail=${asked.title || asked.key}
        explain=${alerts.explain}
        confirm=${alerts.confirm}
        look="plain"
        disabled=${disabled}
        onConfirm=${() => void settle(name, alerts.confirm, `/api/switches/${name}/alerts/clear`, { key: asked.key })}
        onClose=${() => setKey(null)}
      />`
    }
  </div>`;
}

/** @param {{ state: State }} props */
function Drift({ state }) {
  const { drift } = state;
  const differences = typeof drift === 'object' && drift !== null && 'differences' in drift ? drift['differences'] : [];
  return html`<div class="drift" role="alert">
    <h3>${w.drift.title}</h3>
    <p>${w.drift.explain}</p>
    <ul>
      ${Array.isArray(differences) && differences.map((one) => html`<li><${Told} text=${one} /></li>`)}
    </ul>
  </div>`;
}
