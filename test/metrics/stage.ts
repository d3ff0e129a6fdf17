import { openIds } from '../../cloud/adapters/ids.ts';
import { openBus } from '../../cloud/adapters/mqtt.ts';
import { openNameServers } from '../../cloud/adapters/dns.ts';
import { openMeter } from '../../cloud/adapters/prometheus.ts';
import { openRecordStore } from '../../cloud/adapters/route53.ts';
import { type AppPorts, startApp } from '../../cloud/app.ts';
import { parseConfig } from '../../cloud/config/read.ts';
import type { Store } from '../../cloud/engine/store.ts';
import type { Receiver } from '../../cloud/ports.ts';
import { openSqliteStore } from '../../cloud/store/sqlite.ts';
import type { Clock } from '../../shared/clock.ts';
import { type Log, silentLog } from '../../shared/log.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { ENDPOINT_SUBSCRIPTIONS, topics } from '../../shared/topics.ts';
import { type LocalBroker, startBroker } from '../world/broker.ts';
import { freePort } from '../world/ports.ts';
import { type LocalRoute53, startRoute53 } from '../world/route53/server.ts';
import { ZONE } from '../world/world-file.ts';

export const TOKENS = {
  ops: 'ops-secret-0123456789',
  watcher: 'watcher-secret-01234567',
  www: 'www-secret-0123456789',
};
const LOOK_MS = 20;
const WAIT_MS_MAX = 45_000;

export interface StageOptions {
  /** By default `www` alone. */
  readonly switches?: readonly string[];
  /** Lines of dashover.yaml besides those of the stage. */
  readonly yaml?: string;
  /** `drillEvery` of the button. */
  readonly drillEvery?: string;
  /** Bad weather from before the first read. */
  readonly prepare?: (route53: LocalRoute53) => void;
  readonly log?: Log;
  /** Who is told besides the broker; `yaml` names them under `notify`. */
  readonly receivers?: Readonly<Record<string, Receiver>>;
  /** What is called while all is well; `yaml` names them under `notify`. */
  readonly hearts?: AppPorts['hearts'];
  /** Stands before the real store. */
  readonly store?: (store: Store) => Store;
}

/** The endpoint, put together as it is in production, with the world's broker and Route 53 and a clock that can jump. */
export interface Stage extends AsyncDisposable {
  readonly url: string;
  readonly broker: LocalBroker;
  readonly route53: LocalRoute53;
  /** Lets so many milliseconds pass at once. */
  jump(ms: number): void;
  /** With the token of ops; a body makes it a POST. */
  api(path: string, body?: object, secret?: string): Promise<Response>;
  /** Runs a command to its end. */
  command(name: string, command: string): Promise<void>;
  /** The text of `/metrics`, as Prometheus reads it; undefined when nothing answers. */
  scrape(): Promise<string | undefined>;
  /** Scrapes until the text is as wanted. */
  scrapeUntil(wanted: (text: string) => boolean): Promise<string>;
  /** Ends the endpoint, and leaves the world. */
  stop(): Promise<void>;
}

