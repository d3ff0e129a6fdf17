import { closeSync, openSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';

/** What the GPIO adapters ask of the kernel. Every error carries its `code`, such as EBUSY. */
export interface Kernel {
  /** Paths of the chips, in the order of their numbers. */
  chips(): readonly string[];
  open(path: string): number;
  close(fd: number): void;
  /** Reads from and writes to `data`. */
  ioctl(fd: number, request: number, data: Buffer): void;
}

const FOLDER = '/dev';
const INTERRUPTED = 'EINTR';

/** At once and not with this module: see openKernel. */
const require = createRequire(import.meta.url);

/** Calls of the C library that Node does not have. Loaded where GPIO is used, and only there: it costs some 10 MB. */
export function bindLibc() {
  const koffi = require('koffi') as typeof import('koffi');
  // Node itself is linked with it, so that no file name of this or that distribution is needed.
  const library = koffi.load(null);
  return {
    ioctl: library.func('int ioctl(int fd, unsigned long request, void *data)') as (
      fd: number,
      request: number,
      data: Buffer,
    ) => number,
    poll: library.func('int poll(void *files, unsigned long count, int timeout)') as (
      files: Buffer,
      count: number,
      timeoutMs: number,
    ) => number,
    eventfd: library.func('int eventfd(unsigned int count, int flags)') as (count: number, flags: number) => number,
    lastError: () => getSystemErrorName(-koffi.errno()),
  };
}

/** Node itself opens the chips; the C library is bound for the first that may be used, so that a refusal needs none of it. */
export function openKernel(): Kernel {
  let libc: ReturnType<typeof bindLibc> | undefined;
  return {
    chips: () =>
      readdirSync(FOLDER)
        .filter((name) => /^gpiochip\d+$/.test(name))
        .sort((one, two) => Number(one.slice(8)) - Number(two.slice(8)))
        .map((name) => `${FOLDER}/${name}`),
    open: (path) => openSync(path, 'r+'),
    close: closeSync,
    ioctl(fd, request, data) {
      libc ??= bindLibc();
      const { ioctl, lastError } = libc;
      while (ioctl(fd, request, data) < 0) {
        const code = lastError();
        if (code !== INTERRUPTED) throw Object.assign(new Error(`ioctl: ${code}`), { code });
      }
    },
  };
}
