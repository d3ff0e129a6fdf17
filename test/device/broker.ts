import { createServer, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { listen, openLine } from './line.ts';

/** An MQTT broker in this process that can go away and come back at the same port, behind a line that can be cut. */
export interface TestBroker extends AsyncDisposable {
  /** Straight to the broker. */
  readonly url: string;
  /** The same broker, behind the line. */
  readonly lineUrl: string;
  /** Every connection drops and nothing listens. What was retained is forgotten, as by a broker without a disk. */
  away(): Promise<void>;
  back(): Promise<void>;
  /** As of a line. */
  cut(): void;
  whole(): Promise<void>;
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
    port = await listen(server, port);
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
  const line = await openLine(port);
  return {
    url: `mqtt://127.0.0.1:${port}`,
    lineUrl: `mqtt://127.0.0.1:${line.port}`,
    away,
    back,
    cut: () => line.cut(),
    whole: () => line.whole(),
    async [Symbol.asyncDispose]() {
      await line[Symbol.asyncDispose]();
      await away();
    },
  };
}
