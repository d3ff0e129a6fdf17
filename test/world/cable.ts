import { connect, createServer, type Socket } from 'node:net';
import { listen, LOOPBACK } from './ports.ts';

/** A network cable with two ends: a TCP relay that can be cut and mended. */
export interface Cable extends AsyncDisposable {
  readonly port: number;
  readonly isCut: boolean;
  /** Open connections break, new ones are refused at once. */
  cut(): void;
  mend(): void;
}

/** Relays connections to a port on loopback. */
export async function startCable(toPort: number): Promise<Cable> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.setNoDelay(true);
    // The other end of a broken connection is broken too; that is all that an error means here.
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    keep(near);
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect(toPort, LOOPBACK);
    keep(far);
    near.pipe(far).pipe(near);
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
  });
  const port = await listen(server);
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    get isCut() {
      return isCut;
    },
    cut() {
      isCut = true;
      breakAll();
    },
    mend() {
      isCut = false;
    },
    async [Symbol.asyncDispose]() {
      breakAll();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
