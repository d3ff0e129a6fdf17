import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';

/** Another process floods, so that what the flood costs its sender is not charged to the one who is measured. */
export const FLOODS = ['slow', 'guesses', 'body'] as const;
export type Flood = (typeof FLOODS)[number];

/** Whom to flood, and with what. `secret` is that of the trigger: its body is read, where others are refused unread. */
export interface Order {
  readonly url: string;
  readonly trigger: { readonly id: string; readonly secret: string };
  readonly floods: readonly Flood[];
}

/** What a flood has done from its begin to its end. */
export interface Account {
  readonly seconds: number;
  /** Connections that are slow, open at the end. */
  readonly slow: number;
  /** Wrong secrets that were answered. */
  readonly guesses: number;
  /** Bodies of a gigabyte that were begun. */
  readonly bodies: number;
}

const CONNECTIONS = 200;
const DRIP_MS = 1_000;
const GUESSES_A_MINUTE = 10_000;
const GUESS_MS = 20;
/** Those that nobody has answered yet; beyond it the flood waits, and its account tells that it was slower. */
const UNANSWERED_MAX = 500;
const BODY_BYTES = 1_024 ** 3;
const PIECE = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(64 * 1_024, 120), Buffer.from('\r\n')]);

interface Running {
  readonly inForce: Promise<unknown>;
  /** Ends it; nothing of it goes on. */
  readonly end: () => void;
}

interface Counts {
  slow: number;
  guesses: number;
  bodies: number;
}

function open({ url }: Order): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  // Being thrown out is what a flood expects.
  return socket.on('error', () => socket.destroy());
}

const headOf = ({ url, trigger }: Order): string =>
  `POST /trigger/${trigger.id} HTTP/1.1\r\nHost: ${new URL(url).host}\r\nAuthorization: CAAuth ${trigger.secret}\r\n`;

/** 200 connections, half of them slow with their headers, half with their body; who is thrown out comes again. */
function slow(order: Order, counts: Counts): Running {
  const sockets = new Set<Socket>();
  let over = false;
  let sent = 0;
  const add = (withHead: boolean): Promise<void> =>
    new Promise((resolve) => {
      const socket = open(order);
      sockets.add(socket);
      socket.once('connect', () => {
        counts.slow += 1;
        if (withHead) socket.write(`${headOf(order)}Content-Length: 1000\r\n\r\n`);
        socket.resume();
        socket.once('close', () => (counts.slow -= over ? 0 : 1));
        resolve();
      });
      socket.once('close', () => {
        sockets.delete(socket);
        if (!over) void add(withHead);
      });
    });
  const slowly = Buffer.from(`${headOf(order)}X-Slow: ${'x'.repeat(200)}`);
  const timer = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write(slowly.subarray(sent, sent + 1));
    sent = (sent + 1) % slowly.length;
  }, DRIP_MS);
  return {
    inForce: Promise.all(Array.from({ length: CONNECTIONS }, (_, index) => add(index % 2 === 0))),
    end: () => {
      over = true;
      clearInterval(timer);
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Wrong secrets, 10,000 a minute from one address, half of them for the trigger. */
function guesses({ url, trigger }: Order, counts: Counts): Running {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  let asked = 0;
  const beganMs = performance.now();
  const { promise, resolve } = Promise.withResolvers<void>();
  const guess = (): void => {
    const path = asked % 2 === 0 ? '/api/switches/www/failover' : `/trigger/${trigger.id}`;
    const headers = { authorization: `Bearer guess-${asked}` };
    const sent = request(new URL(path, url), { method: 'POST', agent, headers });
    sent.on('error', () => undefined);
    sent.once('response', (answer) => {
      counts.guesses += 1;
      answer.resume();
      resolve();
    });
    sent.end();
  };
  const timer = setInterval(() => {
    const due = ((performance.now() - beganMs) / 60_000) * GUESSES_A_MINUTE;
    for (; asked < due && asked - counts.guesses < UNANSWERED_MAX; asked += 1) guess();
  }, GUESS_MS);
  return {
    inForce: promise,
    end: () => {
      clearInterval(timer);
      agent.destroy();
    },
  };
}

/** A gigabyte, in pieces of unsaid number; when it is refused it is begun again. */
function body(order: Order, counts: Counts): Running {
  let socket: Socket | undefined;
  let over = false;
  const begin = (): void => {
    let sent = 0;
    const current = open(order);
    socket = current;
    const pour = (): void => {
      while (sent < BODY_BYTES && current.writable) {
        sent += PIECE.length;
        if (!current.write(PIECE)) return;
      }
    };
    current.on('drain', pour).resume();
    current.once('connect', () => {
      counts.bodies += 1;
      current.write(`${headOf(order)}Transfer-Encoding: chunked\r\n\r\n`);
      pour();
      resolve();
    });
    current.once('close', () => over || begin());
  };
  const { promise, resolve } = Promise.withResolvers<void>();
  begin();
  return {
    inForce: promise,
    end: () => {
      over = true;
      socket?.destroy();
    },
  };
}

const KINDS: Readonly<Record<Flood, (order: Order, counts: Counts) => Running>> = { slow, guesses, body };

/** An order begins a flood, and is answered when it is in force; the word `stop` ends it, and is answered with its account. */
if (import.meta.main) {
  let counts: Counts = { slow: 0, guesses: 0, bodies: 0 };
  let running: readonly Running[] = [];
  let beganMs = 0;
  process.on('message', (said: Order | 'stop') => {
    if (said === 'stop') {
      for (const { end } of running) end();
      process.send?.({ ...counts, seconds: (performance.now() - beganMs) / 1_000 } satisfies Account);
      return;
    }
    counts = { slow: 0, guesses: 0, bodies: 0 };
    const now = counts;
    beganMs = performance.now();
    running = said.floods.map((kind) => KINDS[kind](said, now));
    void Promise.all(running.map(({ inForce }) => inForce)).then(() => process.send?.('in force'));
  });
  process.once('disconnect', () => process.exit());
}
