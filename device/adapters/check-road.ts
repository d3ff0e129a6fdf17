import { lookup } from 'node:dns/promises';
import net from 'node:net';
import { topics } from '../../shared/topics.ts';
import type { Connection } from './broker-connection.ts';
import { type Drill, drillOver } from './check-drill.ts';
import type { Finding } from './check-finding.ts';
import { checkTls } from './check-tls.ts';
import { readState } from './inbound.ts';
import type { MqttLinkOptions } from './link-mqtt.ts';
import { placeOf } from './mqtt-socket.ts';
import { codeOf, faultInWords } from './mqtt-words.ts';

const TCP_MS_MAX = 5_000;
const STATE_MS_MAX = 3_000;

export interface RoadChecks {
  /** The button runs as this very client: the layers above TLS are left to it, for it would be thrown out. */
  readonly running: boolean;
  /** The command that proves the whole road, or undefined when none is wanted. */
  readonly drill: Drill | undefined;
}

type Road = Pick<MqttLinkOptions, 'broker' | 'prefix' | 'device' | 'switch' | 'clock' | 'connect'>;

/**
 * Walks the road to the endpoint one layer at a time, and stops at the first that fails: DNS, TCP, TLS, MQTT, topics, state,
 * a drill there and back.
 */
export async function* checkRoad(road: Road, checks: RoadChecks): AsyncGenerator<Finding> {
  const url = new URL(road.broker.url);
  const secure = url.protocol === 'mqtts:' || url.protocol === 'wss:';
  const { host, port } = placeOf(url);
  try {
    const addresses = await lookup(host, { all: true });
    const list = addresses.map(({ address }) => address).join(', ');
    yield { name: 'dns', ok: true, text: net.isIP(host) ? `${host} is an address.` : `${host} is ${list}.` };
  } catch (error) {
    yield { name: 'dns', ok: false, text: faultInWords(error) };
    return;
  }
  const refused = await tryTcp(host, port, road);
  yield { name: 'tcp', ok: refused === null, text: refused ?? `Something listens at ${host}, port ${port}.` };
  if (refused !== null) return;
  if (secure) {
    const handshake = await checkTls(road.broker, road.clock);
    yield handshake;
    if (handshake.ok === false) return;
  }
  if (checks.running) yield { name: 'mqtt', ok: null, text: NOT_TRIED };
  else yield* tryMqtt(road, secure, checks);
}

const NOT_TRIED =
  'Not tried: two clients of one id throw each other out. Stop the button first (sudo systemctl stop dashover-button).';

function tryTcp(host: string, port: number, { clock }: Road): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const socket = net.connect({ host, port });
  const done = new AbortController();
  const end = (text: string | null): void => {
    done.abort();
    socket.destroy();
    resolve(text);
  };
  socket.on('connect', () => end(null));
  socket.on('error', (error) => end(faultInWords(tcpError(error))));
  const giveUp = async (): Promise<void> => {
    await clock.sleep(TCP_MS_MAX, done.signal);
    if (!done.signal.aborted) end(faultInWords({ code: 'ETIMEDOUT' }));
  };
  void giveUp();
  return promise;
}

/** A name with several addresses fails with one error for all of them; the first tells enough. */
function tcpError(error: Error): unknown {
  return codeOf(error) === undefined && error instanceof AggregateError ? error.errors[0] : error;
}

async function* tryMqtt(road: Road, secure: boolean, { drill }: RoadChecks): AsyncGenerator<Finding> {
  const { broker } = road;
  const stateTopic = `${road.prefix}/${topics.state(road.switch)}`;
  const repliesTopic = `${road.prefix}/${topics.deviceReplies(road.device)}`;
  const told = Promise.withResolvers<Uint8Array>();
  const replies: ((payload: Uint8Array) => void)[] = [];
  const connection = await enter(road, ({ topic, payload }) => {
    if (topic === stateTopic) told.resolve(payload);
    if (topic === repliesTopic) for (const hear of replies) hear(payload);
  });
  if (typeof connection === 'string') {
    yield { name: 'mqtt', ok: false, text: connection };
    return;
  }
  try {
    const how = `${connection.spoken}${secure ? ', with TLS' : ', without TLS'}`;
    yield { name: 'mqtt', ok: true, text: `The broker lets "${broker.clientId}" in over ${how}.` };
    const refused = await connection.subscribe([repliesTopic, stateTopic]);
    yield {
      name: 'topics',
      ok: refused === null,
      text: refused ?? `The broker takes its subscriptions to ${repliesTopic} and ${stateTopic}.`,
    };
    if (refused !== null) return;
    yield await stateTold(road, stateTopic, told.promise);
    if (drill) yield await drillOver(connection, road, drill, (hear) => void replies.push(hear));
  } finally {
    await connection.end();
  }
}

/** With the id of the button itself, for it is that id which the broker's access list knows. Why not, in a sentence. */
async function enter(
  { broker, connect, clock }: Road,
  hear: (heard: { readonly topic: string; readonly payload: Uint8Array }) => void,
): Promise<Connection | string> {
  let why = '';
  for (const version of [5, 4] as const) {
    try {
      const one = await connect(broker, version, undefined, hear, clock);
      if (await one.opened) return one;
      const ended = await one.ended;
      why = ended.reason;
      if (!ended.versionRefused && !ended.silent) break;
    } catch (error) {
      return faultInWords(error);
    }
  }
  return why;
}

/** Some brokers take a subscription to what their access list keeps back; then it is only silent. */
async function stateTold({ clock, switch: name }: Road, topic: string, told: Promise<Uint8Array>): Promise<Finding> {
  const waited = new AbortController();
  const none = clock.sleep(STATE_MS_MAX, waited.signal).then(() => null);
  const payload = await Promise.race([told, none]);
  waited.abort();
  if (payload === null) {
    const text = `Nothing has come on ${topic}: does an endpoint run, is the name "${name}" right, and does the broker's access list let this device read there?`;
    return { name: 'endpoint', ok: false, text };
  }
  const read = readState(payload);
  return 'ok' in read
    ? { name: 'endpoint', ok: true, text: `Its last word: ${read.ok.text}` }
    : { name: 'endpoint', ok: false, text: `The state of "${name}" could not be read: ${read.problem}.` };
}
