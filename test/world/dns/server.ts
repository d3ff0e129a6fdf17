import type { RemoteInfo, Socket as UdpSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { LOOPBACK, listenPair } from '../ports.ts';
import { answer } from './answer.ts';
import type { View } from './answer.ts';
import { UDP_BYTES_PLAIN, decodeQuery, encodeResponse } from './wire.ts';
import type { ServedZone } from './zone-view.ts';

/** More than this is never sent over UDP, whatever the asker says. */
const UDP_BYTES_MAX = 4_096;
const TCP_BYTES_MAX = 65_535;
const TCP_IDLE_MS = 10_000;
const SERVERS_MAX = 16;

/** What the name servers need of Route 53. */
interface ZoneSource {
  /** The zones as of the last change that is INSYNC. */
  served(): readonly ServedZone[];
  isHealthy(healthCheckId: string): boolean;
}

export interface DnsOptions {
  /** Of the first server; replaced by a free one when taken. 0 (the default) is always a free one. */
  readonly port?: number;
  readonly route53: ZoneSource;
  /** How many name servers, each with its own port; 1 by default. */
  readonly servers?: number;
  /** In [0, 1): which of weighted and multivalue sets answer. */
  readonly random?: () => number;
}

/** One name server. */
interface NameServer {
  /** `127.0.0.1:15353`, UDP and TCP. */
  readonly address: string;
  readonly port: number;
  /** How many queries it has received. */
  readonly queries: number;
  /** Goes on answering from the zones as they are now, whatever changes. */
  stayBehind(): void;
  /** Answers nobody any more, and takes no note of it. */
  fallSilent(): void;
  /** Answers from the newest zones again. */
  recover(): void;
}

export interface LocalDns extends AsyncDisposable {
  /** Of the first server. */
  readonly address: string;
  readonly port: number;
  readonly addresses: readonly string[];
  readonly servers: readonly NameServer[];
}

/** Starts the name servers of the local Route 53 on loopback. Rejects when no port can be had. */
export async function startDns(options: DnsOptions): Promise<LocalDns> {
  const count = options.servers ?? 1;
  if (!Number.isInteger(count) || count < 1 || count > SERVERS_MAX) {
    throw new Error(`servers is ${count}; it must be a whole number from 1 to ${SERVERS_MAX}.`);
  }
  const started: (NameServer & AsyncDisposable)[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((server) => server[Symbol.asyncDispose]()));
  };
  try {
    for (let at = 0; at < count; at++) started.push(await startServer(options, at === 0 ? (options.port ?? 0) : 0));
  } catch (error) {
    await stop();
    throw error;
  }
  const [first] = started;
  if (!first) throw new Error('No name server was started.');
  return {
    address: first.address,
    port: first.port,
    addresses: started.map(({ address }) => address),
    servers: started,
    [Symbol.asyncDispose]: stop,
  };
}

async function startServer(options: DnsOptions, preferred: number): Promise<NameServer & AsyncDisposable> {
  const sockets = new Set<Socket>();
  let behind: readonly ServedZone[] | undefined;
  let silent = false;
  let queries = 0;

  const respond = (packet: Buffer, overTcp: boolean): Buffer | undefined => {
    const query = decodeQuery(packet);
    if (query) queries += 1;
    if (!query || silent) return undefined;
    const view: View = {
      zones: behind ?? options.route53.served(),
      isHealthy: (id) => options.route53.isHealthy(id),
      random: options.random ?? Math.random,
    };
    const udpBytes = Math.min(UDP_BYTES_MAX, Math.max(UDP_BYTES_PLAIN, query.edns?.udpBytes ?? 0));
    return encodeResponse(query, answer(query, view, overTcp), overTcp ? TCP_BYTES_MAX : udpBytes);
  };

  const tcp = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serveTcp(socket, (packet) => respond(packet, true));
  });
  const { port, udp } = await listenPair(tcp, preferred);
  udp.on('message', (packet, from) => {
    const response = respond(packet, false);
    if (response) reply(udp, response, from);
  });

  return {
    address: `${LOOPBACK}:${port}`,
    port,
    get queries() {
      return queries;
    },
    stayBehind: () => {
      behind = options.route53.served();
    },
    fallSilent: () => {
      silent = true;
    },
    recover: () => {
      behind = undefined;
      silent = false;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([
        new Promise<void>((resolve) => {
          tcp.close(() => resolve());
        }),
        new Promise<void>((resolve) => {
          udp.close(() => resolve());
        }),
      ]);
    },
  };
}

function reply(udp: UdpSocket, response: Buffer, to: RemoteInfo): void {
  // Whoever asked may be gone by now; UDP promises nothing, so neither does this.
  udp.send(response, to.port, to.address, () => undefined);
}

/** Answers every message of a connection, each behind its length in two bytes, in their order. */
function serveTcp(socket: Socket, respond: (packet: Buffer) => Buffer | undefined): void {
  let received = Buffer.alloc(0);
  socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
  // A reset by the asker ends this connection and concerns nobody else.
  socket.on('error', () => socket.destroy());
  socket.on('data', (part) => {
    received = Buffer.concat([received, part]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0);
      const response = respond(received.subarray(2, end));
      received = received.subarray(end);
      if (!response) continue;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(response.length);
      socket.write(Buffer.concat([length, response]));
    }
  });
}
