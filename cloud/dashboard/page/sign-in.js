import { useEffect, useRef } from 'preact/hooks';
import { signIn } from './session.js';
import { html } from './view.js';
import { w } from './words.js';

/** @param {{ why: string }} props the endpoint's words when the last token was not taken */
export function SignIn({ why }) {
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => field.current?.focus(), [why]);
  /** @param {SubmitEvent} event */
  const onSubmit = (event) => {
    event.preventDefault();
    const token = field.current?.value.trim() ?? '';
    if (field.current) field.current.value = '';
    if (token !== '') signIn(token);
  };
  return html`<form class="sign-in" onSubmit=${onSubmit}>
    <h2>${w.signIn.title}</h2>
    ${why && html`<p class="error" role="alert" lang="en">${why}</p>`}
    <label class="field">
      <span>${w.signIn.token}</span>
      <input ref=${field} type="password" autocomplete="current-password" required aria-describedby="token-hint" />
    </label>
    <p class="soft" id="token-hint">${w.signIn.hint}</p>
    <button type="submit" class="solid plain">${w.signIn.button}</button>
  </form>`;
}
