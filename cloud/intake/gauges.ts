import type { Clock } from '../../shared/clock.ts';
import { isFault } from '../../shared/faults.ts';
import type { State } from '../../shared/messages.ts';
import type { MetricName } from '../../shared/metrics.ts';
import type { Switch } from '../jobs/switch.ts';
import type { GaugeValue, Labels } from '../ports.ts';
import type { SwitchEngine } from './accept.ts';
import type { Device } from './caller.ts';
import type { Readiness } from './health.ts';
import { type LastDrills, makeLastDrills, sinceDrill } from './last-drills.ts';
import type { Presence } from './presence.ts';

const AUTOMATION = ['on', 'observe', 'off', 'held', 'tripped'] as const satisfies readonly State['automation'][];
/** Where a switch may be that is no position. */
const NOWHERE = ['moving', 'drifted', 'unknown'] as const;
/** One move at a time; drills beside it are few. */
const RUNNING_MAX = 50;

export interface GaugeSources {
  readonly switches: readonly Switch[];
  readonly devices: readonly Device[];
  readonly engine: Pick<SwitchEngine, 'jobs'>;
  readonly readState: (settings: Switch) => Promise<State>;
  readonly presence: Presence;
  readonly readiness: Readiness;
  /** Who is told: names of receivers. */
  readonly receivers: readonly string[];
  /** Milliseconds for which something has been waiting for the receiver; 0 when it has all. */
  readonly waitingForMs: (receiver: string) => Promise<number>;
  /** Whether this endpoint speaks MQTT now; null without MQTT. */
  readonly speaks: (() => boolean) | null;
  readonly clock: Clock;
}

/**
 * Reads how everything stands, for one look at the metrics. While the store is away its part is left out: that is seen in
 * `dashover_ready`, and what was counted is still answered.
 */
export function makeGauges(sources: GaugeSources): () => Promise<readonly GaugeValue[]> {
  const { switches, devices, clock } = sources;
  const drills = makeLastDrills(sources);

  async function stored(): Promise<readonly GaugeValue[]> {
    const last = await drills();
    const ofSwitches = await Promise.all(switches.map((settings) => ofSwitch(settings, last)));
    const ofReceivers = await Promise.all(
      sources.receivers.map(async (receiver) =>
        gauge('dashover_outbox_age_seconds', { receiver }, Math.max(0, await sources.waitingForMs(receiver)) / 1_000),
      ),
    );
    const ofDevices = devices.map(({ name }) =>
      gauge('dashover_device_last_drill_age_seconds', { device: name }, sinceDrill(last.ofDevice(name), clock)),
    );
    return [...ofSwitches.flat(), ...ofReceivers, ...ofDevices];
  }

  async function ofSwitch(settings: Switch, last: LastDrills): Promise<readonly GaugeValue[]> {
    const { name } = settings;
    return [
      ...switchGauges(settings, await sources.readState(settings), clock.nowMs()),
      gauge('dashover_job_running_seconds', { switch: name }, await runningSeconds(name)),
      gauge('dashover_last_drill_age_seconds', { switch: name }, sinceDrill(last.ofSwitch(name), clock)),
    ];
  }

  async function runningSeconds(lane: string): Promise<number> {
    const running = await sources.engine.jobs({ lane, status: 'running', limit: RUNNING_MAX });
    const startedAtMs = running.find(({ exclusive }) => exclusive)?.startedAtMs ?? null;
    return startedAtMs === null ? 0 : ageSeconds(startedAtMs, clock);
  }

  return async () => {
    const [findings, ofStore] = await Promise.all([sources.readiness(), stored().catch(nothingWhileAway)]);
    return [
      ...findings.map(({ name, ok }) => gauge('dashover_ready', { check: name }, ok)),
      ...deviceGauges(sources),
      ...ofStore,
    ];
  };
}

function nothingWhileAway(error: unknown): readonly GaugeValue[] {
  if (isFault(error, 'store-unavailable')) return [];
  throw error;
}

function switchGauges(settings: Switch, state: State, nowMs: number): readonly GaugeValue[] {
  const { name } = settings;
  const age = (since: string): number => Math.max(0, nowMs - Date.parse(since)) / 1_000;
  const alerts = (acknowledged: boolean): GaugeValue =>
    gauge(
      'dashover_open_alerts',
      { switch: name, acknowledged: String(acknowledged) },
      state.alerts.filter((alert) => alert.acknowledged === acknowledged).length,
    );
  return [
    ...[...Object.keys(settings.positions), ...NOWHERE].map((position) =>
      gauge('dashover_switch_position', { switch: name, position }, state.position === position),
    ),
    ...(state.since === null
      ? []
      : [gauge('dashover_switch_position_age_seconds', { switch: name }, age(state.since))]),
    ...AUTOMATION.map((automation) =>
      gauge('dashover_switch_automation', { switch: name, automation }, state.automation === automation),
    ),
    gauge('dashover_hold_age_seconds', { switch: name }, state.hold === null ? 0 : age(state.hold.since)),
    alerts(false),
    alerts(true),
    gauge('dashover_incident_open', { switch: name }, state.incident !== null),
  ];
}

/** Who is there is known to the endpoint that hears buttons; the others would say offline of every one. */
function deviceGauges({ devices, presence, speaks }: GaugeSources): readonly GaugeValue[] {
  const intervals = devices.flatMap(({ name, drillEveryMs }) =>
    drillEveryMs === undefined
      ? []
      : [gauge('dashover_device_drill_interval_seconds', { device: name }, drillEveryMs / 1_000)],
  );
  if (speaks === null) return intervals;
  if (!speaks()) return [...intervals, gauge('dashover_mqtt_speaker', {}, false)];
  const heard = presence.hears() ? devices : [];
  return [
    ...intervals,
    gauge('dashover_mqtt_speaker', {}, true),
    ...heard.map(({ name }) => gauge('dashover_device_online', { device: name }, presence.of(name)?.online === true)),
  ];
}

function ageSeconds(sinceMs: number, clock: Clock): number {
  return Math.max(0, clock.nowMs() - sinceMs) / 1_000;
}

function gauge(metric: MetricName<'gauge'>, labels: Labels, value: number | boolean): GaugeValue {
  return { metric, labels, value: Number(value) };
}
