import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { topics } from '../../shared/topics.ts';
import type { Bus, BusStatus, Ids, InboundMessage, OnMessage, OutboundMessage } from '../ports.ts';
import { type Broker, connect, type Connection, type Ended } from './mqtt-connection.ts';
import { makeTakeoverWatch } from './mqtt-takeover.ts';
import { makeUnwelcome } from './mqtt-unwelcome.ts';
import { connectionFaultInWords, isRefusedForGood } from './mqtt-words.ts';

const RECONNECT_MS_MIN = 1_000;
const RECONNECT_MS_MAX = 30_000;
/** A connection that lasted this long was well; a shorter one counts as one more failed attempt. */
const STABLE_MS = 10_000;
/** How often a subscription that the broker refused is asked for again. */
const RESUBSCRIBE_MS = 30_000;

export interface BusOptions extends Omit<Broker, 'presence'> {
  /** Everything we say and hear is below it. */
  readonly prefix: string;
  /** Topic filters below the prefix. */
  readonly subscriptions: readonly string[];
  /** Stands in `endpoints/{clientId}/presence` beside `online` and `session`. */
  readonly version: string;
  readonly onMessage: OnMessage;
  /** After each connect, when the subscriptions are made: what waited can be delivered now. */
  readonly onConnect: () => void;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}

/**
 * The broker. Returns at once, connected or not: a broker that is away is no reason not to serve. Speaks MQTT 5, and
 * 3.1.1 where the broker knows only that. While there is no connection, `publish` rejects at once with the reason.
 * Disposing of it publishes that we are offline and closes, within seconds.
 */
export function openBus(options: BusOptions): Bus & AsyncDisposable {
  const { clock, ids, log, clientId, prefix } = options;
  const stop = new AbortController();
  const takeover = makeTakeoverWatch(clientId, clock);
  const unwelcome = makeUnwelcome(clock);
  const presenceTopic = `${prefix}/${topics.endpointPresence(clientId)}`;
  let current: Connection | undefined;
  let reason: string | null = 'The first connection to the broker is not made yet.';
  let version: 4 | 5 = 5;
  let fresh = true;

  const hear = (message: InboundMessage): Promise<void> =>
    message.topic.startsWith(`${prefix}/`)
      ? options.onMessage({ ...message, topic: message.topic.slice(prefix.length + 1) })
      : Promise.resolve();

  /** One connection, from its begin to its end. */
  async function live(): Promise<Ended> {
    const session = ids.next();
    const say = (online: boolean): string => JSON.stringify({ online, session, version: options.version }, null, 2);
    const presence = { topic: presenceTopic, online: say(true), offline: say(false) };
    const connection = connect({ ...options, presence }, version, fresh, hear, clock);
    const leave = (): void => void goodbye(connection, presence.offline);
    stop.signal.addEventListener('abort', leave, { once: true });
    if (stop.signal.aborted) leave();
    try {
      if (await connection.opened) await settleIn(connection, presence.online);
      return await connection.ended;
    } finally {
      stop.signal.removeEventListener('abort', leave);
      current = undefined;
    }
  }

  async function settleIn(connection: Connection, online: string): Promise<void> {
    fresh = false;
    current = connection;
    reason = await connection.subscribe(filters());
    if (current !== connection) return;
    if (reason === null) log.info({ clientId, mqttVersion: version }, 'Connected to the MQTT broker.');
    else void subscribeLater(connection);
    announce(connection, online);
    options.onConnect();
  }

  const filters = (): string[] => options.subscriptions.map((filter) => `${prefix}/${filter}`);

  function announce(connection: Connection, payload: string): void {
    connection
      .publish({ topic: presenceTopic, payload, retain: true })
      .catch((error: unknown) => log.warn({ error }, 'The presence of this endpoint could not be published.'));
  }

  /** A broker may be given a better access list while we are connected; publishing works meanwhile. */
  async function subscribeLater(connection: Connection): Promise<void> {
    log.error({ clientId }, reason ?? '');
    await clock.sleep(RESUBSCRIBE_MS, connection.over);
    if (connection.over.aborted) return;
    reason = await connection.subscribe(filters());
    if (reason !== null) await subscribeLater(connection);
  }

  async function goodbye(connection: Connection, offline: string): Promise<void> {
    try {
      if (current === connection)
        await connection.publish({ topic: presenceTopic, payload: offline, retain: true }, 1_000);
    } catch (error) {
      log.debug({ error }, 'The broker did not take the farewell; its will says the same.');
    }
    await connection.end();
  }

  async function keepConnected(): Promise<void> {
    let failures = 0;
    while (!stop.signal.aborted) {
      const ended = await live().catch((error: unknown): Ended => ({
        reason: connectionFaultInWords(error),
        silent: false,
        versionRefused: false,
        takenOver: false,
        lastedMs: null,
      }));
      if (stop.signal.aborted) break;
      if (ended.versionRefused && version === 5) {
        version = 4;
        log.info({ clientId }, 'The broker does not speak MQTT 5; going on with 3.1.1.');
        continue;
      }
      // Some old brokers hang up on MQTT 5 without a word, so a silent end before any answer tries the other one next.
      if (ended.lastedMs === null && ended.silent) version = version === 5 ? 4 : 5;
      failures = ended.lastedMs !== null && ended.lastedMs > STABLE_MS ? 0 : failures + 1;
      reason = takeover(ended) ?? ended.reason;
      const delayMs = reconnectDelayMs(failures, ids.random());
      log.warn(
        { clientId, delayMs },
        `${reason} The next attempt to reach the MQTT broker is in ${Math.ceil(delayMs / 1_000)} s.`,
      );
      await clock.sleep(delayMs, stop.signal);
    }
    reason = 'This endpoint is stopping.';
  }

  async function publish(message: OutboundMessage): Promise<void> {
    const connection = current;
    if (connection === undefined) throw new Error(`There is no connection to the MQTT broker. ${reason ?? ''}`.trim());
    if (message.whole !== true) {
      const topic = `${prefix}/${message.topic}`;
      await connection.publish({ ...message, topic }).catch((error: unknown) => passOver(topic, error));
      return;
    }
    const { topic } = message;
    if (unwelcome.has(topic)) return;
    try {
      await connection.publish(message);
      unwelcome.taken(topic);
    } catch (error) {
      if (isRefusedForGood(error)) unwelcome.refused(topic);
      else if (connection.over.aborted) unwelcome.closed(topic);
      if (!unwelcome.has(topic)) throw error;
      passOver(topic, error, 'It is not tried again for ten minutes.');
    }
  }

  /** To try again what the broker refuses for good would hold up everything behind it. Throws every other error. */
  function passOver(topic: string, error: unknown, then = ''): void {
    if (then === '' && !isRefusedForGood(error)) throw error;
    const sentence = `The broker takes no message of ours to ${topic}, so nobody gets it: see its access list. ${then}`;
    log.warn({ topic, error }, sentence.trim());
  }

  const running = keepConnected();

  return {
    publish,
    status: (): BusStatus => ({ connected: current !== undefined && reason === null, reason }),
    async [Symbol.asyncDispose](): Promise<void> {
      stop.abort();
      await running;
    },
  };
}

/** 1 s, 2 s, 4 s … 30 s, of which a random part between half and all: endpoints do not come back in step. `jitter` is in [0, 1). */
export function reconnectDelayMs(failures: number, jitter: number): number {
  const full = Math.min(RECONNECT_MS_MAX, RECONNECT_MS_MIN * 2 ** Math.min(failures, 10));
  return Math.round(full * (0.5 + jitter / 2));
}
