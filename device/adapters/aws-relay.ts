import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';

/** A request of one line and two headers; whoever sends more is not the client that this is for. */
const REQUEST_BYTES_MAX = 4_096;

/**
 * A line of our own under the AWS client, which keeps its socket to itself: what it has handed to the kernel would be
 * delivered for minutes after it has closed, when a cut line heals. So its bytes pass through here (TLS stays between
 * it and the broker), and here TCP can be reset.
 */
export interface Relay extends Disposable {
  /** On the loopback, for one client and one connection to the broker. It is asked as an HTTP proxy is. */
  readonly port: number;
  /** What went wrong between here and the broker, as node names it. */
  fault(): Error | undefined;
  /** Throws away what has not reached the broker yet, and closes. */
  reset(): void;
}

/** Opens a relay that leads to this broker and nowhere else. */
export async function openRelay(host: string, port: number): Promise<Relay> {
  const sockets: net.Socket[] = [];
  let far: net.Socket | undefined;
  let fault: Error | undefined;
  const server = net.createServer({ noDelay: true }, (near) => {
    // One connection is one relay: a second client has no business here.
    server.close();
    sockets.push(near);
    near.on('error', () => reset());
    near.on('close', () => reset());
    let request = '';
    near.on('data', function ask(bytes) {
      request += bytes.toString('latin1');
      if (request.length > REQUEST_BYTES_MAX) reset();
      if (!request.includes('\r\n\r\n')) return;
      near.off('data', ask);
      near.pause();
      join(near);
    });
  });

  function join(near: net.Socket): void {
    const there = net.connect({ host, port });
    far = there;
    sockets.push(there);
    there.setNoDelay(true);
    there.on('connect', () => {
      near.write('HTTP/1.1 200 OK\r\n\r\n');
      near.pipe(there);
      there.pipe(near);
    });
    there.on('error', (error) => {
      fault ??= error;
      reset();
    });
    there.on('close', () => near.destroy());
  }

  function reset(): void {
    server.close();
    if (far && !far.destroyed) far.resetAndDestroy();
    for (const socket of sockets) socket.destroy();
  }

  server.on('connection', (near) => void (sockets.length > 1 && near.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, fault: () => fault, reset, [Symbol.dispose]: reset };
}
