/**
 * @import { State } from '../../../shared/messages.ts'
 * @import { Access, Model, SwitchAccess } from './model.js'
 * @import { Offer } from './offers.js'
 */
import { useRef, useState } from 'preact/hooks';
import { Dialog, ReasonField } from './dialog.js';
import { HoldButton } from './hold-button.js';
import { positionWord } from './job.js';
import { jobsOf } from './model.js';
import { offersOf } from './offers.js';
import { command, settle } from './session.js';
import { html } from './view.js';
import { w } from './words.js';

const NOTES = { overwrites: w.ask.overwrites, before: w.ask.before, unanswered: w.ask.although };

/**
 * Everything that a person can ask of one switch.
 * @param {{ model: Model, access: Access, settings: SwitchAccess, state: State }} props
 */
export function Controls({ model, access, settings, state }) {
  const [question, setQuestion] = useState(/** @type {Question | null} */ (null));
  const reason = useRef(/** @type {HTMLInputElement | null} */ (null));
  const jobs = jobsOf(model, settings.switch);
  const offers = offersOf(state, settings, access, jobs);
  const isOffline = model.link.kind !== 'live';
  const isSending = model.asked.get(settings.switch)?.kind === 'sending';
  const disabled = isOffline || isSending;
  const name = settings.switch;

  /** @param {Offer} offer @param {string} why */
  const send = (offer, why) => {
    const body = { ...offer.body, ...(why !== '' && { reason: why }) };
    if (reason.current) reason.current.value = '';
    void command(name, `${w.commands[offer.command]} ${fromTo(offer)}`, offer.command, body);
  };
  // Once its change is being sent, a job can no longer be taken back; the opposite command can.
  const early = jobs.inHand.filter(({ steps }) => !steps.some((step) => step.name === 'change'));
  const small = smallQuestions(
    name,
    state,
    access,
    early.map(({ id }) => id),
  );
  if (offers.length === 0 && small.length === 0) return html`<p class="soft">${w.ask.nothing}</p>`;
  return html`<div class="controls">
    ${
      offers.length > 0 &&
      html`<label class="field">
        <span>${w.ask.reason}</span>
        <input ref=${reason} maxlength="256" autocomplete="off" />
      </label>`
    }
    ${offers.map(
      (offer) =>
        html`<${HoldButton}
          key=${offer.key}
          look=${offer.command}
          title=${offer.note === 'unanswered' ? w.ask.unanswered : w.ask[offer.command]}
          armedTitle=${w.ask.let[offer.command]}
          fromTo=${fromTo(offer)}
          note=${noteOf(offer)}
          what=${`${w.commands[offer.command]} ${name} ${fromTo(offer)}`}
          disabled=${disabled}
          onHeld=${() => send(offer, reason.current?.value.trim() ?? '')}
          onOther=${() => setQuestion(confirmation(offer, name, send))}
        />`,
    )}
    ${isOffline && html`<p class="soft">${w.ask.offline}</p>`}
    <div class="row">
      ${small.map(
        ({ button, ...asking }) =>
          html`<button type="button" class="quiet" disabled=${disabled} onClick=${() => setQuestion(asking)}>
            ${button}
          </button>`,
      )}
    </div>
    ${
      question &&
      html`<${Dialog} ...${question} disabled=${disabled} onClose=${() => setQuestion(null)}>
        ${question.asksReason && html`<${ReasonField} name="reason" value=${reason.current?.value ?? ''} />`}
        ${question.asksTime && html`<${TimeField} />`}
      <//>`
    }
  </div>`;
}

/**
 * @typedef {{ title: string, detail: string, explain: string, confirm: string, look: string, asksReason?: boolean,
 *   asksTime?: boolean, onConfirm: (valueOf: (field: string) => string) => void }} Question
 */

/** @param {Offer} offer */
function fromTo({ from, to }) {
  // A word of its own begins with a capital where it stands alone; a position's name stays as it is.
  const start = ['drifted', 'unknown'].includes(from) ? positionWord(from).toLowerCase() : from;
  return w.fromTo(start, positionWord(to));
}

/** @param {Offer} offer */
function noteOf({ command, note }) {
  if (command === 'drill') return w.ask.changesNothing;
  return note === null ? '' : NOTES[note];
}

/** @param {Offer} offer @param {string} name @param {(offer: Offer, why: string) => void} send @returns {Question} */
function confirmation(offer, name, send) {
  const { command } = offer;
  const note = noteOf(offer);
  return {
    title: `${w.ask.title[command]} ${name}`,
    detail: fromTo(offer),
    explain: command === 'drill' || note === '' ? w.ask.explain[command] : `${w.ask.explain[command]} (${note})`,
    confirm: w.ask.confirm[command],
    look: command,
    asksReason: true,
    onConfirm: (valueOf) => send(offer, valueOf('reason')),
  };
}

/**
 * @param {string} name @param {State} state @param {Access} access @param {string[]} jobs those that can be cancelled
 * @returns {(Question & { button: string })[]}
 */
function smallQuestions(name, state, { may }, jobs) {
  const at = `/api/switches/${name}`;
  const { hold, release } = w;
  const questions = [];
  if (may.includes('cancel')) {
    for (const id of jobs) {
      const cancel = w.job.cancel;
      const onConfirm = () => void settle(name, cancel, `/api/jobs/${id}/cancel`, {});
      questions.push({
        button: cancel,
        title: cancel,
        detail: name,
        explain: '',
        confirm: cancel,
        look: 'plain',
        onConfirm,
      });
    }
  }
  if (may.includes('release') && (state.hold !== null || state.automation === 'tripped')) {
    /** @param {(field: string) => string} valueOf */
    const onConfirm = (valueOf) => {
      const reason = valueOf('reason');
      void settle(name, release.confirm, `${at}/release`, reason === '' ? {} : { reason });
    };
    questions.push({ ...release, detail: name, look: 'plain', asksReason: true, onConfirm });
  }
  if (may.includes('hold')) {
    /** @param {(field: string) => string} valueOf */
    const onConfirm = (valueOf) => {
      const [reason, time] = [valueOf('reason'), valueOf('for')];
      const body = { ...(reason !== '' && { reason }), ...(time !== '' && { for: time }) };
      void settle(name, hold.confirm, `${at}/hold`, body);
    };
    const { button, title, explain, confirm } = hold;
    questions.push({
      button,
      title,
      explain,
      confirm,
      detail: name,
      look: 'plain',
      asksReason: true,
      asksTime: true,
      onConfirm,
    });
  }
  return questions;
}

function TimeField() {
  return html`<label class="field">
    <span>${w.hold.for}</span>
    <select name="for">
      ${Object.entries(w.hold.durations).map(([value, words]) => html`<option value=${value}>${words}</option>`)}
    </select>
  </label>`;
}
