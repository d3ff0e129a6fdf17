/** @import { Model } from './model.js' */
import { render } from 'preact';
import { Bar, PAGES } from './bar.js';
import { Devices } from './devices.js';
import { History } from './history.js';
import { emptyModel, jobsOf } from './model.js';
import { startSession } from './session.js';
import { SignIn } from './sign-in.js';
import { SwitchCard } from './switch-card.js';
import { positionWord } from './job.js';
import { html } from './view.js';
import { w } from './words.js';

const root = /** @type {HTMLElement} */ (document.getElementById('root'));
let model = emptyModel();

/** The page in the address, behind the #: nothing else is ever kept there. */
function pageNow() {
  const name = location.hash.slice(1);
  return PAGES.find((page) => page === name) ?? 'switches';
}

/** @param {{ model: Model, page: typeof PAGES[number], nowMs: number }} props */
function App({ model, page, nowMs }) {
  const { link, access } = model;
  return html`
    <a class="skip" href="#main" onClick=${skip}>${w.skip}</a>
    <${Bar} model=${model} page=${page} nowMs=${nowMs} />
    <main id="main" tabindex="-1" class=${link.kind}>
      ${link.kind === 'out' && html`<${SignIn} why=${link.why} />`}
      ${access && page === 'switches' && html`<${Switches} model=${model} access=${access} nowMs=${nowMs} />`}
      ${access && page === 'history' && html`<${History} model=${model} access=${access} nowMs=${nowMs} />`}
      ${access && page === 'devices' && html`<${Devices} model=${model} nowMs=${nowMs} />`}
    </main>
    ${access && html`<footer class="soft">${w.footer}</footer>`}
    <p class="unseen" role="status">${access && page === 'switches' && told(model)}</p>
  `;
}

/** @param {{ model: Model, access: import('./model.js').Access, nowMs: number }} props */
function Switches({ model, access, nowMs }) {
  const { switches } = access;
  const away = switches.filter((one) => (model.states.get(one.switch)?.position ?? 'primary') !== 'primary');
  const words =
    switches.length === 0
      ? w.summary.none
      : away.length === 0
        ? w.summary.well(switches.length)
        : w.summary.away(
            away.map((one) => one.switch),
            switches.length,
          );
  const isTold = switches.every((one) => model.states.has(one.switch));
  return html`${(switches.length !== 1 || !isTold) && isTold && html`<p class="summary">${words}</p>`}
  ${switches.map(
    (settings) =>
      html`<${SwitchCard}
        key=${settings.switch}
        model=${model}
        access=${access}
        settings=${settings}
        nowMs=${nowMs}
      />`,
  )}`;
}

/** For a screen reader: where each switch is, and the step that is running. @param {Model} model */
function told(model) {
  return [...model.states.values()]
    .map(({ switch: name, position, from, to }) => {
      const where =
        position === 'moving'
          ? `${w.positions.moving}: ${w.fromTo(positionWord(from ?? 'unknown'), positionWord(to ?? 'unknown'))}`
          : positionWord(position);
      const step = jobsOf(model, name).inHand[0]?.steps.at(-1)?.name;
      const running = step && Object.hasOwn(w.steps, step) ? `, ${w.steps[/** @type {'guard'} */ (step)]}` : '';
      return `${name}: ${where}${running}.`;
    })
    .join(' ');
}

/** @param {MouseEvent} event */
function skip(event) {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function draw() {
  const names = model.access?.switches.filter(
    (one) => (model.states.get(one.switch)?.position ?? 'primary') !== 'primary',
  );
  document.title = names && names.length > 0 ? `⚠ ${names.map((one) => one.switch).join(', ')} · dashover` : 'dashover';
  render(html`<${App} model=${model} page=${pageNow()} nowMs=${Date.now()} />`, root);
}

document.documentElement.lang = w.lang;
addEventListener('hashchange', draw);
startSession((next) => {
  model = next;
  draw();
});
// Durations and countdowns go on between two messages.
setInterval(draw, 1_000);
