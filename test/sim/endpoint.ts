import type { Log } from '../../shared/log.ts';
import { PREFIX_DEFAULT } from '../../shared/topics.ts';
import { type App, type AppPorts, startApp } from '../../cloud/app.ts';
import type { Config } from '../../cloud/config/config.ts';
import { makeEndpoint, type WatchRules } from '../../cloud/endpoint.ts';
import type { Store } from '../../cloud/engine/store.ts';
import type { Door } from '../../cloud/intake/accept.ts';
import type { Meter, Prober } from '../../cloud/ports.ts';
import type { PlayedBroker } from './broker.ts';
import { devicesOf, TOKENS, triggersOf } from './callers.ts';
import type { Chance } from './chance.ts';
import { type Fuse, makeFuse } from './fuse.ts';
import { type Life, makeLife } from './life.ts';
import { PAGER, type PlayedPager } from './pager.ts';
import type { Answer, Question } from './question.ts';
import type { PlayedRoute53 } from './route53.ts';
import type { Scenario } from './scenario.ts';
import { reachStore } from './store.ts';
import type { PlayedTime } from './time.ts';

/** The default of `route53.requestsPerSecond`. */
const REQUESTS_PER_SECOND = 5;

const NO_METER: Meter = { count: () => undefined, time: () => undefined, text: () => Promise.resolve('') };

/** One process that runs the endpoint. */
export interface Endpoint {
  readonly name: string;
  readonly life: Life;
  readonly fuse: Fuse;
  /** Straight in, where the seed plays no HTTP server. */
  readonly accept: Door['accept'];
  /** Whether its HTTP server takes connections. */
  listens(): boolean;
  /** Undefined when it was cut off. An answer comes when the process has the time for it, or never. */
  ask(question: Question): Promise<Answer | undefined>;
  /** The graceful stop; then it is gone. */
  stop(): Promise<void>;
}

export interface EndpointWorld {
  readonly scenario: Scenario;
  readonly time: PlayedTime;
  readonly chance: Chance;
  readonly route53: PlayedRoute53;
  readonly broker: PlayedBroker;
  readonly pager: PlayedPager;
  /** The shared database, watched. */
  readonly store: Store;
  readonly watchRules: WatchRules;
  readonly isStoreAway: () => boolean;
  readonly prober: Prober;
  readonly log: (name: string) => Log;
}

type Http = Parameters<NonNullable<AppPorts['listen']>>[0];

/**
 * Starts a process: `cloud/app.ts` as it is, listening to the played network; or, where the seed plays no HTTP server
 * (each costs some 15 ms to build), all that `app.ts` puts together besides.
 */
export function startEndpoint(world: EndpointWorld, name: string): Endpoint {
  const life = makeLife(world.time);
  const fuse = makeFuse();
  const ports = portsOf(world, name, life, fuse);
  const process = world.scenario.http ? withServer(world, ports) : withoutServer(world, ports);
  return {
    name,
    life,
    fuse,
    accept: process.accept,
    listens: process.listens,
    async ask(question) {
      await life.through();
      const answer = await process.ask(question);
      await life.through();
      return answer;
    },
    async stop() {
      await process.stop();
      life.die();
    },
  };
}

type Process = Pick<Endpoint, 'accept' | 'listens' | 'ask' | 'stop'>;

function withServer({ time, watchRules }: EndpointWorld, ports: AppPorts): Process {
  let http: Http | undefined;
  let stopped = false;
  const listen = async (server: Http): Promise<string> => {
    http = server;
    return 'http://played';
  };
  const starting: Promise<App> = time.underWay(startApp({ ...ports, listen }, watchRules));
  return {
    accept: () => Promise.reject(new Error('whoever wants in here asks over HTTP')),
    listens: () => http !== undefined && !stopped,
    async ask({ method, path, secret, scheme = 'Bearer', client, body }) {
      if (!http || stopped) return undefined;
      const asked = http.inject({
        method,
        url: path,
        headers: {
          authorization: `${scheme} ${secret}`,
          ...(client && { 'x-dashover-client': client }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { payload: body }),
      });
      const { statusCode, payload } = await time.handedOn(asked);
      return { status: statusCode, body: payload === '' ? undefined : JSON.parse(payload) };
    },
    async stop() {
      const app = await starting;
      stopped = true;
      await time.handedOn(app[Symbol.asyncDispose]());
    },
  };
}

function withoutServer({ watchRules }: EndpointWorld, ports: AppPorts): Process {
  const endpoint = makeEndpoint(ports, watchRules);
  const running = endpoint.start();
  return {
    accept: (request) => endpoint.door.accept(request),
    listens: () => false,
    ask: async () => undefined,
    stop: async () => running[Symbol.asyncDispose](),
  };
}

function portsOf(world: EndpointWorld, name: string, life: Life, fuse: Fuse): AppPorts {
  const { scenario, broker } = world;
  const chance = world.chance.fork(name);
  const { clock } = life;
  const { records, nameServers } = world.route53.reach(name, life, fuse);
  let made = 0;
  return {
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
  };
}

/** What dashover.yaml would say. What only the adapters read is not there. */
function configOf({ scenario }: EndpointWorld): Config {
  const config: Omit<Config, 'path' | 'store' | 'dns'> = {
    http: { listen: { host: '127.0.0.1', port: 0 }, publicUrl: undefined, trustProxy: false },
    route53: { region: 'us-east-1', endpoint: undefined, requestsPerSecond: REQUESTS_PER_SECOND },
    mqtt: {
      url: 'mqtt://played',
      prefix: PREFIX_DEFAULT,
      commands: ['failover', 'restore', 'drill'],
    } as Config['mqtt'],
    automation: scenario.automation,
    switches: scenario.switches as Config['switches'],
    tokens: TOKENS as Config['tokens'],
    triggers: triggersOf(scenario.switches),
    devices: devicesOf(scenario.buttons) as Config['devices'],
    datadog: { noData: 'alert', warn: 'ignore', maxAgeMs: 600_000 },
    notify: [{ name: PAGER, kind: 'pagerduty', on: ['*'], routingKey: 'x', url: undefined }],
  };
  return config as Config;
}
