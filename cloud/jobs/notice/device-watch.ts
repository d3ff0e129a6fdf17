import type { Clock } from '../../../shared/clock.ts';
import type { Log } from '../../../shared/log.ts';
import type { DeviceCommand } from '../command.ts';
import { homeOf, type DeviceSettings } from './settings.ts';

/** A device says that it is there every minute; one that has missed five is told of. A flap of the network is not. */
const ABSENT_MS = 300_000;
const LOOK_MS = 15_000;

export interface DeviceWatchOptions {
  readonly devices: readonly DeviceSettings[];
  readonly switches: readonly string[];
  /** What the device last said of itself, when it has been heard since the start. */
  readonly heard: (
    device: string,
  ) => { readonly online: boolean; readonly sinceMs: number; readonly heardAtMs: number } | undefined;
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
  let hearsSinceMs: number | null = null;
  while (!signal.aborted) {
    const nowMs = clock.nowMs();
    hearsSinceMs = hears() ? (hearsSinceMs ?? nowMs) : null;
    for (const device of devices) {
      const home = homeOf(device, switches);
      const found = hearsSinceMs === null ? undefined : judge(options.heard(device.name), hearsSinceMs, nowMs);
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

type Found = Pick<DeviceCommand, 'online' | 'sinceMs'>;

/** Undefined while it cannot be known yet. */
function judge(heard: ReturnType<DeviceWatchOptions['heard']>, hearsSinceMs: number, nowMs: number): Found | undefined {
  const silentMs = nowMs - Math.max(heard?.heardAtMs ?? 0, hearsSinceMs);
  if (heard?.online === true && silentMs < ABSENT_MS) return { online: true, sinceMs: heard.sinceMs };
  const sinceMs = heard?.online === false ? Math.max(heard.sinceMs, 0) : (heard?.heardAtMs ?? hearsSinceMs);
  return nowMs - Math.max(sinceMs, hearsSinceMs) >= ABSENT_MS ? { online: false, sinceMs } : undefined;
}
