import type { Clock } from '../../shared/clock.ts';
import { describeIssues } from '../../shared/misfit.ts';
import { Fault } from '../../shared/faults.ts';
import { DevicePresence } from '../../shared/messages.ts';
import { ABSENT_MS } from '../jobs/notice/device-watch.ts';

const PRESENCE_BYTES_MAX = 4_096;
/** Sessions of a device that a newer one has followed: their late wills change nothing. */
const ENDED_MAX = 16;

/** What a device last said of itself; `online` only while it goes on saying so. */
export interface Heard extends DevicePresence {
  /** It said that it was online, and has said nothing since for too long: its will was missed. */
  readonly isAbsent: boolean;
  /** Since when it has been online, or offline, milliseconds since 1970. */
  readonly sinceMs: number;
  readonly heardAtMs: number;
  /** How long ago that was, however the wall clock was set meanwhile. */
  readonly silentMs: number;
}

export interface Presence {
  /** Whether this endpoint hears devices now. Whoever is deaf calls nobody absent. */
  hears(): boolean;
  /** It hears devices anew: what was missed before counts for nothing. */
  connected(): void;
  /** Takes a presence message. Throws `malformed`. */
  hear(device: string, payload: Uint8Array): void;
  /** Undefined when the device has not been heard since the start. */
  of(device: string): Heard | undefined;
}

/** Who is there. In memory: devices repeat it every minute, to whichever endpoint `hears`. */
export function makePresence(clock: Clock, hears: () => boolean): Presence {
  const heard = new Map<string, Omit<Heard, 'silentMs' | 'isAbsent'> & { readonly heardAtMonotonicMs: number }>();
  const ended = new Map<string, readonly string[]>();
  let hearsSinceMs = clock.monotonicMs();

  return {
    hears,
    connected() {
      hearsSinceMs = clock.monotonicMs();
    },
    hear(device, payload) {
      const said = readPresence(payload);
      const nowMs = clock.nowMs();
      const last = heard.get(device);
      const endedHere = ended.get(device) ?? [];
      // A broker may publish the will of a broken connection long after the device is back under a new session.
      if (endedHere.includes(said.session)) return;
      if (last && last.session !== said.session) {
        if (!said.online && last.online) return;
        ended.set(device, [...endedHere, last.session].slice(-ENDED_MAX));
      }
      const same = last?.session === said.session && last.online === said.online;
      const sinceMs = same ? last.sinceMs : nowMs;
      heard.set(device, { ...said, sinceMs, heardAtMs: nowMs, heardAtMonotonicMs: clock.monotonicMs() });
    },
    of(device) {
      const last = heard.get(device);
      if (!last) return undefined;
      const nowMs = clock.monotonicMs();
      const silentMs = nowMs - last.heardAtMonotonicMs;
      const isAbsent = last.online && hears() && Math.min(silentMs, nowMs - hearsSinceMs) >= ABSENT_MS;
      return { ...last, silentMs, isAbsent, ...(isAbsent && { online: false, sinceMs: last.heardAtMs }) };
    },
  };
}

function readPresence(payload: Uint8Array): DevicePresence {
  const size = payload.byteLength;
  if (size > PRESENCE_BYTES_MAX) {
    throw new Fault('malformed', `The presence message has ${size} bytes; it has at most ${PRESENCE_BYTES_MAX}.`, {
      hint,
    });
  }
  const value = parseJson(payload);
  const parsed = DevicePresence.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Fault('malformed', `The presence message is not well formed: ${describeIssues(parsed.error, value)}.`, {
    hint,
  });
}

const hint = 'Publish {"online":true,"session":"…","version":"…"}.';

function parseJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString());
  } catch (cause) {
    throw new Fault('malformed', 'The presence message is not JSON.', { cause, hint });
  }
}
