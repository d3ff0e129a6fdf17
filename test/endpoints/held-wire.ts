import { connect, createServer, type Socket } from 'node:net';
import { listen, LOOPBACK } from '../world/ports.ts';

/** A way to Route 53 on which a change can be held up: sent by the endpoint, and not arrived. */
export interface HeldWire extends AsyncDisposable {
  readonly port: number;
  /** From now on changes do not arrive. */
  hold(): void;
  /** How many are on the way. */
  readonly held: number;
  /** Lets those arrive that were held up. */
  release(): void;
}

export async function startHeldWire(toPort: number): Promise<HeldWire> {
  const sockets = new Set<Socket>();
  let holding = false;
  let waiting: (() => void)[] = [];
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    // A connection that breaks on one side ends on the other; that is all that an error means here.
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    keep(near);
    const far = connect(toPort, LOOPBACK);
    keep(far);
    let stopped = false;
    near.on('data', (bytes) => {
      stopped ||= holding && /^POST \S*\/rrset/.test(bytes.toString('latin1'));
      if (stopped) waiting.push(() => far.write(bytes));
      else far.write(bytes);
    });
    far.on('data', (bytes) => near.write(bytes));
    far.once('close', () => near.destroy());
  });
  const port = await listen(server);
  return {
    port,
    hold() {
      holding = true;
    },
    get held() {
      return waiting.length;
    },
    release() {
      holding = false;
      for (const send of waiting) send();
      waiting = [];
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
