import { http, iot, mqtt5 } from 'aws-iot-device-sdk-v2';
import type { Delivery } from '../core/ports.ts';
import { openRelay } from './aws-relay.ts';
import { askTls } from './aws-tls.ts';
import {
  acknowledgedInTime,
  type Broker,
  type Connect,
  CONNECT_MS_MAX,
  type Ended,
  expirySeconds,
  type Outgoing,
  readTlsFiles,
  type TlsFiles,
  type Will,
} from './broker-connection.ts';
import { placeOf } from './mqtt-socket.ts';
import { awsFaultInWords, faultInWords, isTakenOver, withAwsCode } from './mqtt-words.ts';

/** The client's own default is 20 minutes, in which a dead line would go unnoticed; AWS IoT takes no less than this. */
const KEEPALIVE_S = 30;
const PING_MS_MAX = 10_000;
const END_MS_MAX = 1_000;
/** From here on a reason code is a refusal. */
const REFUSED_MIN = 128;

/**
 * One connection of aws-iot-device-sdk-v2: MQTT 5 with a client certificate. The client never lets the process exit by
 * itself, so whoever uses this ends with `process.exit`.
 */
export const connect: Connect = async (broker, _version, will, hear, clock) => {
  const files = await readTlsFiles(broker);
  const url = new URL(broker.url);
  const { host, port } = placeOf(url);
  const relay = await openRelay(host, port);
  const over = new AbortController();
  const opened = Promise.withResolvers<boolean>();
  const ended = Promise.withResolvers<Ended>();
  let why: string | undefined;
  let takenOver = false;
  let openedAtMs: number | undefined;
  let closing = false;
  let client: mqtt5.Mqtt5Client;
  try {
    client = makeClient(clientConfig(broker, files, will, relay.port));
  } catch (error) {
    relay.reset();
    throw withAwsCode(error);
  }

  /** The client would reconnect by itself, with what it kept; here every connection begins empty. */
  function finish(reason: string | undefined): void {
    why ??= reason;
    relay.reset();
    if (!closing) client.stop();
    closing = true;
    conclude();
  }

  /** After a failed handshake the client takes 10 to 30 s to stop, on purpose. Nobody waits for that. */
  function conclude(): void {
    relay.reset();
    over.abort();
    opened.resolve(false);
    ended.resolve({
      reason: why ?? 'The broker closed the connection.',
      versionRefused: false,
      takenOver,
      silent: why === undefined,
      lastedMs: openedAtMs === undefined ? null : clock.monotonicMs() - openedAtMs,
    });
  }

  client.on('connectionSuccess', () => {
    openedAtMs = clock.monotonicMs();
    opened.resolve(true);
  });
  client.on('messageReceived', ({ message }) =>
    hear({ topic: message.topicName, payload: bytesOf(message.payload), retained: message.retain ?? false }),
  );
  client.on('disconnection', ({ disconnect }) => {
    takenOver = isTakenOver(disconnect?.reasonCode);
    const code = disconnect?.reasonCode;
    finish(code === undefined ? undefined : faultInWords(Object.assign(new Error(`reason ${code}`), { code })));
  });
  client.on('connectionFailure', ({ error, connack }) => {
    const refused = connack && isRefusal(connack.reasonCode) ? { code: connack.reasonCode } : undefined;
    const fault = refused ?? relay.fault();
    finish(fault ? faultInWords(fault) : awsFaultInWords(error));
  });
  client.on('error', (error) => finish(awsFaultInWords(error)));
  client.on('stopped', () => {
    conclude();
    // Within the event the client is still at work; closed there, it may take the process along.
    setImmediate(() => client.close());
  });
  client.start();
  void watchOpening();

  /** It hides the reason of a failed handshake, and even the failure for 10 to 30 s. Node's own TLS tells both at once. */
  async function watchOpening(): Promise<void> {
    const settled = AbortSignal.any([over.signal, abortedWhen(opened.promise)]);
    const told = await askTls(url, files, settled, clock);
    if (told !== null) finish(told);
    await clock.sleep(CONNECT_MS_MAX, settled);
    if (!settled.aborted) finish('The broker took the connection, and then did not answer.');
  }

  return {
    spoken: 'MQTT 5, by the AWS IoT client',
    opened: opened.promise,
    ended: ended.promise,
    over: over.signal,
    async publish(message, msMax) {
      if (over.signal.aborted || closing || openedAtMs === undefined) {
        return { kind: 'not-sent', text: 'There is no connection to the broker.' };
      }
      const delivery = await acknowledgedInTime(publish(client, message), msMax, over.signal, clock);
      if (delivery.kind === 'unknown') finish(delivery.text);
      return delivery;
    },
    subscribe: (topics) => subscribe(client, topics),
    async end() {
      if (!closing) {
        closing = true;
        client.stop({ reasonCode: mqtt5.DisconnectReasonCode.NormalDisconnection });
      }
      await clock.sleep(END_MS_MAX, over.signal);
      conclude();
    },
  };
};

