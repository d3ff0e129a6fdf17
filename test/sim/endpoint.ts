import type { Log } from '../../shared/log.ts';
import { PREFIX_DEFAULT } from '../../shared/topics.ts';
import { makeEngine } from '../../cloud/engine/make-engine.ts';
import type { Store } from '../../cloud/engine/store.ts';
import { type Door, makeDoor, type SwitchEngine } from '../../cloud/intake/accept.ts';
import type { Device } from '../../cloud/intake/caller.ts';
import { makeMqttIntake } from '../../cloud/intake/mqtt.ts';
import { mqttReceiver } from '../../cloud/intake/mqtt-receiver.ts';
import { makeSpeaker } from '../../cloud/intake/mqtt-speaker.ts';
import { makePresence } from '../../cloud/intake/presence.ts';
import { MQTT_RECEIVER } from '../../cloud/jobs/announce.ts';
import { brokenOff, stoppedShort } from '../../cloud/jobs/broken.ts';
import { makeRules, type SwitchRules } from '../../cloud/jobs/make-rules.ts';
import { makeMove } from '../../cloud/jobs/move.ts';
import { makeRateBudget } from '../../cloud/jobs/rate-budget.ts';
import { lastLook } from '../../cloud/jobs/rules/permit.ts';
import { makeWatch } from '../../cloud/jobs/watch.ts';
import type { Prober } from '../../cloud/ports.ts';
import type { PlayedBroker } from './broker.ts';
import type { Chance } from './chance.ts';
import { type Fuse, makeFuse } from './fuse.ts';
import { type Life, makeLife } from './life.ts';
import type { PlayedRoute53 } from './route53.ts';
import type { Scenario } from './scenario.ts';
import { reachStore } from './store.ts';
import type { PlayedTime } from './time.ts';

/** The default of `route53.requestsPerSecond`. */
const REQUESTS_PER_SECOND = 5;

/** One process that runs the endpoint: everything of `app.ts` except its HTTP server. */
export interface Endpoint {
  readonly name: string;
  readonly life: Life;
  readonly fuse: Fuse;
  readonly door: Door;
  readonly engine: SwitchEngine;
  /** The graceful stop; then it is gone. */
  stop(): Promise<void>;
}

export interface EndpointWorld {
  readonly scenario: Scenario;
  readonly devices: readonly Device[];
  readonly time: PlayedTime;
  readonly chance: Chance;
  readonly route53: PlayedRoute53;
  readonly broker: PlayedBroker;
  /** The shared database, watched. */
  readonly store: Store;
  readonly watchRules: (rules: SwitchRules) => SwitchRules;
  readonly isStoreAway: () => boolean;
  readonly prober: Prober;
  readonly log: (name: string) => Log;
}

export function startEndpoint(world: EndpointWorld, name: string): Endpoint {
  const { scenario, broker } = world;
  const { automation } = scenario;
  const chance = world.chance.fork(name);
  const life = makeLife(world.time);
  const fuse = makeFuse();
  const stopping = new AbortController();
  const { signal } = stopping;
  const { clock } = life;
  const log = world.log(name);
  const store = reachStore(world.store, { life, fuse, isAway: world.isStoreAway, isShared: scenario.isShared });
  const { records, nameServers } = world.route53.reach(name, life, fuse);
  const switches = new Map(scenario.switches.map((settings) => [settings.name, settings]));
  let made = 0;
  const ids = { next: () => `${name}-${String(++made).padStart(4, '0')}`, random: () => chance.next() };
  const budget = makeRateBudget(clock, REQUESTS_PER_SECOND);
  const ports = { records, nameServers, prober: world.prober, clock, ids, log, budget };

  const speaker = makeSpeaker({
    store,
    owner: name,
    openBus: (hear, onConnect) => broker.join(name, life, hear, onConnect),
    clock,
    ids,
    log,
  });
  const engine: SwitchEngine = makeEngine({
    store,
    rules: world.watchRules(makeRules({ switches, automation })),
    runbook: makeMove({
      ...ports,
      switches: Object.fromEntries(switches),
      mayStillSend: (job, state) => lastLook(job, state, automation, clock.nowMs()),
      beforeOf: ({ before }) => before,
    }),
    failed: brokenOff,
    stopped: stoppedShort,
    receivers: { [MQTT_RECEIVER]: mqttReceiver(speaker) },
    delivers: () => speaker.speaks(),
    lanes: [...switches.keys()],
    owner: name,
    clock,
    ids,
    log,
  });
  const record = async (...entry: Parameters<Store['record']>): Promise<void> => store.record(...entry);
  const door = makeDoor({ engine, switches: scenario.switches, record, clock, log, signal });
  const hear = makeMqttIntake({
    door,
    switches: [...switches.keys()],
    devices: world.devices,
    commands: ['failover', 'restore', 'drill'],
    prefix: PREFIX_DEFAULT,
    presence: makePresence(clock),
    bus: () => speaker,
    clock,
    log,
    signal,
  });
  speaker.start(hear, () => void tellBroker());
  engine.start();
  const watching = makeWatch({ ...ports, switches: scenario.switches, engine }).run(signal);

  /** As in `app.ts`: a broker that was away may have lost what it retained. */
  async function tellBroker(): Promise<void> {
    engine.wake(MQTT_RECEIVER);
    try {
      const from = { sender: 'broker', commandId: null };
      await Promise.all([...switches.keys()].map((lane) => engine.command(lane, { kind: 'tell' }, from)));
    } catch (error) {
      log.warn({ error }, 'The states could not be told to the broker again.');
    }
  }

  return {
    name,
    life,
    fuse,
    door,
    engine,
    async stop() {
      stopping.abort();
      await watching;
      await engine.stop(3_000);
      await speaker[Symbol.asyncDispose]();
      life.die();
    },
  };
}
