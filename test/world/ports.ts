import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';

export const LOOPBACK = '127.0.0.1';
const PAIR_ATTEMPTS_MAX = 50;
/** Linux gives those from 32768 on, macOS and Windows those from 49152 on. */
const LASTING_MIN = 20_000;
const LASTING_COUNT = 12_000;
const LASTING_ATTEMPTS_MAX = 50;

/**
 * Lets a server listen on the preferred port, or on a free one when that is taken. 0 is always a free one.
 * Resolves with the port; rejects with what the system says when neither can be had.
 */
export async function listen(server: Server, preferred = 0, host = LOOPBACK): Promise<number> {
  try {
    return await listenOn(server, preferred, host);
  } catch (error) {
    if (preferred === 0 || !isUnavailable(error)) throw error;
    return listenOn(server, 0, host);
  }
}

/** The same on exactly this port; rejects when it is taken. */
export async function listenOn(server: Server, port: number, host = LOOPBACK): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** The preferred port, or a free one when it is taken; nothing stays open. For a process that listens by itself. */
export async function freePort(preferred = 0, host = LOOPBACK): Promise<number> {
  const server = createServer();
  const port = await listen(server, preferred, host);
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * A free port for what is ended and started again at the same place, nothing stays open. Meanwhile everybody else may ask
 * the system for any port, and would be given this one, or connect out of it: so it is below those that the system gives.
 */
export async function lastingPort(host = LOOPBACK): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const wish = LASTING_MIN + Math.floor(Math.random() * LASTING_COUNT);
    if ((await freePort(wish, host)) === wish) return wish;
    if (attempt === LASTING_ATTEMPTS_MAX) throw new Error(`No port is free on ${host} after ${attempt} attempts.`);
  }
}

export interface PortPair {
  readonly port: number;
  readonly udp: Socket;
}

/** The same port for a TCP server and a UDP socket, as DNS needs it: the preferred one, or one that is free for both. */
export async function listenPair(tcp: Server, preferred = 0, host = LOOPBACK): Promise<PortPair> {
  const wishes = [...(preferred === 0 ? [] : [preferred]), ...Array.from({ length: PAIR_ATTEMPTS_MAX }, () => 0)];
  for (const wish of wishes) {
    const udp = createSocket('udp4');
    try {
      const port = await listenOn(tcp, wish, host);
      await bind(udp, port, host);
      return { port, udp };
    } catch (error) {
      udp.close();
      await closeServer(tcp);
      if (!isUnavailable(error)) throw error;
    }
  }
  throw new Error(`No port is free for both UDP and TCP on ${host} after ${wishes.length} attempts.`);
}

async function bind(socket: Socket, port: number, host: string): Promise<void> {
  socket.bind(port, host);
  await once(socket, 'listening');
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  await once(server, 'close');
}

/** Taken by somebody, or (below 1024) not ours to take. */
function isUnavailable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES');
}
