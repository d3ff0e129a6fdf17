import { durationInWords } from '../../../shared/duration.ts';
import type { Notice } from '../../../shared/notice.ts';
import type { JobRow } from '../../engine/job.ts';
import type { DeviceCommand, JobData } from '../command.ts';
import { write } from '../rules/draft.ts';
import type { Everywhere } from '../state.ts';
import { timeInWords } from '../text.ts';
import { makeNotice, type Telling } from './make-notice.ts';
import { homeOf, type NotifySettings } from './settings.ts';
import type { Told } from './told.ts';

/** A drill that stays overdue is told again after this. */
const OVERDUE_AGAIN_MS = 7 * 86_400_000;

/** A device has gone, or is back. One that was never online is not missed. */
export function devicePresent(
  telling: Telling,
  told: Told,
  { device, online, sinceMs }: DeviceCommand,
): { readonly devices: Told['devices']; readonly notice?: Notice } {
  const { draft } = telling;
  const known = told.devices[device];
  if (known?.online === online || (!known && !online)) return { devices: told.devices };
  const devices = { ...told.devices, [device]: { online, sinceMs } };
  if (!known) return { devices };
  const since = timeInWords(sinceMs, draft.nowMs);
  const gone = durationInWords(sinceMs - known.sinceMs);
  const text = online
    ? `The button ${device} is online again since ${since}; it was away for ${gone}.`
    : `The button ${device} has not been heard since ${since}: a press there reaches nobody unless it has a second road.`;
  write(draft, online ? 'device-online' : 'device-offline', text, { device, sinceMs });
  const title = `The button ${device} is ${online ? 'online again' : 'offline'}`;
  const next = online ? null : 'Look at its power, its network and the broker; its lamp says what it knows itself.';
  const kind = online ? 'device-online' : 'device-offline';
  const severity = online ? 'info' : 'warning';
  return {
    devices,
    notice: makeNotice(telling, { kind, severity, title, text, next, device }),
  };
}

/** Who has just walked the road: a drill, or a real move, that succeeded. */
export function drilled(everywhere: Everywhere, ended: readonly JobRow<JobData>[], nowMs: number): Everywhere {
  const devices = ended
    .filter(({ status, data }) => status === 'succeeded' && data.trigger.kind === 'button')
    .map(({ data }) => data.trigger.actor);
  if (devices.length === 0) return everywhere;
  return {
    ...everywhere,
    drills: { ...everywhere.drills, ...Object.fromEntries(devices.map((name) => [name, nowMs])) },
  };
}

/** Devices that live on this switch and have not been tried for too long. */
export function drillsOverdue(
  telling: Telling,
  told: Told,
  settings: NotifySettings,
): { readonly drills: Told['drills']; readonly notices: readonly Notice[] } {
  const { draft } = telling;
  const { nowMs, everywhere } = draft;
  const notices: Notice[] = [];
  const drills: Record<string, Told['drills'][string]> = {};
  for (const { device, everyMs } of drillsHere(settings, draft.settings.name)) {
    const known = told.drills[device];
    const last = everywhere.drills?.[device];
    // Counted from the first time that somebody could have been told, and never from before.
    const sinceMs = Math.max(last ?? 0, known?.sinceMs ?? nowMs);
    const toldAtMs = known?.sinceMs === sinceMs ? known.toldAtMs : null;
    const due = nowMs >= dueAtMs({ sinceMs, toldAtMs }, everyMs);
    drills[device] = { sinceMs, toldAtMs: due ? nowMs : toldAtMs };
    if (!due) continue;
    const lately = durationInWords(nowMs - sinceMs);
    const text = `Nobody has tried the button ${device} for ${lately}; a drill is wanted every ${durationInWords(everyMs)}.`;
    write(draft, 'drill-overdue', text, { device });
    notices.push(
      makeNotice(telling, {
        kind: 'drill-overdue',
        severity: 'warning',
        title: `A drill at the button ${device} is overdue`,
        text,
        next: `Press it three times, with somebody who may one day have to: a drill walks the whole road and changes nothing.`,
        device,
      }),
    );
  }
  return { drills, notices };
}

/** When a drill will be overdue next, or null. */
export function nextOverdueMs({ drills }: Told, settings: NotifySettings, name: string): number | null {
  const times = drillsHere(settings, name).flatMap(({ device, everyMs }) => {
    const drill = drills[device];
    return drill ? [dueAtMs(drill, everyMs)] : [];
  });
  return times.length === 0 ? null : Math.min(...times);
}

function drillsHere({ devices, switches }: NotifySettings, name: string) {
  return devices.flatMap(({ drillEveryMs, ...device }) =>
    drillEveryMs !== undefined && homeOf(device, switches) === name
      ? [{ device: device.name, everyMs: drillEveryMs }]
      : [],
  );
}

function dueAtMs({ sinceMs, toldAtMs }: Told['drills'][string], everyMs: number): number {
  return toldAtMs === null ? sinceMs + everyMs : toldAtMs + OVERDUE_AGAIN_MS;
}
