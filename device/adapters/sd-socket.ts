import { getSystemErrorName } from 'node:util';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** `sun_path` of Linux. */
const PATH_BYTES_MAX = 108;

interface Datagrams {
  /** Sends one datagram without waiting; why it could not, or null. */
  send(text: string): string | null;
  close(): void;
}

/**
 * Datagrams to a unix socket, which Node itself cannot send: by the C library, through koffi. `path` may begin with `@`,
 * for Linux's abstract names. What stands in the way, in words, when there is no such socket.
 */
export async function openDatagrams(path: string): Promise<Datagrams | string> {
  const address = addressOf(path);
  if (address === undefined) return `its address "${path}" is no unix socket`;
  const { default: koffi } = await import('koffi');
  // The C library that this process runs with, whatever its file is called.
  const libc = koffi.load(null);
  const socket = libc.func('int socket(int domain, int type, int protocol)') as (...words: number[]) => number;
  const close = libc.func('int close(int fd)') as (fd: number) => number;
  const sendto = libc.func(
    'intptr_t sendto(int fd, const void *text, size_t bytes, int flags, const void *address, unsigned int length)',
  ) as (fd: number, text: Buffer, bytes: number, flags: number, address: Buffer, length: number) => number;
  const why = (): string => getSystemErrorName(-koffi.errno());

  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return `a unix socket could not be made (${why()})`;
  return {
    send(text) {
      const bytes = Buffer.from(text);
      // A manager that does not read must never hold up a press: what does not fit now is told at the next turn.
      const sent = sendto(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL, address, address.length);
      return sent < 0 ? `its socket ${path} cannot be reached (${why()})` : null;
    },
    close: () => void close(fd),
  };
}

function addressOf(path: string): Buffer | undefined {
  if (!/^[/@]./.test(path)) return undefined;
  const name = Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : `${path}\0`);
  if (name.length > PATH_BYTES_MAX) return undefined;
  // Every machine that this runs on has its lower byte first.
  return Buffer.concat([Buffer.from([AF_UNIX, 0]), name]);
}
