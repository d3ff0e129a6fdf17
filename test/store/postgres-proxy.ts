import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/**
 * What a network may do to the next commit: the connection is cut before the server has it (`unsent`), or after
 * the server has done it and before the answer is here (`unanswered`), or it is kept open and nothing passes (`stuck`),
 * nor on any other connection (`gone`).
 */
export type Mischief = 'unsent' | 'unanswered' | 'stuck' | 'gone';

/** A network between a store and its server. */
export interface Proxy extends AsyncDisposable {
  /** The same database, through this network. */
  readonly url: string;
  /** Happens to one commit, the next. */
  atNextCommit(mischief: Mischief): void;
  /** From now on nothing passes, and nobody is told. New connections are taken, and nothing comes of them. */
  silence(): void;
  /** What connects from now on gets through. */
  heal(): void;
}

export async function openProxy(target: string): Promise<Proxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let next: Mischief | undefined;
  let silent = false;

  function open(socket: Socket): Socket {
    sockets.add(socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket)));
    return socket;
  }

  const server = createServer((client) => {
    open(client);
    if (silent) return;
    const upstream = open(connect(Number(port || 5432), hostname));
    let fate: Mischief | undefined;
    const cut = (): void => {
      client.destroy();
      upstream.destroy();
    };
    client.on('close', cut);
    upstream.on('close', cut);
    client.on('data', (chunk: Buffer) => {
      if (next !== undefined && chunk.includes('commit')) {
        fate = next;
        next = undefined;
        silent = fate === 'gone';
      }
      if (fate === 'unsent') cut();
      else if (fate !== 'stuck' && !silent) upstream.write(chunk);
    });
    upstream.on('data', (chunk: Buffer) => {
      if (fate === 'unanswered') cut();
      else if (fate !== 'stuck' && !silent) client.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = `${address.port}`;
  return {
    url: url.href.replaceAll('+', '%20'),
    atNextCommit: (mischief) => (next = mischief),
    silence: () => (silent = true),
    heal: () => (silent = false),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
