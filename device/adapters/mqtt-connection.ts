import type { Duplex } from 'node:stream';
import mqtt, { type IClientOptions, MqttClient } from 'mqtt';
import type { Clock } from '../../shared/clock.ts';
import type { Delivery } from '../core/ports.ts';
import {
  acknowledgedInTime,
  type Broker,
  type Connect,
  CONNECT_MS_MAX,
  type Ended,
  expirySeconds,
  type Outgoing,
  readTlsFiles,
  type Will,
} from './broker-connection.ts';
import { type BrokerSocket, openSocket } from './mqtt-socket.ts';
import { faultInWords, isTakenOver, isVersionRefused } from './mqtt-words.ts';

/** A cut line is noticed after one and a half of these; the time-out of a press notices it sooner. */
const KEEPALIVE_S = 20;
const END_MS_MAX = 1_000;

/** One connection of MQTT.js. */
export const connect: Connect = async (broker, version, will, hear, clock) => {
  const { client, reset } = await makeClient(broker, version, will);
  const over = new AbortController();
  const opened = Promise.withResolvers<boolean>();
  const ended = Promise.withResolvers<Ended>();
  let why: string | undefined;
  let versionRefused = false;
  let takenOver = false;
  let openedAtMs: number | undefined;

  client.on('connect', () => {
    openedAtMs = clock.monotonicMs();
    opened.resolve(true);
  });
  client.on('message', (topic, payload, { retain }) => hear({ topic, payload, retained: retain }));
  client.on('disconnect', ({ reasonCode }) => {
    takenOver = isTakenOver(reasonCode);
    why ??= faultInWords(Object.assign(new Error(`the broker said reason ${reasonCode}`), { code: reasonCode }));
    // Whoever says goodbye is to hang up; not all do.
    reset();
  });
  client.on('error', (error) => {
    why ??= faultInWords(error);
    versionRefused ||= isVersionRefused(error);
    reset();
  });
  client.on('close', () => {
    over.abort();
    opened.resolve(false);
    ended.resolve({
      reason: why ?? 'The broker closed the connection.',
      versionRefused,
      takenOver,
      silent: why === undefined,
      lastedMs: openedAtMs === undefined ? null : clock.monotonicMs() - openedAtMs,
    });
    client.end(true);
  });

  return {
    spoken: version === 5 ? 'MQTT 5' : 'MQTT 3.1.1',
    opened: opened.promise,
    ended: ended.promise,
    over: over.signal,
    async publish(message, msMax) {
      const delivery = await publish(client, version, message, msMax, over.signal, clock);
      if (delivery.kind === 'unknown') {
        why ??= delivery.text;
        reset();
      }
      return delivery;
    },
    subscribe: (topics) => subscribe(client, topics, over.signal),
    async end() {
      const done = new AbortController();
      client.end(false, {}, () => done.abort());
      await clock.sleep(END_MS_MAX, AbortSignal.any([done.signal, over.signal]));
      client.end(true);
      reset();
    },
  };
};

async function makeClient(
  broker: Broker,
  version: 4 | 5,
  will: Will | undefined,
): Promise<{ client: MqttClient; reset: () => void }> {
  const { ca, cert, key } = await readTlsFiles(broker);
  const url = new URL(broker.url);
  const options: IClientOptions = {
    clientId: broker.clientId,
    protocolVersion: version,
    clean: true,
    keepalive: KEEPALIVE_S,
    connectTimeout: CONNECT_MS_MAX,
    // MQTT.js would reconnect each second and then send what it kept: old presses. Here every connection begins empty.
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    ...(will && { will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true } }),
    ...(broker.username !== undefined && { username: broker.username }),
    ...(broker.password !== undefined && { password: broker.password }),
  };
  let socket: BrokerSocket | undefined;
  const open = (): Duplex => {
    socket = openSocket(url, { ca, cert, key });
    return socket.stream;
  };
  const client = /^wss?:$/.test(url.protocol)
    ? // By itself MQTT.js takes the brackets off an IPv6 address, and then cannot read its own URL.
      mqtt.connect(broker.url, { ...options, hostname: url.hostname, wsOptions: { createConnection: open } })
    : new MqttClient(open, options);
  // MQTT.js tells of errors of a plain socket only; without a listener a failed TLS handshake ends the process.
  client.stream.on('error', (error) => client.emit('error', error));
  // By itself MQTT.js closes a dead line before it tells of it, and a press that is still on it would arrive later.
  client.onKeepaliveTimeout = () => void client.emit('error', new Error('Keepalive timeout'));
  return { client, reset: () => socket?.reset() };
}

async function publish(
  client: MqttClient,
  version: 4 | 5,
  message: Outgoing,
  msMax: number,
  over: AbortSignal,
  clock: Clock,
): Promise<Delivery> {
  if (over.aborted || !client.connected) return { kind: 'not-sent', text: 'There is no connection to the broker.' };
  const acknowledged = Promise.withResolvers<Delivery>();
  client.publish(
    message.topic,
    message.payload,
    {
      qos: 1,
      retain: message.retain,
      ...(version === 5 &&
        message.expiresInMs !== undefined && {
          properties: { messageExpiryInterval: expirySeconds(message.expiresInMs) },
        }),
    },
    (error) => {
      if (!error) acknowledged.resolve({ kind: 'taken' });
      // MQTT.js fails what a connection leaves behind when it ends: that has been sent, and may have arrived.
      else if (!over.aborted) acknowledged.resolve({ kind: 'not-sent', text: faultInWords(error) });
    },
  );
  const messageId = client.getLastMessageId();
  const delivery = await acknowledgedInTime(acknowledged.promise, msMax, over, clock);
  if (delivery.kind !== 'taken' && messageId !== null) client.removeOutgoingMessage(messageId);
  return delivery;
}

function subscribe(client: MqttClient, topics: readonly string[], over: AbortSignal): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  // MQTT.js forgets the callback of a SUBSCRIBE whose connection ends.
  over.addEventListener('abort', () => resolve('The connection ended before the broker answered the subscription.'), {
    once: true,
  });
  client.subscribe([...topics], { qos: 1 }, (error, granted) => {
    // 3.1.1 answers 128 for one refused topic; MQTT.js makes an error of the codes of MQTT 5.
    const refused = (granted ?? []).filter(({ qos }) => qos >= 128).map(({ topic }) => topic);
    if (!error && refused.length === 0) resolve(null);
    else {
      const which = (refused.length > 0 ? refused : topics).join(' and ');
      resolve(`The broker does not let this device read ${which}: check its access list.`);
    }
  });
  return promise;
}