export async function startStage(options: StageOptions = {}): Promise<Stage> {
  await using parts = new AsyncDisposableStack();
  const broker = parts.use(await startBroker());
  const names = options.switches ?? ['www'];
  const records = names.map((name) => ({ name: `${name}.example.test`, type: 'A', ttl: 60, values: ['192.0.2.10'] }));
  const route53 = parts.use(await startRoute53({ zones: [{ ...ZONE, records }] }));
  options.prepare?.(route53);
  const config = parseConfig(
    yamlOf(await freePort(0), broker, route53, { ...options, switches: names }),
    '/nowhere/dashover.yaml',
    {},
  );

  const { clock, jump } = makeJumpingClock();
  const log = options.log ?? silentLog;
  const ids = openIds();
  const endpoint = new AsyncDisposableStack();
  parts.use(endpoint);
  const store = endpoint.use(await openSqliteStore({ path: ':memory:', clock }));
  const recordStore = endpoint.use(await openRecordStore({ ...config.route53, log }));
  const meter = endpoint.use(openMeter({ version: 'test' }));
  const app = endpoint.use(
    await startApp({
      config,
      clock,
      ids,
      log,
      store: options.store?.(store) ?? store,
      records: recordStore,
      nameServers: openNameServers({ nameServers: undefined }),
      prober: { probe: async () => ({ ok: true, text: 'It answers.' }) },
      openBus: (onMessage, onConnect) =>
        openBus({
          ...(config.mqtt as NonNullable<typeof config.mqtt>),
          clientId: 'endpoint',
          subscriptions: ENDPOINT_SUBSCRIPTIONS,
          version: 'test',
          onMessage,
          onConnect,
          clock,
          ids,
          log,
        }),
      receivers: options.receivers ?? {},
      ...(options.hearts && { hearts: options.hearts }),
      meter,
    }),
  );
  const running = parts.move();

  const api = (path: string, body?: object, secret = TOKENS.ops): Promise<Response> =>
    fetch(app.address + path, {
      headers: { authorization: `Bearer ${secret}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    });
  const scrape = async (): Promise<string | undefined> => {
    const answer = await api('/metrics', undefined, TOKENS.watcher).catch(() => undefined);
    if (answer?.ok === false) throw new Error(await answer.text());
    return answer?.text();
  };
  const scrapeUntil = async (wanted: (text: string) => boolean): Promise<string> => {
    const giveUpAt = Date.now() + WAIT_MS_MAX;
    for (;;) {
      const text = (await scrape()) ?? '';
      if (wanted(text)) return text;
      if (Date.now() > giveUpAt)
        throw new Error(`The metrics never became as wanted:\n${text.replaceAll(/^#.*\n/gm, '').slice(0, 8_000)}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  };

  return {
    url: app.address,
    broker,
    route53,
    jump,
    api,
    async command(name, command) {
      const { id } = (await (await api(`/api/switches/${name}/${command}`, {})).json()) as { id: string };
      await api(`/api/jobs/${id}?wait=15s`);
    },
    scrape,
    scrapeUntil,
    stop: () => endpoint.disposeAsync(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** The machine's clock, with jumps: whoever sleeps until a time that was jumped over wakes at once. */
function makeJumpingClock(): { readonly clock: Clock; readonly jump: (ms: number) => void } {
  let ahead = 0;
  let jumped = new AbortController();
  const monotonicMs = (): number => systemClock.monotonicMs() + ahead;
  return {
    clock: {
      nowMs: () => systemClock.nowMs() + ahead,
      monotonicMs,
      async sleep(ms, signal) {
        const untilMs = monotonicMs() + ms;
        const ends = signal ? [signal] : [];
        for (let leftMs = ms; leftMs > 0 && !ends.some(({ aborted }) => aborted); leftMs = untilMs - monotonicMs()) {
          await systemClock.sleep(leftMs, AbortSignal.any([...ends, jumped.signal]));
        }
      },
    },
    jump(ms) {
      ahead += ms;
      jumped.abort();
      jumped = new AbortController();
    },
  };
}

/** All is well: read, connected, told, and the button is there. */
export async function settled(stage: Stage): Promise<string> {
  await buttonOnline(stage);
  // What /readyz found in the first moment is believed for two seconds.
  stage.jump(3_000);
  return stage.scrapeUntil((text) => !/position="unknown"\} 1$/m.test(text) && ready(text) && allTold(text));
}

export async function buttonOnline(stage: Stage): Promise<void> {
  await stage.scrapeUntil(() => stage.broker.listeners.includes('endpoint'));
  await stage.broker.publish(`dashover/v1/${topics.devicePresence('lobby')}`, '{"online":true,"session":"1"}');
  await stage.scrapeUntil((text) => text.includes('dashover_device_online{device="lobby"} 1'));
}

export function allTold(text: string): boolean {
  return text.includes('dashover_outbox_age_seconds{receiver="mqtt"} 0\n');
}

export function isAt(text: string, name: string, position: string): boolean {
  return text.includes(`dashover_switch_position{switch="${name}",position="${position}"} 1`);
}

function ready(text: string): boolean {
  return ['store', 'route53', 'mqtt'].every((check) => text.includes(`dashover_ready{check="${check}"} 1`));
}

function yamlOf(port: number, broker: LocalBroker, route53: LocalRoute53, options: StageOptions): string {
  return `http: { listen: '127.0.0.1:${port}' }
route53: { endpoint: '${route53.url}', requestsPerSecond: 50 }
dns: { verify: false }
mqtt: { url: '${broker.url}', clientId: endpoint }
switches:${(options.switches ?? []).map((name) => `\n  ${name}:${switchYaml(name)}`).join('')}
tokens:
  - { name: ops, secret: ${TOKENS.ops}, on: ['*'], may: ['*'] }
  - { name: watcher, secret: ${TOKENS.watcher}, on: ['*'], may: [] }
  - { name: www, secret: ${TOKENS.www}, on: [www], may: ['*'] }
devices:
  lobby: { on: [www], may: [failover, restore, drill], drillEvery: ${options.drillEvery ?? '30d'} }
${options.yaml ?? ''}
`;
}

function switchYaml(name: string): string {
  return `
    zone: ${ZONE.id}
    positions:
      primary: [{ name: ${name}.example.test, type: A, ttl: 60, values: [192.0.2.10] }]
      maintenance: [{ name: ${name}.example.test, type: A, ttl: 60, values: [192.0.2.20] }]`;
}