/** What the AWS client is told, its own defaults being made for a data logger and not for a button. Throws as the client does. */
export function clientConfig(
  broker: Broker,
  files: TlsFiles,
  will: Will | undefined,
  relayPort: number,
): mqtt5.Mqtt5ClientConfig {
  const { host, port } = placeOf(new URL(broker.url));
  const { ca, cert, key } = files;
  const builder = iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromMemory(
    host,
    cert?.toString() ?? '',
    key?.toString() ?? '',
  );
  // On port 443 AWS IoT speaks MQTT to those who ask for it by name; the builder asks on every port.
  builder.withPort(port);
  if (ca) builder.withCertificateAuthority(ca.toString());
  const { HttpProxyAuthenticationType: authentication, HttpProxyConnectionType: kind } = http;
  builder
    .withHttpProxyOptions(
      new http.HttpProxyOptions(
        '127.0.0.1',
        relayPort,
        authentication.None,
        undefined,
        undefined,
        undefined,
        kind.Tunneling,
      ),
    )
    .withSessionBehavior(mqtt5.ClientSessionBehavior.Clean)
    // By default it keeps what could not be sent and sends it on the next connection, however old.
    .withOfflineQueueBehavior(mqtt5.ClientOperationQueueBehavior.FailAllOnDisconnect)
    // Its flow control for AWS IoT spaces every publish by 10 ms; a button is far below the 100 a second that this is about.
    .withExtendedValidationAndFlowControlOptions(mqtt5.ClientExtendedValidationAndFlowControl.None)
    .withPingTimeoutMs(PING_MS_MAX)
    .withConnackTimeoutMs(CONNECT_MS_MAX)
    .withConnectProperties({
      clientId: broker.clientId,
      keepAliveIntervalSeconds: KEEPALIVE_S,
      ...(will && {
        will: { topicName: will.topic, payload: will.payload, qos: mqtt5.QoS.AtLeastOnce, retain: true },
      }),
    });
  const config = builder.build();
  // Without this it announces itself in the user name, which a broker with users takes for one.
  config.disableMetrics = true;
  const { username, password } = broker;
  if (config.connectProperties) {
    if (username !== undefined) config.connectProperties.username = username;
    else delete config.connectProperties.username;
    if (password !== undefined) config.connectProperties.password = Buffer.from(password);
  }
  return config;
}

/** A client that has not begun to connect. Throws when it finds the TLS material unusable. */
export function makeClient(config: mqtt5.Mqtt5ClientConfig): mqtt5.Mqtt5Client {
  return new mqtt5.Mqtt5Client(config);
}

/** A denied publish resolves like any other; only its code tells. */
export async function publish(
  client: mqtt5.Mqtt5Client,
  { topic, payload, retain, expiresInMs }: Outgoing,
): Promise<Delivery> {
  try {
    const acknowledged = await client.publish({
      topicName: topic,
      payload,
      qos: mqtt5.QoS.AtLeastOnce,
      retain,
      // It takes no explicit undefined for a number.
      ...(expiresInMs !== undefined && { messageExpiryIntervalSeconds: expirySeconds(expiresInMs) }),
    });
    const code = acknowledged?.reasonCode ?? 0;
    return isRefusal(code) ? { kind: 'not-sent', text: faultInWords({ code }) } : { kind: 'taken' };
  } catch (error) {
    // It may have been on its way already.
    return { kind: 'unknown', text: awsFaultInWords(error) };
  }
}

async function subscribe(client: mqtt5.Mqtt5Client, topics: readonly string[]): Promise<string | null> {
  try {
    const { reasonCodes } = await client.subscribe({
      subscriptions: topics.map((topicFilter) => ({ topicFilter, qos: mqtt5.QoS.AtLeastOnce })),
    });
    const refused = topics.filter((_topic, at) => isRefusal(reasonCodes[at] ?? 0));
    if (refused.length === 0) return null;
    return `The broker does not let this device read ${refused.join(' and ')}: check its access list.`;
  } catch {
    return 'The connection ended before the broker answered the subscription.';
  }
}

/** What arrives is an ArrayBuffer; its type also allows what may be sent. */
function bytesOf(payload: mqtt5.Payload | undefined): Uint8Array {
  if (payload instanceof ArrayBuffer) return new Uint8Array(payload);
  return Buffer.from(typeof payload === 'string' ? payload : '');
}

function isRefusal(reasonCode: number): boolean {
  return reasonCode >= REFUSED_MIN;
}

function abortedWhen(promise: Promise<unknown>): AbortSignal {
  const settled = new AbortController();
  void promise.then(() => settled.abort());
  return settled.signal;
}
