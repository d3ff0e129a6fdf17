import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';

/** An MQTT broker in this process that can go away and come back at the same port, behind a line that can be cut. */
export interface TestBroker extends AsyncDisposable {
  /** Straight to the broker. */
  readonly url: string;
  /** The same broker, behind the line. */
  readonly lineUrl: string;
  /** Every connection drops and nothing listens. What was retained is forgotten, as by a broker without a disk. */
  away(): Promise<void>;
  back(): Promise<void>;
  /**
   * Nothing passes the line, and nobody is told. What was sent meanwhile passes when it is whole again, as TCP repeats
   * it, even when the sender has closed since; only what the sender has reset is lost.
   */
  cut(): void;
  whole(): void;
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
    cut: line.cut,
    whole: line.whole,
    async [Symbol.asyncDispose]() {
      await line.close();
      await away();
    },
  };
}

async function openLine(
  to: number,
): Promise<{ port: number; cut: () => void; whole: () => void; close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  let held: { readonly from: Socket; readonly pass: () => void }[] | undefined;
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true });
    join(near, far);
    join(far, near);
  });

  function join(from: Socket, into: Socket): void {
    sockets.add(from);
    const pass = (what: () => void): void => {
      if (held) held.push({ from, pass: what });
      else what();
    };
    from.on('data', (data) => pass(() => void (into.destroyed || into.write(data))));
    from.on('end', () => pass(() => void into.end()));
    from.on('error', () => {
      // A reset: what it had sent and is still on the line is gone.
      held = held?.filter((one) => one.from !== from);
      pass(() => void into.destroy());
    });
    from.on('close', () => sockets.delete(from));
  }

  const port = await listen(server, 0);
  return {
    port,
    cut: () => {
      held ??= [];
    },
    whole: () => {
      const waiting = held ?? [];
      held = undefined;
      for (const one of waiting) one.pass();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
