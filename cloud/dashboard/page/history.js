/**
 * @import { Job } from '../../../shared/messages.ts'
 * @import { Access, Model } from './model.js'
 * @import { Read } from './rows.js'
 */
import { useEffect, useState } from 'preact/hooks';
import { Refused } from './events.js';
import { fromToOf, JobView, Time, Told } from './job.js';
import { endpointNowMs } from './model.js';
import { ROWS, withNewest, withOlder } from './rows.js';
import { ask } from './session.js';
import { html } from './view.js';
import { w } from './words.js';

const STATUSES = /** @type {const} */ ([
  'waiting',
  'queued',
  'running',
  'succeeded',
  'failed',
  'refused',
  'superseded',
  'expired',
  'cancelled',
]);
const COMMANDS = /** @type {const} */ (['failover', 'restore', 'drill']);
/** Events come in bursts; what is read anew after them, is read once. */
const SETTLE_MS = 700;

/** @typedef {{ seq: number, at: string, kind: string, switch: string | null, text: string }} Entry */

/** @param {{ model: Model, access: Access, nowMs: number }} props */
export function History({ model, access, nowMs }) {
  const [tab, setTab] = useState(/** @type {'jobs' | 'journal'} */ ('jobs'));
  const now = endpointNowMs(model, nowMs);
  return html`<section class="card" aria-labelledby="history-title">
    <header>
      <h2 id="history-title">${w.history.title}</h2>
      <div class="tabs" role="group" aria-labelledby="history-title">
        ${
          /** @type {const} */ (['jobs', 'journal']).map(
            (one) =>
              html`<button type="button" class="quiet" aria-pressed=${tab === one} onClick=${() => setTab(one)}>
                ${w.history[one]}
              </button>`,
          )
        }
      </div>
    </header>
    ${tab === 'jobs' && html`<${Jobs} heard=${model.heard} access=${access} nowMs=${now} />`}
    ${tab === 'journal' && (access.journal ? html`<${Journal} heard=${model.heard} access=${access} nowMs=${now} />` : html`<p>${w.history.noJournal}</p>`)}
  </section>`;
}

/**
 * Pages of rows, newest first, read anew at the top when the endpoint has told something.
 * @template Row
 * @param {string} path without what says where to go on @param {string} first what says so for the newest
 * @param {(row: Row) => string | number} keyOf
 * @param {(answer: any) => Row[]} rowsOf @param {number} heard
 */
function usePages(path, first, keyOf, rowsOf, heard) {
  const [known, setKnown] = useState(/** @type {Read<Row> | null} */ (null));
  const [why, setWhy] = useState('');

  /** @param {string} more @param {(read: Row[]) => void} take @param {AbortSignal} [signal] */
  const read = async (more, take, signal) => {
    try {
      const found = rowsOf(await ask(`${path}${more}`, signal ? { signal } : {}));
      setWhy('');
      take(found);
    } catch (error) {
      if (!signal?.aborted) setWhy(error instanceof Refused ? error.message : w.link.unreachable);
    }
  };
  useEffect(() => {
    setKnown(null);
  }, [path]);
  useEffect(() => {
    const over = new AbortController();
    const timer = setTimeout(
      () => void read(first, (found) => setKnown((known) => withNewest(known, found, keyOf)), over.signal),
      known === null ? 0 : SETTLE_MS,
    );
    return () => {
      clearTimeout(timer);
      over.abort();
    };
  }, [path, heard]);
  const older = () => {
    const last = known?.rows.at(-1);
    if (last === undefined) return;
    void read(`&before=${keyOf(last)}`, (found) => setKnown((known) => withOlder(known, last, found, keyOf)));
  };
  return { rows: known?.rows ?? null, isAll: known?.isAll ?? false, why, older };
}

