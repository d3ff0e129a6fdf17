import { lookup } from 'node:dns/promises';
import net from 'node:net';
import { topics } from '../../shared/topics.ts';
import { readState } from './inbound.ts';
import type { MqttLinkOptions } from './link-mqtt.ts';
import type { Connection } from './broker-connection.ts';
import { connect } from './mqtt-connection.ts';
import { codeOf, faultInWords } from './mqtt-words.ts';

const TCP_MS_MAX = 5_000;
const STATE_MS_MAX = 3_000;

/** One thing that was tried, and what came of it. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly text: string;
}

type Road = Pick<MqttLinkOptions, 'broker' | 'prefix' | 'device' | 'switch' | 'clock'>;

/** Walks the road to the broker one layer at a time, and stops at the first that fails: DNS, TCP, MQTT, topics. */
export async function* checkRoad(road: Road): AsyncGenerator<Finding> {
  const url = new URL(road.broker.url);
  const secure = url.protocol === 'mqtts:' || url.protocol === 'wss:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = Number(url.port) || { 'mqtt:': 1_883, 'mqtts:': 8_883, 'ws:': 80, 'wss:': 443 }[url.protocol] || 1_883;
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
  if (refused === null) yield* tryMqtt(road, secure);
}

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

async function* tryMqtt(road: Road, secure: boolean): AsyncGenerator<Finding> {
  const { clock } = road;
  const stateTopic = `${road.prefix}/${topics.state(road.switch)}`;
  const repliesTopic = `${road.prefix}/${topics.deviceReplies(road.device)}`;
  // Its own client id: the button that runs under the configured one must not be thrown out by a check.
  const broker = { ...road.broker, clientId: `${road.broker.clientId}-check` };
  const told = Promise.withResolvers<Uint8Array>();
  let connection: Connection | undefined;
  let text = '';
  for (const version of [5, 4] as const) {
    try {
      const one = await connect(
        broker,
        version,
        undefined,
        (heard) => heard.topic === stateTopic && told.resolve(heard.payload),
        clock,
      );
      if (await one.opened) {
        connection = one;
        yield {
          name: 'mqtt',
          ok: true,
          text: `The broker lets "${broker.clientId}" in over MQTT ${version === 5 ? '5' : '3.1.1'}${secure ? ', with TLS' : ', without TLS'}.`,
        };
        break;
      }
      const ended = await one.ended;
      text = ended.reason;
      if (!ended.versionRefused && !ended.silent) break;
    } catch (error) {
      text = faultInWords(error);
      break;
    }
  }
  if (!connection) {
    yield { name: 'mqtt', ok: false, text };
    return;
  }
  try {
    const refused = await connection.subscribe([repliesTopic, stateTopic]);
    yield { name: 'topics', ok: refused === null, text: refused ?? `It may read ${repliesTopic} and ${stateTopic}.` };
    if (refused === null) yield await stateTold(road, told.promise);
  } finally {
    await connection.end();
  }
}

async function stateTold({ clock, switch: name }: Road, told: Promise<Uint8Array>): Promise<Finding> {
  const waited = new AbortController();
  const none = clock.sleep(STATE_MS_MAX, waited.signal).then(() => null);
  const payload = await Promise.race([told, none]);
  waited.abort();
  if (payload === null) {
    const text = `No endpoint has told the state of "${name}" to this broker: is it running, and the name right?`;
    return { name: 'endpoint', ok: false, text };
  }
  const read = readState(payload);
  return 'ok' in read
    ? { name: 'endpoint', ok: true, text: `Its last word: ${read.ok.text}` }
    : { name: 'endpoint', ok: false, text: `The state of "${name}" could not be read: ${read.problem}.` };
}
