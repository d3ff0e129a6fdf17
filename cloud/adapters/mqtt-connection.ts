import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import type { Clock } from '../../shared/clock.ts';
import type { InboundMessage, OnMessage, OutboundMessage } from '../ports.ts';
import { makeInbox } from './mqtt-inbox.ts';
import { subscribe } from './mqtt-subscribe.ts';
import { isAwsIot, limitsOf, makeWindow, type Window } from './mqtt-window.ts';
import { connectionFaultInWords, isTakenOver, isVersionRefused } from './mqtt-words.ts';

/** Without a PUBACK by then a publish has failed: MQTT.js itself would wait for ever. */
const PUBLISH_MS_MAX = 5_000;
/** The store gets this long for a message; then the connection is dropped unacknowledged, and its sender says it again. */
const STORE_MS_MAX = 2_000;
const CONNECT_MS_MAX = 10_000;
const KEEPALIVE_S = 30;
/** Commands wait at the broker at most as long as a command is fresh by default. Only MQTT 5 can say so; 3.1.1 starts clean. */
const SESSION_S = 60;
/** Messages in flight towards us: what one interrupted connection may deliver twice. */
const RECEIVE_MAX = 20;
/** The broker withholds larger packets (MQTT 5), so that one stranger cannot fill the memory of this machine. */
const PACKET_BYTES_MAX = 4 * 1_024 * 1_024;
const END_MS_MAX = 1_000;

export interface Broker {
  readonly url: string;
  /** PEM. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly clientId: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Whole topic and payloads of this client's presence; `offline` is the will. */
  readonly presence: { readonly topic: string; readonly online: string; readonly offline: string };
}

/** How a connection ended. */
export interface Ended {
  readonly reason: string;
  readonly versionRefused: boolean;
  readonly takenOver: boolean;
  /** The broker closed the connection and gave no reason. */
  readonly silent: boolean;
  /** For how long it was open; null when the broker never let us in. */
  readonly lastedMs: number | null;
}

/** One connection, from CONNECT to its end. It never reconnects: a new one begins with nothing left over from the old. */
export interface Connection {
  /** True when the broker has let us in; false when it ended before. */
  readonly opened: Promise<boolean>;
  readonly ended: Promise<Ended>;
  /** Aborted when it has ended. */
  readonly over: AbortSignal;
  /** The topic is whole. Resolves at the PUBACK; rejects when there is none within `msMax`, by default 5 s. */
  publish(
    message: Pick<OutboundMessage, 'topic' | 'payload' | 'retain' | 'correlationData'>,
    msMax?: number,
  ): Promise<void>;
  /** Asks for these whole filters; what the broker refused, in a sentence, or null. */
  subscribe(filters: readonly string[]): Promise<string | null>;
  /** Says goodbye and closes, by force after a second. */
  end(): Promise<void>;
}

/** Connects once. Throws only when the TLS material, or this version of MQTT.js, is unusable. */
export function connect(
  broker: Broker,
  version: 4 | 5,
  fresh: boolean,
  onMessage: OnMessage,
  clock: Clock,
): Connection {
  const client = mqtt.connect(broker.url, clientOptions(broker, version, fresh));
  const acknowledge = acknowledger(client);
  const over = new AbortController();
  const window = makeWindow(clock, over.signal);
  let why: string | undefined;
  let versionRefused = false;
  let takenOver = false;
  let openedAtMs: number | undefined;
  const opened = Promise.withResolvers<boolean>();
  const ended = Promise.withResolvers<Ended>();

  client.on('connect', ({ properties }) => {
    openedAtMs = clock.monotonicMs();
    // MQTT.js does not keep to it; a broker may end the connection of who does not.
    window.limit(limitsOf(broker.url, properties?.receiveMaximum));
    // Nagle's algorithm and delayed acknowledgements cost 20 ms for each message; MQTT.js leaves it on. (ws: turns it off.)
    if ('setNoDelay' in client.stream) (client.stream as unknown as { setNoDelay(on: boolean): void }).setNoDelay(true);
    opened.resolve(true);
  });
  client.on('disconnect', (packet) => {
    takenOver = isTakenOver(packet.reasonCode);
    why ??= connectionFaultInWords({ code: packet.reasonCode, message: `the broker closed it (${packet.reasonCode})` });
    client.stream.destroy();
  });
  client.on('error', (error) => {
    why ??= connectionFaultInWords(error);
    versionRefused ||= isVersionRefused(error);
    // A packet that cannot be parsed raises an error and leaves the socket open, with nobody reading it.
    client.stream.destroy();
  });
  client.on('close', () => {
    over.abort();
    opened.resolve(false);
    ended.resolve({
      silent: why === undefined,
      reason:
        why ??
        (openedAtMs === undefined ? 'The broker closed the connection at once.' : 'The broker closed the connection.'),
      versionRefused,
      takenOver,
      lastedMs: openedAtMs === undefined ? null : clock.monotonicMs() - openedAtMs,
    });
    client.end(true);
  });

  /** Resolves to why the message must stay unacknowledged, or null when it is stored. */
  async function store(message: InboundMessage): Promise<string | null> {
    const settled = new AbortController();
    const dropped = 'the connection was dropped with the message unacknowledged.';
    try {
      const stored = onMessage(message).then(() => null);
      const late = clock.sleep(STORE_MS_MAX, settled.signal).then(() => `not within ${STORE_MS_MAX} ms`);
      const failed = await Promise.race([stored, late]);
      return failed && `A message could not be stored: ${failed}; ${dropped}`;
    } catch (error) {
      return `A message could not be stored: ${error instanceof Error ? error.message : String(error)}; ${dropped}`;
    } finally {
      settled.abort();
    }
  }

  const inbox = makeInbox({
    atOnce: RECEIVE_MAX,
    over: over.signal,
    acknowledge,
    failed(sentence) {
      why ??= sentence;
      client.stream.destroy();
    },
  });
  // MQTT.js takes nothing in, PUBACKs of our own messages and PINGRESP included, until a message of QoS 1 is acknowledged.
  // Of one that says QoS 0 it only waits to be let on, and we acknowledge it when it is stored.
  const toAcknowledge = new WeakSet<object>();
  client.on('packetreceive', (packet) => {
    if (packet.cmd !== 'publish' || packet.qos !== 1) return;
    toAcknowledge.add(packet);
    packet.qos = 0;
  });
  client.handleMessage = (packet, next) => {
    const messageId = toAcknowledge.has(packet) ? (packet.messageId ?? null) : null;
    inbox.take(packet.topic, messageId, () => store(inbound(packet)), next);
  };

  return {
    opened: opened.promise,
    ended: ended.promise,
    over: over.signal,
    publish: (message, msMax = PUBLISH_MS_MAX) => publish(client, window, message, msMax, clock, over.signal),
    subscribe: (filters) => subscribe(client, filters, over.signal),
    async end() {
      const done = new AbortController();
      client.end(false, { reasonCode: 0, ...(version === 5 && { properties: { sessionExpiryInterval: 0 } }) }, () =>
        done.abort(),
      );
      await clock.sleep(END_MS_MAX, done.signal);
      client.end(true);
      client.stream.destroy();
    },
  };
}

