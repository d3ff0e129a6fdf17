import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt, { type IClientPublishOptions } from 'mqtt';
import { parse, stringify } from 'yaml';
import { type Job, JobMessage, type State } from '../../shared/messages.ts';
import { PREFIX_DEFAULT, topics } from '../../shared/topics.ts';
import { startWorld, type World } from '../world/world.ts';
import { SWITCH, ZONE } from '../world/world-file.ts';

const ENDPOINT = 'dashover-endpoint';
const LOOK_MS = 20;
/** An endpoint that was killed is followed within five seconds; a slow machine needs some more. */
const WAIT_MS_MAX = 15_000;

/** A message as a person at a test client sees it; the topic without the prefix. */
export interface Heard {
  readonly topic: string;
  readonly text: string;
  readonly retain: boolean;
}

/** The whole road as its users have it: a local world, a person at an MQTT client, and HTTP. */
export interface Road extends AsyncDisposable {
  readonly world: World;
  /** Everything that the person's client was given below the prefix, oldest first. */
  readonly heard: readonly Heard[];
  on(topic: string): readonly string[];
  /** Publishes below the prefix, by default on the open command topic of the switch. */
  say(payload: string | Buffer | object, topic?: string, options?: IClientPublishOptions): Promise<void>;
  /** Says it, and gives the job that the endpoint has accepted for it. */
  ask(payload: string | object, topic?: string): Promise<Job>;
  /** With the token of the world's ops; a body makes it a POST. */
  api(path: string, body?: object, token?: string): Promise<Response>;
  state(): Promise<State>;
  job(id: string): Promise<Job>;
  /** All jobs, newest first. */
  jobs(): Promise<readonly Job[]>;
  /** The job once it has ended and its end was told over MQTT, also across deaths of the endpoint. */
  ended(id: string): Promise<Job>;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** SIGTERM: resolves when the endpoint has ended. */
  stop(): Promise<void>;
  /** Starts it again and waits until it listens to the broker. */
  start(): Promise<void>;
  /** Rewrites the configuration, and lets a new endpoint read it. */
  configure(edit: (file: ConfigFile) => void): Promise<void>;
  /** The batches that Route 53 was asked to carry out, each as `DELETE A`, `CREATE CNAME` …, sorted. */
  batches(): readonly (readonly string[])[];
  /** The record sets of the zone, as the API lists them. */
  records(): ReturnType<World['route53']['records']>;
  /** Fair weather, and everything back at primary with nothing running. */
  reset(): Promise<void>;
}

/** As much of dashover.yaml as tests add to. */
export interface ConfigFile {
  readonly route53: { requestsPerSecond?: number };
  switches: Record<string, object>;
  devices: Record<string, object>;
  triggers: object[];
  http: { listen: string };
  store: string;
}

/** Looks until there is something other than undefined or false; rejects, naming what was waited for. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  msMax = WAIT_MS_MAX,
): Promise<T> {
  const giveUpAt = Date.now() + msMax;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() >= giveUpAt) throw new Error(`This did not come within ${msMax / 1_000} s: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Whether a program must be skipped; with DASHOVER_REQUIRE_SERVICES nothing is, and what is missing fails. */
export function isMissing(program: string): boolean {
  if (process.env['DASHOVER_REQUIRE_SERVICES'] !== undefined) return false;
  return spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0;
}

export function isUnfinished({ status }: Job): boolean {
  return status === 'waiting' || status === 'queued' || status === 'running';
}

