import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../house/files.ts';

/** A service manager's end of the notify protocol: a unix datagram socket, which Node itself cannot open. */
export interface NotifySocket extends Disposable {
  readonly path: string;
  /** Every message so far, in order. */
  heard(): readonly string[];
}

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;

interface Koffi {
  load(path: null): { func(signature: string): (...words: unknown[]) => number };
}

/** `abstract`: a name without a file, which begins with `@`, as in containers. */
export function openNotifySocket(where: 'file' | 'abstract'): NotifySocket {
  const koffi = createRequire(join(ROOT, 'device/package.json'))('koffi') as Koffi;
  const libc = koffi.load(null);
  const socket = libc.func('int socket(int domain, int type, int protocol)');
  const bind = libc.func('int bind(int fd, const void *address, unsigned int length)');
  const recv = libc.func('intptr_t recv(int fd, void *into, size_t bytes, int flags)');
  const close = libc.func('int close(int fd)');
  const folder = mkdtempSync(join(tmpdir(), 'button-notify-'));
  const path = where === 'file' ? join(folder, 'socket') : `@${folder}`;
  const name = where === 'file' ? `${path}\0` : `\0${folder}`;
  const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(name)]);
  const fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  if (bind(fd, address, address.length) !== 0) throw new Error(`No socket could be bound at ${path}.`);
  const messages: string[] = [];
  return {
    path,
    heard() {
      const into = Buffer.alloc(4_096);
      for (let bytes = 0; (bytes = recv(fd, into, into.length, MSG_DONTWAIT)) > 0;) {
        messages.push(into.toString('utf8', 0, bytes));
      }
      return messages;
    },
    [Symbol.dispose]() {
      close(fd);
      rmSync(folder, { recursive: true });
    },
  };
}
