import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { Aedes } from 'aedes';
import type { Client, PublishPacket } from 'aedes';
import { LOOPBACK, listen, listenOn } from './ports.ts';

const PUBLISHED_KEPT_MAX = 10_000;

export interface BrokerOptions {
  /** Replaced by a free one when taken; 0 (the default) is always a free one. */
  readonly port?: number;
}

export interface Published {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: number;
  readonly retain: boolean;
  /** The publisher's client id, or null for a will and for what the world publishes itself. */
  readonly client: string | null;
  readonly atMs: number;
}

/**
 * What happens to messages that clients publish: `deliver`; `hold`, neither acknowledged nor delivered until it is
 * `deliver` again; `drop`, acknowledged and delivered to nobody, as a PUBACK promises no more; `refuse`, the
 * publisher is disconnected.
 */
type Handling = 'deliver' | 'hold' | 'drop' | 'refuse';

export interface LocalBroker extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly isUp: boolean;
  /** Everything published since the start but the broker's own $SYS (the last 10,000), oldest first. */
  readonly published: readonly Published[];
  /** Calls back with each message, until the returned function is called. */
  onPublish(listener: (message: Published) => void): () => void;
  /** Ids of the clients that are connected. */
  readonly clients: readonly string[];
  /** Those of them that have subscribed to something: what is published now reaches them. */
  readonly listeners: readonly string[];
  /** For messages from now on, of all topics or of those that match; what was held before goes on its way. */
  handle(handling: Handling, topics?: RegExp): void;
  /** Publishes as the world itself: never held or refused, dropped like all. */
  publish(
    topic: string,
    payload: string | Buffer,
    options?: { readonly qos?: 0 | 1; readonly retain?: boolean },
  ): Promise<void>;
  /** Cuts one client's connection, as a network would: no DISCONNECT, so its will is published. False when it is not connected. */
  cut(client: string): boolean;
  /** Ends every connection and listens no more; sessions and retained messages are forgotten. */
  stop(): Promise<void>;
  /** Listens again on the same port. Rejects when somebody else has taken it meanwhile. */
  start(): Promise<void>;
}

interface Running {
  readonly aedes: Aedes;
  readonly clients: ReadonlyMap<string, Client>;
  readonly listeners: WeakSet<Client>;
  readonly server: Server;
  readonly sockets: ReadonlySet<Socket>;
  readonly port: number;
}

/** Starts an MQTT 3.1.1 broker on loopback. Rejects when no port can be had. */
export async function startBroker(options: BrokerOptions = {}): Promise<LocalBroker> {
  const published: Published[] = [];
  const listeners = new Set<(message: Published) => void>();
  const held = new Set<() => void>();
  let handling: { readonly kind: Handling; readonly topics: RegExp } = { kind: 'deliver', topics: /(?:)/ };
  let running: Running | undefined = await run((server) => listen(server, options.port ?? 0));
  const { port } = running;

  async function run(listening: (server: Server) => Promise<number>): Promise<Running> {
    const aedes = await Aedes.createBroker({
      authorizePublish: (_client, packet, done) => handlePublish(packet, done),
      authorizeForward: (_client, packet) => (handlingOf(packet.topic) === 'drop' ? null : packet),
    });
    aedes.on('publish', (packet, client) => note(packet, client?.id ?? null));
    const clients = new Map<string, Client>();
    aedes.on('client', (client) => clients.set(client.id, client));
    aedes.on('clientDisconnect', (client) => {
      if (clients.get(client.id) === client) clients.delete(client.id);
    });
    const listeners = new WeakSet<Client>();
    aedes.on('subscribe', (_subscriptions, client) => listeners.add(client));
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      // Nagle's algorithm would hold small packets back for the other side's delayed ACK.
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      aedes.handle(socket);
    });
    try {
      return { aedes, clients, listeners, server, sockets, port: await listening(server) };
    } catch (error) {
      await closeBroker(aedes);
      throw error;
    }
  }

  function handlingOf(topic: string): Handling {
    return handling.topics.test(topic) ? handling.kind : 'deliver';
  }

  function handlePublish(packet: PublishPacket, done: (error?: Error | null) => void): void {
    if (packet.topic.startsWith('$SYS/')) {
      done(new Error('Topics below $SYS/ belong to the broker.'));
      return;
    }
    switch (handlingOf(packet.topic)) {
      case 'hold':
        held.add(() => done());
        return;
      case 'refuse':
        done(new Error(`The broker refuses ${packet.topic}.`));
        return;
      case 'drop':
        // Nobody is to meet it later either.
        packet.retain = false;
        done();
        return;
      case 'deliver':
        done();
    }
  }

  function note(packet: PublishPacket, client: string | null): void {
    if (packet.topic.startsWith('$SYS/')) return;
    const { topic, qos, retain } = packet;
    const message = { topic, payload: Buffer.from(packet.payload), qos, retain, client, atMs: Date.now() };
    published.push(message);
    if (published.length > PUBLISHED_KEPT_MAX) published.shift();
    for (const listener of listeners) listener(message);
  }

  const stop = async (): Promise<void> => {
    const ending = running;
    if (!ending) return;
    running = undefined;
    held.clear();
    const closed = new Promise<void>((resolve) => {
      ending.server.close(() => resolve());
    });
    for (const socket of ending.sockets) socket.destroy();
    await closed;
    await closeBroker(ending.aedes);
  };

  return {
    url: `mqtt://${LOOPBACK}:${port}`,
    port,
    published,
    get isUp() {
      return running !== undefined;
    },
    get clients() {
      return [...(running?.clients.keys() ?? [])];
    },
    get listeners() {
      return [...(running?.clients ?? [])].filter(([, client]) => running?.listeners.has(client)).map(([id]) => id);
    },
    onPublish: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    handle: (kind, topics = /(?:)/) => {
      handling = { kind, topics };
      const waiting = [...held];
      held.clear();
      for (const goOn of waiting) goOn();
    },
    publish: async (topic, payload, { qos = 1, retain = false } = {}) => {
      if (!running) throw new Error(`The broker is stopped, so ${topic} can't be published.`);
      const { aedes } = running;
      await new Promise<void>((resolve, reject) => {
        const packet = { cmd: 'publish' as const, topic, payload, qos, retain, dup: false };
        aedes.publish(packet, (error) => (error ? reject(error) : resolve()));
      });
    },
    cut: (id) => {
      const client = running?.clients.get(id);
      client?.conn.destroy();
      return client !== undefined;
    },
    stop,
    start: async () => {
      running ??= await run((server) => listenOn(server, port));
    },
    [Symbol.asyncDispose]: stop,
  };
}

function closeBroker(aedes: Aedes): Promise<void> {
  return new Promise((resolve) => {
    aedes.close(() => resolve());
  });
}