/** @param {{ heard: number, access: Access, nowMs: number }} props */
function Jobs({ heard, access, nowMs }) {
  const [name, setName] = useState('');
  const [status, setStatus] = useState('');
  const [command, setCommand] = useState('');
  const path = `/api/jobs?limit=${ROWS}${name && `&switch=${name}`}${status && `&status=${status}`}`;
  const pages = usePages(
    path,
    '',
    (/** @type {Job} */ { id }) => id,
    (answer) => answer.jobs,
    heard,
  );
  const shown = (pages.rows ?? []).filter((job) => command === '' || job.command === command);
  return html`<div class="filters">
      <${SwitchFilter} access=${access} value=${name} onPick=${setName} />
      <${Pick}
        label=${w.history.command}
        value=${command}
        onPick=${setCommand}
        options=${COMMANDS.map((one) => [one, w.commands[one]])}
      />
      <${Pick}
        label=${w.history.status}
        value=${status}
        onPick=${setStatus}
        options=${STATUSES.map((one) => [one, w.statuses[one]])}
      />
    </div>
    <${Pages} pages=${pages} count=${shown.length}>
      <ul class="history">
        ${shown.map(
          (job) =>
            html`<li key=${job.id}>
              <details class="past">
                <summary>
                  <span class="line">
                    <${Time} at=${job.acceptedAt} nowMs=${nowMs} />
                    <strong>${job.switch}</strong>
                    <span>${w.commands[job.command]} ${fromToOf(job)}</span>
                    <span class="chip ${job.status}">${w.statuses[job.status]}</span>
                  </span>
                </summary>
                <${JobView} job=${job} nowMs=${nowMs} />
                <p class="soft">${w.job.id} ${job.id}. <${Told} text=${job.text} /></p>
              </details>
            </li>`,
        )}
      </ul>
    <//>`;
}

/** @param {{ heard: number, access: Access, nowMs: number }} props */
function Journal({ heard, access, nowMs }) {
  const [name, setName] = useState('');
  const [kind, setKind] = useState('');
  const [text, setText] = useState('');
  const pages = usePages(
    `/api/audit?limit=${ROWS}`,
    '&before=end',
    (/** @type {Entry} */ { seq }) => seq,
    (answer) => answer.entries,
    heard,
  );
  const rows = pages.rows ?? [];
  const kinds = [...new Set(rows.map((row) => row.kind))].sort();
  const shown = rows.filter(
    (row) =>
      (name === '' || row.switch === name) &&
      (kind === '' || row.kind === kind) &&
      row.text.toLowerCase().includes(text.toLowerCase()),
  );
  return html`<div class="filters">
      <${SwitchFilter} access=${access} value=${name} onPick=${setName} />
      <${Pick} label=${w.history.kind} value=${kind} onPick=${setKind} options=${kinds.map((one) => [one, one])} />
      <label class="field">
        <span>${w.history.find}</span>
        <input type="search" value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)} />
      </label>
    </div>
    <${Pages} pages=${pages} count=${shown.length}>
      <ul class="history">
        ${shown.map(
          (row) =>
            html`<li key=${row.seq} class="entry">
              <span class="line">
                <${Time} at=${row.at} nowMs=${nowMs} />
                ${row.switch && html`<strong>${row.switch}</strong>`}
                <span class="chip" lang="en">${row.kind}</span>
              </span>
              <${Told} text=${row.text} />
            </li>`,
        )}
      </ul>
    <//>`;
}

/** @param {{ pages: { rows: unknown[] | null, isAll: boolean, why: string, older: () => void }, count: number, children?: unknown }} props */
function Pages({ pages, count, children }) {
  const { rows, isAll, why, older } = pages;
  return html`<p class="soft" role="status">
      ${rows === null ? (why === '' ? w.history.reading : '') : count === 0 ? w.history.none : w.history.shown(count)}
    </p>
    ${why && html`<p class="error" role="alert">${w.history.unread(why)}</p>`} ${children}
    ${rows !== null && (isAll ? html`<p class="soft">${w.history.allRead}</p>` : html`<button type="button" class="quiet" onClick=${older}>${w.history.older}</button>`)}`;
}

/** @param {{ access: Access, value: string, onPick: (value: string) => void }} props */
function SwitchFilter({ access, value, onPick }) {
  const options = access.switches.map((one) => [one.switch, one.switch]);
  return html`<${Pick} label=${w.history.switch} value=${value} onPick=${onPick} options=${options} />`;
}

/** @param {{ label: string, value: string, onPick: (value: string) => void, options: readonly (readonly string[])[] }} props */
function Pick({ label, value, onPick, options }) {
  return html`<label class="field">
    <span>${label}</span>
    <select value=${value} onChange=${(/** @type {any} */ event) => onPick(event.target.value)}>
      <option value="">${w.history.all}</option>
      ${options.map(([key, words]) => html`<option key=${key} value=${key}>${words}</option>`)}
    </select>
  </label>`;
}
