import type { Clock } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import type { Config } from './config/config.ts';
import { dashboardPages } from './dashboard/pages.ts';
import { type EndpointLease, leaseAmongEndpoints } from './engine/endpoint-lease.ts';
import { makeEngine } from './engine/make-engine.ts';
import type { Store } from './engine/store.ts';
import { makeDoor, type SwitchEngine } from './intake/accept.ts';
import type { Check } from './intake/health.ts';
import { makeHttp } from './intake/http.ts';
import { countMqttRefusals, measuredDoor } from './intake/measured-door.ts';
import { makeMqttIntake } from './intake/mqtt.ts';
import { mqttReceiver } from './intake/mqtt-receiver.ts';
import { makeSpeaker, type Speaker } from './intake/mqtt-speaker.ts';
import { makePresence } from './intake/presence.ts';
import { MQTT_RECEIVER } from './jobs/announce.ts';
import { makeRules } from './jobs/make-rules.ts';
import { onlyWhatCounts } from './jobs/notice/gate.ts';
import { notifySettings } from './jobs/notice/settings.ts';
import { makeMeasuredReceivers, type MeasuredReceivers } from './jobs/measured-receivers.ts';
import { measuredRecords } from './jobs/measured-records.ts';
import { measuredStore } from './jobs/measured-store.ts';
import { brokenOff, stoppedShort } from './jobs/broken.ts';
import { makeMove } from './jobs/move.ts';
import { makeRateBudget, type RateBudget } from './jobs/rate-budget.ts';
import { lastLook } from './jobs/rules/permit.ts';
import type { SwitchState } from './jobs/state.ts';
import { makeWatch, type Watch } from './jobs/watch.ts';
import { type Heart, runNotifying } from './notifying.ts';
import type { Bus, Ids, Meter, NameServers, OnMessage, Prober, Receiver, RecordStore } from './ports.ts';

/** How long a stop waits for messages to leave before it hands over what is left. */
const STOP_GRACE_MS = 3_000;

/** What the endpoint is put together from: its configuration, and ports only. */
export interface AppPorts {
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

export interface App extends AsyncDisposable {
  /** `http://127.0.0.1:8080`, as it listens. */
  readonly address: string;
}

/**
 * Puts the endpoint together and starts it: the HTTP server listens, the broker is being connected, jobs that an earlier
 * process left are taken up. Disposing of it is the graceful stop: requests in hand are answered, running jobs are
 * handed over as they stand, messages leave. Rejects when the address cannot be listened on.
 */
export async function startApp(unmeasured: AppPorts): Promise<App> {
  const ports = measured(unmeasured);
  const { config, clock, ids, log, store, meter } = ports;
  const stop = new AbortController();
  await using parts = new AsyncDisposableStack();

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
  const told = makeMeasuredReceivers(meter, clock);
  const engine = makeSwitchEngine({ ...ports, budget, told }, owner, speaker, notifying);
  const openDoor = makeDoor({
    engine,
    switches: config.switches,
    record: (entry, atMs) => store.record(entry, atMs),
    clock,
    log,
    signal: stop.signal,
  });
  const door = measuredDoor(openDoor, meter, clock);
  const presence = makePresence(clock);
  const watch = makeWatch({ ...ports, budget, switches: config.switches, engine });
  const checks = readiness(ports, watch, speaker);
  const http = await makeHttp({
    ...config.http,
    door,
    engine,
    switches: config.switches,
    automation: config.automation,
    tokens: config.tokens,
    triggers: config.triggers,
    devices: config.devices,
    datadog: config.datadog,
    presence,
    journal: (after, limit) => store.journal(after, limit),
    journalBefore: (before, limit) => store.journalBefore(before, limit),
    journalAnchor: () => store.journalAnchor(),
    checks,
    meter,
    watched: {
      receivers: [...Object.keys(ports.receivers), ...(speaker ? [MQTT_RECEIVER] : [])],
      async waitingForMs(receiver) {
        const oldest = await store.nextOutgoing(receiver, Number.MAX_SAFE_INTEGER);
        return oldest ? Math.max(clock.nowMs() - oldest.createdAtMs, told.tryingForMs(receiver)) : 0;
      },
      speaks: speaker ? () => speaker.speaks() : null,
    },
    pages: dashboardPages,
    clock,
    log,
  });

  // Ends before everything else, also when the start fails half-way: what it has begun would keep the process alive.
  await using requests = new AsyncDisposableStack();
  requests.defer(() => http.close());

  // First, because it fails when this endpoint runs already: then the other one keeps its broker and its jobs.
  const address = await http.listen({ ...config.http.listen });
  // Torn down from the last line up: no more requests, then the jobs, then the broker.
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
    parts.use(speaker).start(hear, () => void tellBroker(engine, config, log));
  }
  if (Object.keys(ports.receivers).length > 0) {
    notifying.start();
    parts.defer(() => notifying.stop());
  }
  engine.start();
  parts.defer(() => engine.stop(STOP_GRACE_MS));
  const watching = watch.run(stop.signal);
  const notices = runNotifying(ports, { engine, presence, speaker, checks }, stop.signal);
  parts.defer(async () => {
    stop.abort();
    await Promise.all([watching, notices]);
  });
  parts.use(requests.move());

  const running = parts.move();
  return { address, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** The same ports, with what passes through them counted and timed. */
function measured(ports: AppPorts): AppPorts {
  const { config, clock, meter } = ports;
  return {
    ...ports,
    store: measuredStore(ports.store, { meter, clock, switches: config.switches.map(({ name }) => name) }),
    records: measuredRecords(ports.records, meter, clock),
  };
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
  ports: AppPorts & { readonly budget: RateBudget; readonly told: MeasuredReceivers },
  owner: string,
  speaker: Speaker | undefined,
  notifying: EndpointLease,
): SwitchEngine {
  const { config, store, clock, ids, log, told } = ports;
  const switches = new Map(config.switches.map((settings) => [settings.name, settings]));
  const stateOf = (name: string): Promise<SwitchState> => engine.state(name);
  const receivers = Object.entries(ports.receivers).map(
    ([name, receiver]) => [name, told.measured(name, onlyWhatCounts(receiver, stateOf))] as const,
  );
  const engine: SwitchEngine = makeEngine({
    store,
    rules: makeRules({ switches, automation: config.automation, notify: notifySettings(config) }),
    runbook: makeMove({
      ...ports,
      switches: Object.fromEntries(switches),
      mayStillSend: (job, state) => lastLook(job, state, config.automation, clock.nowMs()),
      beforeOf: ({ before }) => before,
    }),
    failed: brokenOff,
    stopped: stoppedShort,
    receivers: {
      ...Object.fromEntries(receivers),
      ...(speaker && { [MQTT_RECEIVER]: told.measured(MQTT_RECEIVER, mqttReceiver(speaker)) }),
    },
    delivers: (receiver) => (receiver === MQTT_RECEIVER ? speaker?.speaks() === true : notifying.isHeld()),
    lanes: [...switches.keys()],
    owner,
    clock,
    ids,
    log,
  });
  return engine;
}

/** What `/readyz` answers for, each in a sentence when it is not well. */
function readiness({ store }: AppPorts, watch: Watch, speaker: Speaker | undefined): Check[] {
  const checks: Check[] = [
    { name: 'store', ask: async () => store.ping().then(() => null) },
    { name: 'route53', ask: async () => watch.trouble() },
  ];
  if (speaker) checks.push({ name: 'mqtt', ask: async () => speaker.trouble() });
  return checks;
}
