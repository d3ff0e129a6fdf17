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
  const said = new Map<string, boolean>();
  let hearing: Hearing | null = null;
  while (!signal.aborted) {
    hearing = hears() ? (hearing ?? { sinceMs: clock.nowMs(), fromMonotonicMs: clock.monotonicMs() }) : null;
    const forMs = hearing && clock.monotonicMs() - hearing.fromMonotonicMs;
    for (const device of devices) {
      const home = homeOf(device, switches);
      const found = hearing && forMs !== null ? judge(options.heard(device.name), hearing.sinceMs, forMs) : undefined;
      if (home === undefined || !found || said.get(device.name) === found.online) continue;
      try {
        await tell(home, { kind: 'device', device: device.name, ...found });
        said.set(device.name, found.online);
      } catch (error) {
        log.debug({ err: error, device: device.name }, `what became of ${device.name} could not be stored; again soon`);
      }
    }
    await clock.sleep(LOOK_MS, signal);
  }
}

/** Since when this endpoint has heard devices, by both clocks: one says when, the other how long. */
interface Hearing {
  readonly sinceMs: number;
  readonly fromMonotonicMs: number;
}

type Found = Pick<DeviceCommand, 'online' | 'sinceMs'>;

/** Undefined while it cannot be known yet: this endpoint has heard devices since `hearsSinceMs`, for `hearsForMs`. */
function judge(heard: HeardDevice | undefined, hearsSinceMs: number, hearsForMs: number): Found | undefined {
  const silentMs = Math.min(heard?.silentMs ?? Number.POSITIVE_INFINITY, hearsForMs);
  if (heard?.online === true && silentMs < ABSENT_MS) return { online: true, sinceMs: heard.sinceMs };
  const sinceMs = heard?.online === false ? heard.sinceMs : (heard?.heardAtMs ?? hearsSinceMs);
  return silentMs >= ABSENT_MS ? { online: false, sinceMs } : undefined;
}
