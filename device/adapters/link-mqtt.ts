import type { Clock } from '../../shared/clock.ts';
import type { Command, CommandName } from '../../shared/command.ts';
import { EXPIRES_IN_MS_DEFAULT } from '../../shared/command.ts';
import { type DevicePresence, FAULT_CHARACTERS_MAX } from '../../shared/messages.ts';
import { topics } from '../../shared/topics.ts';
import { urlInWords } from '../../shared/url-in-words.ts';
import { type Delivery, type Ids, type Link, type LinkEvent, SEND_MS_MAX } from '../core/ports.ts';
import { readReply, readState } from './inbound.ts';
import type { Broker, Connect, Connection, Ended, Heard } from './broker-connection.ts';
import { faultInWords } from './mqtt-words.ts';

/** A person waits in front of the button: 0.5 s, 1 s, 2 s, 4 s, 5 s, so that at least ten attempts fit the default minute. */
const RECONNECT_MS_MIN = 500;
const RECONNECT_MS_MAX = 5_000;
/** Coming back at once would throw the other one out again, for ever. */
const TAKEN_OVER_MS = 30_000;
/** Closed this soon after connecting, and so often within so long: somebody else comes by the same client id. */
const SHORT_MS = 10_000;
const SHORT_CLOSES_MIN = 3;
const SHORT_WITHIN_MS = 120_000;
/** Presence is repeated every minute, because AWS IoT gives no retained message to a wildcard. */
const PRESENCE_MS = 60_000;
const FAREWELL_MS_MAX = 1_000;
/** A press is withdrawn so long before its deadline: when the lamp says that it was not delivered, it is off the line. */
const WITHDRAWAL_MS = 100;

export interface MqttLinkOptions {
  readonly broker: Broker;
  /** The MQTT client. */
  readonly connect: Connect;
  /** Everything we say and hear is below it. */
  readonly prefix: string;
  readonly device: string;
  readonly switch: string;
  /** What this button can ask for, told in its presence. */
  readonly commands: readonly CommandName[];
  readonly version: string;
  readonly clock: Clock;
  readonly ids: Ids;
  /** In [0, 1): jitter. */
  readonly random: () => number;
}

