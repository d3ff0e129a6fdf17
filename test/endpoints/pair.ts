import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { parse, stringify } from 'yaml';
import type { Job, State } from '../../shared/messages.ts';
import { PREFIX_DEFAULT } from '../../shared/topics.ts';
import { openPostgresSpace, type PostgresSpace } from '../postgres.ts';
import type { PostgresServer } from '../postgres-server.ts';
import { type Heard, isUnfinished, until } from '../road/road.ts';
import { type EndpointProcess, makeEndpoint } from '../world/endpoint-process.ts';
import { freePort, LOOPBACK } from '../world/ports.ts';
import { startWorld, type World } from '../world/world.ts';
import { DEVICE, NAME, PRIMARY_ADDRESS, PRIMARY_ADDRESS_V6, SWITCH, ZONE } from '../world/world-file.ts';

type Name = 'first' | 'second';

/** One of the two `dashover serve` processes. */
export interface One {
  readonly name: Name;
  readonly process: EndpointProcess;
  readonly logFile: string;
  /** With the token of the world's ops; a body makes it a POST. */
  api(path: string, body?: object): Promise<Response>;
  job(id: string): Promise<Job>;
  state(name: string): Promise<State>;
  /** Posts the command, and gives its job. */
  ask(name: string, command: string, options?: object): Promise<Job>;
}

/** Two endpoints on one PostgreSQL, in one world: a person at an MQTT client, a Route 53, a broker. */
export interface Pair extends AsyncDisposable {
  readonly world: World;
  readonly space: PostgresSpace;
  readonly first: One;
  readonly second: One;
  readonly heard: readonly Heard[];
  say(payload: string | object, topic: string): Promise<void>;
  /** Which of them are connected to the broker and hear what is published. */
  speakers(): readonly Name[];
  /** Where probes of the switches `silent-…` go: nobody answers there, and from this on everybody is hung up on. */
  hangUp(): void;
  /** The job once it has ended, as this endpoint tells it. */
  ended(id: string, from: One): Promise<Job>;
  /** How many batches Route 53 has carried out for a switch. */
  batches(name: string): number;
}

interface Options {
  /** More switches like the world's own, each at a name of its own. */
  readonly switches: readonly string[];
  /** The database; default: a place in the server that all tests use. */
  readonly server?: PostgresServer;
  /** Where the first endpoint reaches Route 53, by its port; default: directly. */
  readonly routeOfFirst?: (port: number) => Promise<number>;
}

export async function openPair({ switches, server, routeOfFirst }: Options): Promise<Pair> {
  await using parts = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'dashover-endpoints-'));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  const space = await openPostgresSpace(server);
  parts.defer(() => space.remove());
  const world = parts.use(await startWorld({ folder, ports: 'any', insyncAfterMs: 0 }));
  // It belongs to the world and has a database of its own: these two take its place.
  await world.endpoint[Symbol.asyncDispose]();
  world.route53.edit(
    ZONE.id,
    switches.flatMap((name) => [
      { action: 'CREATE', set: { name: `${name}.${ZONE.name}`, type: 'A', ttl: 60, values: [PRIMARY_ADDRESS] } },
      { action: 'CREATE', set: { name: `${name}.${ZONE.name}`, type: 'AAAA', ttl: 60, values: [PRIMARY_ADDRESS_V6] } },
    ]),
  );
  world.route53.settle();

  let hungUp = false;
  const silent = createServer((request) => {
    if (hungUp) request.destroy();
  });
  silent.listen(0, LOOPBACK);
  parts.defer(() => {
    silent.closeAllConnections();
    silent.close();
  });
  await until('the silent site listens', () => silent.listening);
  const address = silent.address();
  const silentPort = typeof address === 'object' ? address?.port : undefined;

  const written = await readFile(world.file.config, 'utf8');
  const start = async (name: Name): Promise<One> => {
    const file = parse(written) as ConfigFile;
    const port = await freePort(0);
    const http = `http://${LOOPBACK}:${port}`;
    file.http = { listen: `${LOOPBACK}:${port}` };
    file.store = space.url;
    file.mqtt.clientId = name;
    file.devices[DEVICE] = { on: ['*'], may: ['failover', 'restore', 'drill'] };
    const pattern = JSON.stringify(file.switches[SWITCH]);
    for (const more of switches) {
      const settings = JSON.parse(pattern.replaceAll(NAME, `${more}.${ZONE.name}`)) as SwitchFile;
      if (more.startsWith('silent')) {
        settings.probe.maintenance = { url: `http://${LOOPBACK}:${silentPort}/`, expect: [200], timeout: '30s' };
      }
      file.switches[more] = settings;
    }
    if (name === 'first' && routeOfFirst) {
      file.route53.endpoint = `http://${LOOPBACK}:${await routeOfFirst(world.route53.port)}`;
    }
    const config = join(folder, `${name}.yaml`);
    await writeFile(config, stringify(file));
    const logFile = join(folder, `${name}.log`);
    const process = parts.use(makeEndpoint({ config, http, logFile, onEnd: () => undefined }));
    process.start();
    return oneOf(name, process, logFile, http, world.file.tokens.ops);
  };
  const [first, second] = [await start('first'), await start('second')];
  await Promise.all([first.process.ready(), second.process.ready()]);

  const heard: Heard[] = [];
  const person = await mqtt.connectAsync(world.broker.url, { reconnectPeriod: 0 });
  parts.defer(() => person.endAsync(true));
  person.on('message', (topic, payload, { retain }) => {
    heard.push({ topic: topic.slice(PREFIX_DEFAULT.length + 1), text: payload.toString(), retain });
  });
  await person.subscribeAsync(`${PREFIX_DEFAULT}/#`, { qos: 1 });

  const running = parts.move();
  return {
    world,
    space,
    first,
    second,
    heard,
    async say(payload, topic) {
      const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
      await person.publishAsync(`${PREFIX_DEFAULT}/${topic}`, text, { qos: 1 });
    },
    speakers: () => (['first', 'second'] as const).filter((name) => world.broker.listeners.includes(name)),
    hangUp() {
      hungUp = true;
      silent.closeAllConnections();
    },
    ended: (id, from) =>
      until(`the end of job ${id}`, async () => {
        const answer = await from.api(`/api/jobs/${id}?wait=5s`).catch(() => undefined);
        if (!answer?.ok) return undefined;
        const job = (await answer.json()) as Job;
        return isUnfinished(job) ? undefined : job;
      }),
    batches: (name) =>
      world.route53.calls.filter(
        ({ batch, outcome }) =>
          outcome !== undefined && batch?.some(({ set }) => set.name.replace(/\.$/, '') === `${name}.${ZONE.name}`),
      ).length,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

interface SwitchFile {
  probe: { maintenance: object };
}

interface ConfigFile {
  http: { listen: string };
  store: string;
  mqtt: { clientId: string };
  route53: { endpoint: string };
  switches: Record<string, object>;
  devices: Record<string, object>;
}

function oneOf(name: Name, process: EndpointProcess, logFile: string, http: string, token: string): One {
  const api: One['api'] = (path, body) =>
    fetch(`${http}${path}`, {
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(15_000),
    });
  return {
    name,
    process,
    logFile,
    api,
    job: async (id) => (await (await api(`/api/jobs/${id}`)).json()) as Job,
    state: async (of) => (await (await api(`/api/switches/${of}`)).json()) as State,
    async ask(of, command, options = {}) {
      const answer = await api(`/api/switches/${of}/${command}`, options);
      if (answer.status !== 202) throw new Error(`${command} was answered ${answer.status}: ${await answer.text()}`);
      return (await answer.json()) as Job;
    },
  };
}
