import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Aedes } from 'aedes';

/** An MQTT broker in this process that can go away and come back at the same port. */
export interface TestBroker extends AsyncDisposable {
  readonly url: string;
  /** Every connection drops and nothing listens. What was retained is forgotten, as by a broker without a disk. */
  away(): Promise<void>;
  back(): Promise<void>;
  /** Reads nothing more from its clients, without closing anything; `false` goes on. */
  freeze(frozen: boolean): void;
}

export async function openBroker(): Promise<TestBroker> {
  const sockets = new Set<Socket>();
  let port = 0;
  let close: (() => Promise<void>) | undefined;

  async function back(): Promise<void> {
    const aedes = await Aedes.createBroker();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      aedes.handle(socket);
    });
    await new Promise<void>((resolve, reject) => {
      server.on('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    ({ port } = server.address() as AddressInfo);
    close = async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
    };
  }

  async function away(): Promise<void> {
    const closing = close;
    close = undefined;
    await closing?.();
  }

  await back();
  return {
    url: `mqtt://127.0.0.1:${port}`,
    away,
    back,
    freeze(frozen) {
      for (const socket of sockets) {
        if (frozen) socket.pause();
        else socket.resume();
      }
    },
    [Symbol.asyncDispose]: away,
  };
}