/** The road over MQTT: version 5, and 3.1.1 where the broker knows only that and the client can. */
export function makeMqttLink(options: MqttLinkOptions): Link {
  const { broker, connect, device, clock, ids } = options;
  const topic = (name: string): string => `${options.prefix}/${name}`;
  const presenceTopic = topic(topics.devicePresence(device));
  const repliesTopic = topic(topics.deviceReplies(device));
  const stateTopic = topic(topics.state(options.switch));
  const stop = new AbortController();
  let listener: ((event: LinkEvent) => void) | undefined;
  let current: { readonly connection: Connection; readonly offline: string } | undefined;
  let version: 4 | 5 = 5;
  let shortClosesAtMs: number[] = [];
  let running: Promise<void> = Promise.resolve();
  let fault: string | null = null;
  let news = new AbortController();

  const emit = (event: LinkEvent): void => listener?.(event);

  function hear(heard: Heard): void {
    if (heard.topic === stateTopic) {
      // A cleared retained state is empty, and means nothing.
      if (heard.payload.byteLength === 0) return;
      const read = readState(heard.payload);
      if ('ok' in read) emit({ kind: 'state', state: read.ok });
      else emit({ kind: 'warning', text: `A state of the switch could not be read: ${read.problem}.` });
    } else if (heard.topic === repliesTopic && !heard.retained && heard.payload.byteLength > 0) {
      const read = readReply(heard.payload);
      if ('ok' in read) emit({ kind: 'reply', reply: read.ok });
      else emit({ kind: 'warning', text: `A reply could not be read: ${read.problem}.` });
    }
  }

  /** One connection from its begin to its end. A session of its own: a late will of an older one changes nothing. */
  async function live(): Promise<Ended> {
    const session = ids.next();
    const presence = (online: boolean): string =>
      JSON.stringify({
        online,
        session,
        version: options.version,
        commands: [...options.commands],
        ...(fault !== null && { fault: fault.slice(0, FAULT_CHARACTERS_MAX) }),
      } satisfies DevicePresence);
    const will = { topic: presenceTopic, payload: presence(false) };
    const connection = await connect(broker, version, will, hear, clock);
    const leave = (): void => void farewell(connection, presence(false));
    stop.signal.addEventListener('abort', leave, { once: true });
    if (stop.signal.aborted) leave();
    try {
      if (await connection.opened) {
        const refused = await connection.subscribe([repliesTopic, stateTopic]);
        if (refused === null) {
          current = { connection, offline: presence(false) };
          emit({ kind: 'up', text: `Connected to ${urlInWords(broker.url)} over ${connection.spoken}.` });
          void keepPresent(connection, () => presence(true));
        } else if (!connection.over.aborted) {
          // Without its replies a button is deaf: no press could ever be confirmed. Better offline, with the reason.
          await connection.end();
          return { ...(await connection.ended), reason: refused, silent: false };
        }
      }
      return await connection.ended;
    } finally {
      stop.signal.removeEventListener('abort', leave);
      current = undefined;
    }
  }

  async function keepPresent(connection: Connection, presence: () => string): Promise<void> {
    while (!connection.over.aborted && !stop.signal.aborted) {
      // Made before it is told, so that a fault that comes meanwhile is told at once afterwards.
      news = new AbortController();
      const payload = presence();
      const told = await connection.publish({ topic: presenceTopic, payload, retain: true }, SEND_MS_MAX);
      if (told.kind === 'not-sent' && !connection.over.aborted) {
        emit({ kind: 'warning', text: `The presence of this button could not be published. ${told.text}` });
      }
      await clock.sleep(PRESENCE_MS, AbortSignal.any([connection.over, stop.signal, news.signal]));
    }
  }

  async function farewell(connection: Connection, offline: string): Promise<void> {
    // Its will says the same when the broker does not take this in time.
    if (current) await connection.publish({ topic: presenceTopic, payload: offline, retain: true }, FAREWELL_MS_MAX);
    await connection.end();
  }

  async function keepConnected(): Promise<void> {
    let failures = 0;
    while (!stop.signal.aborted) {
      const ended = await live().catch((error: unknown): Ended => ({
        reason: faultInWords(error),
        versionRefused: false,
        takenOver: false,
        silent: false,
        lastedMs: null,
      }));
      if (stop.signal.aborted) return;
      if (ended.versionRefused && version === 5) {
        version = 4;
        continue;
      }
      // Some old brokers hang up on MQTT 5 without a word: the other version is tried next.
      if (ended.lastedMs === null && ended.silent) version = version === 5 ? 4 : 5;
      const other = takenOver(ended);
      if (other) emit({ kind: 'warning', text: other });
      failures = ended.lastedMs !== null && ended.lastedMs > SHORT_MS ? 1 : failures + 1;
      emit({ kind: 'down', text: `No connection to ${urlInWords(broker.url)}. ${ended.reason}` });
      await clock.sleep(other ? TAKEN_OVER_MS : reconnectMs(failures, options.random()), stop.signal);
    }
  }

  /** MQTT 5 brokers say so; of others it is believed when connections keep being closed right after opening. */
  function takenOver(ended: Ended): string | undefined {
    const remedy = `run one button as "${device}", or give each its own mqtt.clientId`;
    if (ended.takenOver)
      return `Another client has connected as "${broker.clientId}" and taken the place of this one; ${remedy}.`;
    if (ended.lastedMs === null || ended.lastedMs > SHORT_MS || !ended.silent) return undefined;
    const nowMs = clock.monotonicMs();
    shortClosesAtMs = [...shortClosesAtMs.filter((atMs) => nowMs - atMs < SHORT_WITHIN_MS), nowMs];
    if (shortClosesAtMs.length < SHORT_CLOSES_MIN) return undefined;
    return `The broker closed ${shortClosesAtMs.length} connections soon after they opened: another client probably connects as "${broker.clientId}"; ${remedy}.`;
  }

  return {
    open(on) {
      listener = on;
      running = keepConnected();
    },
    async send(command: Command): Promise<Delivery> {
      if (!current) return { kind: 'not-sent', text: 'There is no connection to the broker.' };
      const leftMs = (command.expiresInMs ?? EXPIRES_IN_MS_DEFAULT) - (command.ageMs ?? 0) - WITHDRAWAL_MS;
      if (leftMs <= 0) return { kind: 'not-sent', text: `The ${command.command} is too old to be sent.` };
      const message = { topic: topic(topics.deviceCommand(device)), payload: JSON.stringify(command), retain: false };
      return current.connection.publish({ ...message, expiresInMs: leftMs }, Math.min(SEND_MS_MAX, leftMs));
    },
    tellFault(text) {
      fault = text;
      news.abort();
    },
    async close() {
      stop.abort();
      await running;
    },
  };
}

/** 0.5 s, 1 s, 2 s, 4 s, 5 s, of which a random part between half and all: buttons do not come back in step. */
function reconnectMs(failures: number, jitter: number): number {
  const full = Math.min(RECONNECT_MS_MAX, RECONNECT_MS_MIN * 2 ** Math.min(Math.max(0, failures - 1), 10));
  return Math.round(full * (0.5 + jitter / 2));
}
