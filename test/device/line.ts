import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A line between a button and its broker that can be cut. */
export interface Line extends AsyncDisposable {
  readonly port: number;
  /**
   * Nothing passes the line, and nobody is told. What was sent meanwhile passes when it is whole again, as TCP repeats
   * it, even when the sender has closed since; only what the sender has reset is lost.
   */
  cut(): void;
  /** A reset that was sent before is known to the line when it is whole again. */
  whole(): Promise<void>;
  /** What is sent next arrives; the line breaks before its answer does. */
  loseNextAnswer(): void;
}

/** Opens a line to this port of the machine itself. */
export async function openLine(to: number): Promise<Line> {
  const sockets = new Set<Socket>();
  let held: { readonly from: Socket; readonly pass: () => void }[] | undefined;
  let losing: 'armed' | 'sent' | undefined;
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true });
    near.on('data', () => {
      if (losing === 'armed') losing = 'sent';
    });
    far.on('data', () => {
      if (losing !== 'sent') return;
      losing = undefined;
      near.resetAndDestroy();
      far.end();
    });
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
    whole: async () => {
      // The kernel has it already; each turn of the event loop asks it once.
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      const waiting = held ?? [];
      held = undefined;
      for (const one of waiting) one.pass();
    },
    loseNextAnswer: () => {
      losing = 'armed';
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Listens on the loopback, at any free port for 0; resolves to the port. */
export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
