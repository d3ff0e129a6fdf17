import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LocalBroker, startBroker } from './broker.ts';
import { type LocalDns, startDns } from './dns/server.ts';
import { type EndpointProcess, makeEndpoint } from './endpoint-process.ts';
import { freePort, LOOPBACK } from './ports.ts';
import { type LocalRoute53, startRoute53 } from './route53/server.ts';
import { type LocalSites, startSites } from './sites.ts';
import {
  configYaml,
  DEVICE,
  MAINTENANCE_ADDRESS,
  MAINTENANCE_NAME,
  makeSecret,
  NAME,
  PRIMARY_ADDRESS,
  PRIMARY_ADDRESS_V6,
  SWITCH,
  type WorldFile,
  ZONE,
} from './world-file.ts';

/** The ports of a world that finds them free. */
export const PORTS = {
  http: 8_080,
  mqtt: 11_883,
  route53: 15_380,
  dns: 15_353,
  primary: 18_081,
  maintenance: 18_082,
} as const;
const ANY_PORTS = { http: 0, mqtt: 0, route53: 0, dns: 0, primary: 0, maintenance: 0 } as const;
/** As a change of the real Route 53 feels, in little. */
const INSYNC_AFTER_MS = 2_000;
const LISTENS_MS_MAX = 30_000;

export interface WorldOptions {
  /** Where its state lives: configuration, database, the endpoint's log, `world.json`. */
  readonly folder: string;
  /** The default ports (each replaced by a free one when taken), or any free ones. */
  readonly ports: 'default' | 'any';
  readonly insyncAfterMs?: number;
  /** Told when the endpoint ends by itself. */
  readonly onEndpoint?: (sentence: string) => void;
}

/** Everything that dashover needs of the outside, on loopback, and the endpoint as a child process. */
export interface World extends AsyncDisposable {
  readonly file: WorldFile;
  readonly folder: string;
  readonly logFile: string;
  readonly broker: LocalBroker;
  readonly route53: LocalRoute53;
  readonly dns: LocalDns;
  readonly sites: LocalSites;
  readonly endpoint: EndpointProcess;
  /** One sentence for each default port that was taken. */
  readonly moved: readonly string[];
}

/**
 * Starts a world and waits until its endpoint answers. Its zones begin at `primary`, so the endpoint begins with an
 * empty database. Rejects, in words, when another world already lives in the folder.
 */
export async function startWorld(options: WorldOptions): Promise<World> {
  const { folder } = options;
  const worldPath = join(folder, 'world.json');
  await refuseSecondWorld(worldPath);
  await mkdir(folder, { recursive: true });
  const wish = options.ports === 'default' ? PORTS : ANY_PORTS;

  await using parts = new AsyncDisposableStack();
  const broker = parts.use(await startBroker({ port: wish.mqtt }));
  const route53 = parts.use(
    await startRoute53({
      port: wish.route53,
      zones: [zoneSeed()],
      insyncAfterMs: options.insyncAfterMs ?? INSYNC_AFTER_MS,
    }),
  );
  const dns = parts.use(await startDns({ port: wish.dns, route53 }));
  const sites = parts.use(await startSites({ ports: { primary: wish.primary, maintenance: wish.maintenance } }));
  const httpPort = await freePort(wish.http);

  const config = join(folder, 'dashover.yaml');
  const logFile = join(folder, 'endpoint.log');
  const file: WorldFile = {
    config,
    http: `http://${LOOPBACK}:${httpPort}`,
    mqtt: broker.url,
    route53: route53.url,
    dns: dns.address,
    sites: { primary: sites.primary.url, maintenance: sites.maintenance.url },
    switch: SWITCH,
    name: NAME,
    device: DEVICE,
    tokens: { ops: makeSecret(), datadog: makeSecret() },
    triggers: {
      failover: { id: makeSecret(), secret: makeSecret() },
      restore: { id: makeSecret(), secret: makeSecret() },
    },
  };
  for (const old of ['dashover.db', 'dashover.db-wal', 'dashover.db-shm', 'endpoint.log']) {
    await rm(join(folder, old), { force: true });
  }
  // The secrets are this world's own, and still nobody else's business.
  await writeFile(config, configYaml(file), { mode: 0o600 });
  const endpoint = parts.use(
    makeEndpoint({ config, http: file.http, logFile, onEnd: (sentence) => options.onEndpoint?.(sentence) }),
  );
  endpoint.start();
  await endpoint.ready();
  await heardOf(broker);
  await writeFile(worldPath, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  parts.defer(() => rm(worldPath, { force: true }));

  const running = parts.move();
  const used = {
    http: httpPort,
    mqtt: broker.port,
    route53: route53.port,
    dns: dns.port,
    primary: sites.primary.port,
    maintenance: sites.maintenance.port,
  };
  return {
    file,
    folder,
    logFile,
    broker,
    route53,
    dns,
    sites,
    endpoint,
    moved: options.ports === 'default' ? movedPorts(used) : [],
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Until the endpoint listens to the broker: a word that is published earlier would reach nobody. */
async function heardOf(broker: LocalBroker): Promise<void> {
  const giveUpAtMs = Date.now() + LISTENS_MS_MAX;
  const listens = (): boolean => broker.published.some(({ topic }) => /\/endpoints\/[^/]+\/presence$/.test(topic));
  while (!listens()) {
    if (Date.now() > giveUpAtMs) throw new Error('The endpoint did not come to the broker within 30 s.');
    await sleep(20);
  }
}

function zoneSeed() {
  return {
    ...ZONE,
    records: [
      { name: NAME, type: 'A', ttl: 60, values: [PRIMARY_ADDRESS] },
      { name: NAME, type: 'AAAA', ttl: 60, values: [PRIMARY_ADDRESS_V6] },
      { name: MAINTENANCE_NAME, type: 'A', ttl: 60, values: [MAINTENANCE_ADDRESS] },
    ],
  };
}

function movedPorts(used: Readonly<Record<keyof typeof PORTS, number>>): string[] {
  const names = Object.keys(PORTS) as (keyof typeof PORTS)[];
  return names
    .filter((name) => used[name] !== PORTS[name])
    .map((name) => `Port ${PORTS[name]} is taken; ${name} is at ${used[name]} in its place.`);
}

/** Two worlds in one folder would write over each other's files. */
async function refuseSecondWorld(worldPath: string): Promise<void> {
  const other = await readWorldFile(worldPath);
  if (!other) return;
  const alive = await fetch(`${other.route53}/__world/weather`, { signal: AbortSignal.timeout(1_000) }).catch(
    () => undefined,
  );
  if (!alive?.ok) return;
  const folder = relative(process.cwd(), join(worldPath, '..'));
  throw new Error(
    `A world is already running in ${folder} (its endpoint is at ${other.http}). End it with Ctrl-C, or set DASHOVER_WORLD to another folder.`,
  );
}

/** What a running world has written for others; undefined when there is none. */
async function readWorldFile(path: string): Promise<WorldFile | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as WorldFile;
  } catch {
    return undefined; // none, or half-written by a world that was killed: then there is nothing to protect
  }
}
