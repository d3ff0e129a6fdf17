import type { Clock } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import type { Config } from './config/config.ts';
import { type EndpointLease, leaseAmongEndpoints } from './engine/endpoint-lease.ts';
import { makeEngine } from './engine/make-engine.ts';
import type { Store } from './engine/store.ts';
import { type Door, makeDoor, type SwitchEngine } from './intake/accept.ts';
import type { Check } from './intake/health.ts';
import { countMqttRefusals, measuredDoor } from './intake/measured-door.ts';
import { makeMqttIntake } from './intake/mqtt.ts';
import { mqttReceiver } from './intake/mqtt-receiver.ts';
import { makeSpeaker, type Speaker } from './intake/mqtt-speaker.ts';
import { makePresence, type Presence } from './intake/presence.ts';
import { MQTT_RECEIVER } from './jobs/announce.ts';
import { brokenOff, stoppedShort } from './jobs/broken.ts';
import { makeRules, type SwitchRules } from './jobs/make-rules.ts';
import { makeMeasuredReceivers, type MeasuredReceivers } from './jobs/measured-receivers.ts';
import { makeMove } from './jobs/move.ts';
import { onlyWhatCounts } from './jobs/notice/gate.ts';
import { notifySettings } from './jobs/notice/settings.ts';
import { makeRateBudget, type RateBudget } from './jobs/rate-budget.ts';
import { lastLook } from './jobs/rules/permit.ts';
import { recordsBefore, type SwitchState } from './jobs/state.ts';
import { makeWatch, type Watch } from './jobs/watch.ts';
import { type Heart, runNotifying } from './notifying.ts';
import type { Bus, Ids, Meter, NameServers, OnMessage, Prober, Receiver, RecordStore } from './ports.ts';

/** How long a stop waits for messages to leave before it hands over what is left. */
const STOP_GRACE_MS = 3_000;

/** What the endpoint is put together from: its configuration, and ports only. */
export interface EndpointPorts {
  readonly config: Config;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly store: Store;
  readonly records: RecordStore;
  readonly nameServers: NameServers;
  readonly prober: Prober;
  /** Opens the broker's connection; null without `mqtt` in the configuration. */
  readonly openBus: ((hear: OnMessage, onConnect: () => void) => Bus & AsyncDisposable) | null;
  /** Where notices go besides MQTT, by the name that the rules' messages carry. */
  readonly receivers: Readonly<Record<string, Receiver>>;
  /** What is called while all is well, by the name of its entry under `notify`. */
  readonly hearts?: Readonly<Record<string, Heart>>;
  readonly meter: Meter;
}

export type WatchRules = (rules: SwitchRules) => SwitchRules;

/** The whole endpoint except its HTTP server. */
export interface Endpoint {
  readonly engine: SwitchEngine;
  readonly door: Door;
  readonly presence: Presence;
  readonly speaker: Speaker | undefined;
  readonly told: MeasuredReceivers;
  /** What `/readyz` answers for. */
  readonly checks: readonly Check[];
  /**
   * The broker is being connected, jobs that an earlier process left are taken up, the records are watched. Disposing of
   * the answer is the graceful stop: running jobs are handed over as they stand, messages leave.
   */
  start(): AsyncDisposable;
}

