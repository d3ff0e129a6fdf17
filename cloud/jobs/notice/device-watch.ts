import type { Clock } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';
import type { DeviceCommand } from '../command.ts';
import { homeOf, type DeviceSettings } from './settings.ts';

/** A device says that it is there every minute; one that has missed five is told of. A flap of the network is not. */
export const ABSENT_MS = 300_000;
const LOOK_MS = 15_000;

interface HeardDevice {
  readonly online: boolean;
  readonly sinceMs: number;
  readonly heardAtMs: number;
  /** How long ago that was, by the monotonic clock. */
  readonly silentMs: number;
}

export interface DeviceWatchOptions {
  readonly devices: readonly DeviceSettings[];
  readonly switches: readonly string[];
  /** What the device last said of itself, when it has been heard since the start. */
  readonly heard: (device: string) => HeardDevice | undefined;
  /** Whether this endpoint hears devices now: one that is deaf must not call others absent. */
  readonly hears: () => boolean;
  readonly tell: (name: string, command: DeviceCommand) => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Tells the switch that a device lives on when it has come or gone. Ends with `signal`. */
export async function watchDevices(options: DeviceWatchOptions, signal: AbortSignal): Promise<void> {
  const { devices, switches, hears, tell, clock, log } = options;

  async function look(hearing: Hearing): Promise<void> {
    for (const device of devices) {
      const home = homeOf(device, switches);
      const found = judge(options.heard(device.name), hearing, clock.monotonicMs());
      if (home === undefined || !found || hearing.said.get(device.name) === found.online) continue;
      try {
        await tell(home, { kind: 'device', device: device.name, ...found });
        hearing.said.set(device.name, found.online);
      } catch (error) {
        log.debug({ err: error, device: device.name }, `what became of ${device.name} could not be stored; again soon`);
      }
    }
  }

  let hearing: Hearing | null = null;
  while (!signal.aborted) {
    hearing = hears() ? (hearing ?? beginHearing(clock)) : null;
    if (hearing) await look(hearing);
    await clock.sleep(LOOK_MS, signal);
  }
}

/** This endpoint hears devices: since when by both clocks, of which one says when and the other how long. */
interface Hearing {
  readonly sinceMs: number;
  readonly fromMonotonicMs: number;
  /** What it has told since then; before it, another endpoint may have told something else. */
  readonly said: Map<string, boolean>;
}

function beginHearing(clock: Clock): Hearing {
  return { sinceMs: clock.nowMs(), fromMonotonicMs: clock.monotonicMs(), said: new Map() };
}

type Found = Pick<DeviceCommand, 'online' | 'sinceMs'>;

/** Undefined while it cannot be known yet: what was heard long ago is no word of today, and silence takes time to be one. */
function judge(heard: HeardDevice | undefined, hearing: Hearing, monotonicMs: number): Found | undefined {
  const silentMs = heard?.silentMs ?? Number.POSITIVE_INFINITY;
  if (heard?.online === true && silentMs < ABSENT_MS) return { online: true, sinceMs: heard.sinceMs };
  if (Math.min(silentMs, monotonicMs - hearing.fromMonotonicMs) < ABSENT_MS) return undefined;
  return { online: false, sinceMs: heard?.online === false ? heard.sinceMs : (heard?.heardAtMs ?? hearing.sinceMs) };
}