/** Starts a world in a folder of its own, and a person who listens to all of it. */
export async function openRoad(options: { readonly insyncAfterMs: number }): Promise<Road> {
  await using parts = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'dashover-road-'));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  const world = parts.use(await startWorld({ folder, ports: 'any', insyncAfterMs: options.insyncAfterMs }));
  const { route53, endpoint, broker, file } = world;

  const heard: Heard[] = [];
  const person = await mqtt.connectAsync(broker.url, { reconnectPeriod: 0 });
  parts.defer(() => person.endAsync(true));
  person.on('message', (topic, payload, { retain }) => {
    heard.push({ topic: topic.slice(PREFIX_DEFAULT.length + 1), text: payload.toString(), retain });
  });
  await person.subscribeAsync(`${PREFIX_DEFAULT}/#`, { qos: 1 });

  const on = (topic: string): string[] => heard.filter((message) => message.topic === topic).map(({ text }) => text);
  const told = (from = 0): JobMessage[] =>
    heard
      .slice(from)
      .filter(({ topic }) => topic.endsWith('/jobs'))
      .map(({ text }) => JobMessage.parse(JSON.parse(text)));
  const say: Road['say'] = async (payload, topic = topics.switchCommand(SWITCH), publish = {}) => {
    const bytes = typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload);
    await person.publishAsync(`${PREFIX_DEFAULT}/${topic}`, bytes, { qos: 1, ...publish });
  };
  const api: Road['api'] = (path, body, token = file.tokens.ops) =>
    fetch(`${file.http}${path}`, {
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    });
  const job: Road['job'] = async (id) => (await (await api(`/api/jobs/${id}`)).json()) as Job;
  const jobs: Road['jobs'] = async () => ((await (await api('/api/jobs?limit=200')).json()) as { jobs: Job[] }).jobs;
  const state: Road['state'] = async () => (await (await api(`/api/switches/${SWITCH}`)).json()) as State;

  /** The broker's own account: the endpoint says that it is there after it has subscribed. */
  const listening = async (): Promise<void> => {
    await endpoint.ready();
    await until('the endpoint listens to the broker', () => isPresent(world));
  };
  const start = async (): Promise<void> => {
    // Its last word, or its will; else an old presence would be taken for the new one.
    await until('the broker knows that the endpoint is gone', () => !isPresent(world));
    endpoint.start();
    await listening();
  };
  await listening();

  const road: Omit<Road, typeof Symbol.asyncDispose> = {
    world,
    heard,
    on,
    say,
    async ask(payload, topic = topics.switchCommand(SWITCH)) {
      const seen = heard.length;
      await say(payload, topic);
      return until(
        `the endpoint accepts ${JSON.stringify(payload)}`,
        () => told(seen).find(({ type }) => type !== 'step')?.job,
      );
    },
    api,
    state,
    job,
    jobs,
    async ended(id) {
      const found = await until(`the end of job ${id}`, async () => {
        const answer = await api(`/api/jobs/${id}?wait=5s`).catch(() => undefined);
        if (!answer?.ok) return undefined; // the endpoint is dead, or coming up
        const now = (await answer.json()) as Job;
        return isUnfinished(now) ? undefined : now;
      });
      await until(`the end of job ${id} is told over MQTT`, () => told().some((message) => isEnd(message, id)));
      return found;
    },
    kill: () => endpoint.kill(),
    stop: async () => endpoint[Symbol.asyncDispose](),
    start,
    async configure(edit) {
      await endpoint[Symbol.asyncDispose]();
      const config = parse(await readFile(file.config, 'utf8')) as ConfigFile;
      edit(config);
      await writeFile(file.config, stringify(config));
      await start();
    },
    batches: () =>
      route53.calls
        .filter(({ batch }) => batch !== undefined)
        .map(({ batch = [] }) => batch.map(({ action, set }) => `${action} ${set.type}`).toSorted()),
    records: () => route53.records(ZONE.id),
    async reset() {
      route53.clearWeather();
      route53.setInsyncAfter(options.insyncAfterMs);
      route53.settle();
      if (endpoint.pid() === null) await start();
      await until('nothing is running', async () => !(await jobs()).some(isUnfinished));
      if ((await state()).position === 'primary') return;
      const answer = await api(`/api/switches/${SWITCH}/restore`, {});
      await road.ended(((await answer.json()) as Job).id);
    },
  };
  const running = parts.move();
  return { ...road, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function isEnd({ type, job }: JobMessage, id: string): boolean {
  return type === 'finished' && job.id === id;
}

function isPresent({ broker }: World): boolean {
  const topic = `${PREFIX_DEFAULT}/${topics.endpointPresence(ENDPOINT)}`;
  const word = broker.published.findLast((message) => message.topic === topic);
  return word !== undefined && (JSON.parse(word.payload.toString()) as { online: boolean }).online;
}