/** Puts the endpoint together, at rest. `watchRules` lets somebody see what the rules are asked: a simulator. */
export function makeEndpoint(ports: EndpointPorts, watchRules: WatchRules = (rules) => rules): Endpoint {
  const { config, clock, ids, log, store, meter } = ports;
  const stop = new AbortController();
  const owner = ids.next();
  const speaker = config.mqtt && ports.openBus ? makeSpeaker({ ...ports, owner, openBus: ports.openBus }) : undefined;
  const budget = makeRateBudget(clock, config.route53.requestsPerSecond);
  const notifying = leaseAmongEndpoints({
    ...ports,
    owner,
    name: 'notify',
    // What waits there is this endpoint's from now on.
    changed: async (held) => {
      if (held) for (const receiver of Object.keys(ports.receivers)) engine.wake(receiver);
    },
  });
  const delivers = (receiver: string): boolean =>
    receiver === MQTT_RECEIVER ? speaker?.speaks() === true : notifying.isHeld();
  const told = makeMeasuredReceivers(meter, clock, delivers);
  const engine = makeSwitchEngine({ ...ports, budget, told, delivers, watchRules }, owner, speaker, notifying);
  const openDoor = makeDoor({
    engine,
    switches: config.switches,
    record: (entry, atMs) => store.record(entry, atMs),
    clock,
    log,
    signal: stop.signal,
  });
  const door = measuredDoor(openDoor, meter, clock);
  // Only the endpoint that speaks MQTT hears who is there.
  const hears = (): boolean => speaker !== undefined && speaker.speaks() && speaker.trouble() === null;
  const presence = makePresence(clock, hears);
  const watch = makeWatch({ ...ports, budget, switches: config.switches, engine });
  const checks = readiness(ports, watch, speaker);

  function start(): AsyncDisposable {
    // Torn down from the last line up: the jobs, then the broker.
    const parts = new AsyncDisposableStack();
    if (config.mqtt && speaker) {
      const hear = makeMqttIntake({
        door: countMqttRefusals(door, meter),
        switches: config.switches.map(({ name }) => name),
        devices: config.devices,
        commands: config.mqtt.commands,
        prefix: config.mqtt.prefix,
        presence,
        bus: () => speaker,
        clock,
        log,
        signal: stop.signal,
      });
      parts.use(speaker).start(hear, () => {
        presence.connected();
        void tellBroker(engine, config, log);
      });
    }
    if (Object.keys(ports.receivers).length > 0) {
      notifying.start();
      parts.defer(() => notifying.stop());
    }
    engine.start();
    parts.defer(() => engine.stop(STOP_GRACE_MS));
    const watching = watch.run(stop.signal);
    const notices = runNotifying(ports, { engine, presence, checks }, stop.signal);
    parts.defer(async () => {
      stop.abort();
      await Promise.all([watching, notices]);
    });
    return parts;
  }

  return { engine, door, presence, speaker, told, checks, start };
}

/** A broker that was away may have lost what it retained: every state is told anew, and what waited leaves. */
async function tellBroker(engine: SwitchEngine, config: Config, log: Log): Promise<void> {
  engine.wake(MQTT_RECEIVER);
  try {
    const from = { sender: 'broker', commandId: null };
    await Promise.all(config.switches.map(({ name }) => engine.command(name, { kind: 'tell' }, from)));
  } catch (error) {
    log.warn({ error }, 'The states could not be told to the broker again; each is told within a minute anyway.');
  }
}

function makeSwitchEngine(
  ports: EndpointPorts & {
    readonly budget: RateBudget;
    readonly told: MeasuredReceivers;
    /** Whether this endpoint delivers to that receiver: one of several does. */
    readonly delivers: (receiver: string) => boolean;
    readonly watchRules: WatchRules;
  },
  owner: string,
  speaker: Speaker | undefined,
  notifying: EndpointLease,
): SwitchEngine {
  const { config, store, clock, ids, log, told, delivers } = ports;
  const switches = new Map(config.switches.map((settings) => [settings.name, settings]));
  const stateOf = (name: string): Promise<SwitchState> => engine.state(name);
  const receivers = Object.entries(ports.receivers).map(
    ([name, receiver]) => [name, told.measured(name, onlyWhatCounts(whileOurs(receiver, notifying), stateOf))] as const,
  );
  const engine: SwitchEngine = makeEngine({
    store,
    rules: ports.watchRules(makeRules({ switches, automation: config.automation, notify: notifySettings(config) })),
    runbook: makeMove({
      ...ports,
      switches: Object.fromEntries(switches),
      mayStillSend: (job, state) => lastLook(job, state, config.automation, clock.nowMs()),
      beforeOf: (state) => recordsBefore(state),
    }),
    failed: brokenOff,
    stopped: stoppedShort,
    receivers: {
      ...Object.fromEntries(receivers),
      ...(speaker && { [MQTT_RECEIVER]: told.measured(MQTT_RECEIVER, mqttReceiver(speaker)) }),
    },
    delivers,
    lanes: [...switches.keys()],
    owner,
    clock,
    ids,
    log,
  });
  return engine;
}

/** A process that stood still may hold a message that another endpoint has sent since, and its end with it. */
function whileOurs(receiver: Receiver, notifying: EndpointLease): Receiver {
  return {
    ...receiver,
    async deliver(message, signal) {
      if (!notifying.isHeld()) throw new Error('another endpoint may notify now');
      return receiver.deliver(message, signal);
    },
  };
}

/** What `/readyz` answers for, each in a sentence when it is not well. */
function readiness({ store }: EndpointPorts, watch: Watch, speaker: Speaker | undefined): Check[] {
  const checks: Check[] = [
    { name: 'store', ask: async () => store.ping().then(() => null) },
    { name: 'route53', ask: async () => watch.trouble() },
  ];
  if (speaker) checks.push({ name: 'mqtt', ask: async () => speaker.trouble() });
  return checks;
}