function clientOptions(broker: Broker, version: 4 | 5, fresh: boolean): IClientOptions {
  const { ca, cert, key } = broker;
  const { port, protocol, hostname } = new URL(broker.url);
  return {
    clientId: broker.clientId,
    protocolVersion: version,
    clean: version === 4 || fresh,
    keepalive: KEEPALIVE_S,
    connectTimeout: CONNECT_MS_MAX,
    // Our own loop reconnects, with jitter; MQTT.js would, each second, and resend what nobody waits for any more.
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    ...(broker.username !== undefined && { username: broker.username }),
    ...(broker.password !== undefined && { password: broker.password }),
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    // By itself MQTT.js takes the brackets off an IPv6 address, and then cannot read its own URL of a websocket.
    ...(/^wss?:$/.test(protocol) && { hostname }),
    // AWS IoT speaks MQTT with client certificates on port 443 only to those who ask for it by name.
    ...(protocol === 'mqtts:' && port === '443' && isAwsIot(broker.url) && { ALPNProtocols: ['x-amzn-mqtt-ca'] }),
    ...(version === 5 && {
      properties: {
        sessionExpiryInterval: SESSION_S,
        receiveMaximum: RECEIVE_MAX,
        maximumPacketSize: PACKET_BYTES_MAX,
      },
    }),
    will: { topic: broker.presence.topic, payload: Buffer.from(broker.presence.offline), qos: 1, retain: true },
  };
}

/**
 * MQTT.js has no public way to acknowledge by hand; this is the one by which it does so itself. Throws where it is gone:
 * a broker that never hears of what is stored would stop talking, and nobody would know why.
 */
function acknowledger(client: MqttClient): (messageId: number) => void {
  const send: unknown = Reflect.get(client, '_sendPacket');
  if (typeof send === 'function') return (messageId) => send.call(client, { cmd: 'puback', messageId, reasonCode: 0 });
  client.on('error', () => undefined).end(true);
  throw new Error('This version of MQTT.js cannot acknowledge by hand; install the one of the lock file with npm ci.');
}

/**
 * Resolves at the PUBACK. Rejects, and withdraws the message, when there is none in time after it was sent, or when the
 * connection ends.
 */
async function publish(
  client: MqttClient,
  window: Window,
  message: Pick<OutboundMessage, 'topic' | 'payload' | 'retain' | 'correlationData'>,
  msMax: number,
  clock: Clock,
  over: AbortSignal,
): Promise<void> {
  const settled = new AbortController();
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  const end = (): void =>
    fail(new Error(`The connection to the broker ended before it acknowledged a message to ${message.topic}.`));
  over.addEventListener('abort', end, { once: true, signal: settled.signal });
  if (over.aborted) end();
  async function watch(): Promise<void> {
    await clock.sleep(msMax, AbortSignal.any([settled.signal, over]));
    fail(new Error(`The broker did not acknowledge a message to ${message.topic} within ${msMax} ms.`));
  }
  let messageId: number | null = null;
  const acknowledged = window.pass(settled.signal, () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    client.publish(
      message.topic,
      message.payload,
      {
        qos: 1,
        retain: message.retain,
        ...(message.correlationData && { properties: { correlationData: Buffer.from(message.correlationData) } }),
      },
      (error) => (error ? reject(error) : resolve()),
    );
    messageId = client.getLastMessageId();
    void watch();
    return promise;
  });
  try {
    await Promise.race([acknowledged, failed]);
  } catch (error) {
    if (messageId !== null) client.removeOutgoingMessage(messageId);
    throw error;
  } finally {
    settled.abort();
  }
}

function inbound(packet: {
  topic: string;
  payload: string | Buffer;
  retain: boolean;
  properties?: { responseTopic?: string; correlationData?: Buffer; messageExpiryInterval?: number };
}): InboundMessage {
  const { responseTopic, correlationData, messageExpiryInterval } = packet.properties ?? {};
  return {
    topic: packet.topic,
    payload: Buffer.from(packet.payload),
    retained: packet.retain,
    ...(responseTopic !== undefined && { responseTopic }),
    ...(correlationData !== undefined && { correlationData }),
    ...(messageExpiryInterval !== undefined && { expiresInS: messageExpiryInterval }),
  };
}
