/** @import { Model } from './model.js' */
import { reconnect, signOut } from './session.js';
import { clock } from './times.js';
import { html } from './view.js';
import { w } from './words.js';

export const PAGES = /** @type {const} */ (['switches', 'history', 'devices']);

/** The head of every page: where one is, and whether what is seen is live. @param {{ model: Model, page: typeof PAGES[number], nowMs: number }} props */
export function Bar({ model, page, nowMs }) {
  const { link } = model;
  const isIn = link.kind !== 'out';
  return html`<header class="bar">
      <h1><img src="/icon.svg" alt="" width="32" height="32" /> dashover</h1>
      ${
        isIn &&
        html`<nav aria-label=${w.nav.label}>
          ${PAGES.map((one) => html`<a href="#${one}" aria-current=${one === page ? 'page' : undefined}>${w.nav[one]}</a>`)}
        </nav>`
      }
      <p class="connection ${link.kind}" role="status">${isIn && w.link[/** @type {'live'} */ (link.kind)]}</p>
      ${isIn && html`<button type="button" class="quiet" onClick=${() => signOut('')}>${w.signOut}</button>`}
    </header>
    ${
      link.kind === 'lost' &&
      html`<div class="lost" role="alert">
        <p>${w.link.since(clock(new Date(link.sinceMs).toISOString(), nowMs, w.lang), link.why)}</p>
        <p>${w.link.trying} <button type="button" class="link" onClick=${reconnect}>${w.link.now}</button></p>
      </div>`
    }`;
}
