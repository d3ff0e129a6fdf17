import { useEffect, useRef } from 'preact/hooks';
import { html } from './view.js';
import { w } from './words.js';

/**
 * A question with two answers. Escape and "Back" do nothing.
 * @param {{ title: string, detail: string, explain: string, confirm: string, look: string, disabled: boolean,
 *   onConfirm: (valueOf: (field: string) => string) => void, onClose: () => void, children?: import('preact').ComponentChildren }} props
 */
export function Dialog({ title, detail, explain, confirm, look, disabled, onConfirm, onClose, children }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => dialog.current?.showModal(), []);
  /** @param {SubmitEvent & { currentTarget: HTMLFormElement }} event */
  const onSubmit = (event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    onConfirm((field) => {
      const value = form.get(field);
      return typeof value === 'string' ? value.trim() : '';
    });
    close();
  };
  // Closed rather than taken away: so the focus goes back to where it came from.
  const close = () => dialog.current?.close();
  return html`<dialog ref=${dialog} aria-labelledby="dialog-title" onClose=${onClose}>
    <form onSubmit=${onSubmit}>
      <h2 id="dialog-title">${title}</h2>
      <p class="from-to">${detail}</p>
      <p>${explain}</p>
      ${children} ${disabled && html`<p class="error" role="alert">${w.ask.offline}</p>`}
      <div class="answers">
        <button type="button" class="quiet" onClick=${close}>${w.ask.back}</button>
        <button type="submit" class="solid ${look}" disabled=${disabled}>${confirm}</button>
      </div>
    </form>
  </dialog>`;
}

/** @param {{ name: string, value?: string }} props */
export function ReasonField({ name, value = '' }) {
  return html`<label class="field">
    <span>${w.ask.reason}</span>
    <input name=${name} maxlength="256" autocomplete="off" defaultValue=${value} />
  </label>`;
}
