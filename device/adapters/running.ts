import { createHash } from 'node:crypto';
import { connect, createServer } from 'node:net';
import type { Supervisor } from '../core/ports.ts';
import type { Broker } from './broker-connection.ts';

const ANSWER_MS_MAX = 2_000;
const ANSWER_BYTES_MAX = 4_096;

type Identity = Pick<Broker, 'url' | 'clientId'>;

/**
 * The name under which a running button can be found on its machine: one for each client id at each broker, for there
 * only one may be connected. An abstract unix socket, which no crash leaves behind.
 */
function nameOf({ url, clientId }: Identity): string {
  const digest = createHash('sha256').update(`${clientId} ${url}`).digest('hex').slice(0, 32);
  return `\0dashover-button/${digest}`;
}

/**
 * Lets `check` find this process, and tells it what the lamp says; the supervisor that is returned hears that, too, and
 * passes everything on. `taken` hears that another process was here first. On systems without such sockets nobody is found.
 */
export function beFound(identity: Identity, pid: number, supervisor: Supervisor, taken: () => void): Supervisor {
  if (process.platform !== 'linux') return supervisor;
  let lamp = '';
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(JSON.stringify({ pid, lamp }));
  });
  server.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE') taken();
  });
  server.listen(nameOf(identity));
  server.unref();
  return {
    ...supervisor,
    status(text) {
      lamp = text;
      supervisor.status(text);
    },
    close() {
      server.close();
      supervisor.close();
    },
  };
}

export interface Running {
  readonly pid: number;
  /** The word of its lamp, and its sentence. */
  readonly lamp: string;
}

/** The button that runs on this machine as this client of this broker; undefined when none does. */
export function findRunning(identity: Identity): Promise<Running | undefined> {
  const { promise, resolve } = Promise.withResolvers<Running | undefined>();
  if (process.platform !== 'linux') resolve(undefined);
  let text = '';
  const socket = connect(nameOf(identity));
  socket.setTimeout(ANSWER_MS_MAX, () => socket.destroy());
  socket.setEncoding('utf8');
  socket.on('data', (data: string) => {
    text += data;
    if (text.length > ANSWER_BYTES_MAX) socket.destroy();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => resolve(readAnswer(text)));
  return promise;
}

function readAnswer(text: string): Running | undefined {
  if (text === '') return undefined;
  try {
    const { pid, lamp } = JSON.parse(text) as Partial<Running>;
    return typeof pid === 'number' && typeof lamp === 'string' ? { pid, lamp } : undefined;
  } catch {
    return undefined; // whoever sits on that name is no button
  }
}
