import type { Log } from '../../shared/log.ts';
import { PREFIX_DEFAULT } from '../../shared/topics.ts';
import type { Config } from '../../cloud/config/config.ts';
import { makeEndpoint } from '../../cloud/endpoint.ts';
import type { Store } from '../../cloud/engine/store.ts';
import type { Door, SwitchEngine } from '../../cloud/intake/accept.ts';
import type { Device } from '../../cloud/intake/caller.ts';
import type { SwitchRules } from '../../cloud/jobs/make-rules.ts';
import type { Meter, Prober } from '../../cloud/ports.ts';
import type { PlayedBroker } from './broker.ts';
import type { Chance } from './chance.ts';
import { type Fuse, makeFuse } from './fuse.ts';
import { type Life, makeLife } from './life.ts';
import { PAGER, type PlayedPager } from './pager.ts';
import type { PlayedRoute53 } from './route53.ts';
import type { Scenario } from './scenario.ts';
import { reachStore } from './store.ts';
import type { PlayedTime } from './time.ts';

/** The default of `route53.requestsPerSecond`. */
const REQUESTS_PER_SECOND = 5;

const NO_METER: Meter = { count: () => undefined, time: () => undefined, text: () => Promise.resolve('') };

/** One process that runs the endpoint: all that `app.ts` starts, except its HTTP server. */
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
  readonly pager: PlayedPager;
  /** The shared database, watched. */
  readonly store: Store;
  readonly watchRules: (rules: SwitchRules) => SwitchRules;
  readonly isStoreAway: () => boolean;
  readonly prober: Prober;
  readonly log: (name: string) => Log;
}

export function startEndpoint(world: EndpointWorld, name: string): Endpoint {
  const { scenario, broker } = world;
  const chance = world.chance.fork(name);
  const life = makeLife(world.time);
  const fuse = makeFuse();
  const { clock } = life;
  const { records, nameServers } = world.route53.reach(name, life, fuse);
  let made = 0;
  const endpoint = makeEndpoint(
    {
      config: configOf(world),
      clock,
      // The first of them names the process.
      ids: {
        next: () => (made++ === 0 ? name : `${name}-${String(made).padStart(4, '0')}`),
        random: () => chance.next(),
      },
      log: world.log(name),
      store: reachStore(world.store, { life, fuse, isAway: world.isStoreAway, isShared: scenario.isShared }),
      records,
      nameServers,
      prober: world.prober,
      openBus: (hear, onConnect) => broker.join(name, life, hear, onConnect),
      receivers: { [PAGER]: world.pager.reach(life) },
      meter: NO_METER,
    },
    world.watchRules,
  );
  const running = endpoint.start();
  const { engine, door } = endpoint;
  return {
    name,
    life,
    fuse,
    door,
    engine,
    async stop() {
      await running[Symbol.asyncDispose]();
      life.die();
    },
  };
}

/** What dashover.yaml would say. What only HTTP and the adapters read is not there. */
function configOf({ scenario, devices }: EndpointWorld): Config {
  const config: Omit<Config, 'path' | 'store' | 'dns' | 'datadog'> = {
    http: { listen: { host: '127.0.0.1', port: 0 }, publicUrl: undefined, trustProxy: false },
    route53: { region: 'us-east-1', endpoint: undefined, requestsPerSecond: REQUESTS_PER_SECOND },
    mqtt: {
      url: 'mqtt://played',
      prefix: PREFIX_DEFAULT,
      commands: ['failover', 'restore', 'drill'],
    } as Config['mqtt'],
    automation: scenario.automation,
    switches: scenario.switches as Config['switches'],
    tokens: [],
    triggers: [],
    devices: devices as Config['devices'],
    notify: [{ name: PAGER, kind: 'pagerduty', on: ['*'], routingKey: 'x', url: undefined }],
  };
  return config as Config;
}
