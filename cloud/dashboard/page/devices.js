/** @import { Model } from './model.js' */
import { useEffect, useState } from 'preact/hooks';
import { Time, Told } from './job.js';
import { endpointNowMs } from './model.js';
import { ask } from './session.js';
import { lasted } from './times.js';
import { html } from './view.js';
import { w } from './words.js';

/** Presence is no part of the events; devices say theirs every minute. */
const LOOK_MS = 10_000;

/**
 * @typedef {{ device: string, on: string[], may: ('failover' | 'restore' | 'drill')[], online: boolean, version: string | null, since: string | null,
 *   heardAt: string | null, fault?: string | null, lastDrillAt: string | null }} Device
 */

/** The buttons: who is there, and when each was last tried. @param {{ model: Model, nowMs: number }} props */
export function Devices({ model, nowMs }) {
  const [devices, setDevices] = useState(/** @type {Device[] | null} */ (null));
  const [why, setWhy] = useState('');
  const now = endpointNowMs(model, nowMs);
  const isLive = model.link.kind === 'live';
  useEffect(() => {
    const over = new AbortController();
    const look = async () => {
      try {
        const answer = await ask('/api/devices', { signal: over.signal });
        setDevices(answer.devices);
        setWhy('');
      } catch (error) {
        if (!over.signal.aborted) setWhy(error instanceof Error ? error.message : String(error));
      }
    };
    void look();
    const timer = setInterval(look, LOOK_MS);
    return () => {
      clearInterval(timer);
      over.abort();
    };
  }, [isLive]);
  return html`<section class="card" aria-labelledby="devices-title">
    <header><h2 id="devices-title">${w.devices.title}</h2></header>
    ${why && html`<p class="error" role="alert">${w.history.unread(why)}</p>`}
    ${devices === null && why === '' && html`<p class="soft">${w.history.reading}</p>`}
    ${devices?.length === 0 && html`<p class="soft">${w.devices.none}</p>`}
    <ul class="devices">
      ${devices?.map((device) => html`<${DeviceView} key=${device.device} device=${device} nowMs=${now} />`)}
    </ul>
  </section>`;
}

/** @param {{ device: Device, nowMs: number }} props */
function DeviceView({ device, nowMs }) {
  const { online, since, heardAt, version, fault, lastDrillAt } = device;
  const presence = heardAt === null ? 'unheard' : online ? 'online' : 'offline';
  const facts = [
    [w.devices.moves, device.on.join(', ')],
    [w.devices.may, device.may.map((one) => w.commands[one]).join(', ')],
    [w.devices.lastDrill, lastDrillAt ? html`<${Time} at=${lastDrillAt} nowMs=${nowMs} />` : w.devices.never],
    [w.devices.version, version],
  ];
  return html`<li>
    <h3>${device.device} <span class="chip ${presence}">${w.devices[presence]}</span></h3>
    <p class="soft">
      ${
        heardAt === null || since === null
          ? w.devices.unheardHint
          : `${w.devices.for(lasted(nowMs - Date.parse(since), w))} · ${w.devices.heard(lasted(nowMs - Date.parse(heardAt), w))}`
      }
    </p>
    ${fault && html`<p class="error"><strong>${w.devices.fault}:</strong> <${Told} text=${fault} /></p>`}
    <dl>
      ${facts
        .filter(([, value]) => value)
        .map(
          ([word, value]) =>
            html`<div>
              <dt>${word}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
    </dl>
  </li>`;
}
