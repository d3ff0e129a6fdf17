import type { Kernel } from '../../device/adapters/gpio-kernel.ts';

/** A chip as the kernel would describe it; the numbers in here are those of linux/gpio.h, written down once more. */
export interface PlayedChip {
  readonly path: string;
  readonly name: string;
  readonly label: string;
  readonly lines: number;
  readonly names?: Readonly<Record<number, string>>;
  /** Who holds which line already. */
  readonly held?: Readonly<Record<number, string>>;
  /** What opening it fails with. */
  readonly closed?: string;
  /** What a request for lines fails with. */
  readonly refuses?: string;
}

export interface PlayedKernel extends Kernel {
  /** Every request for lines that was granted, as bytes. */
  readonly granted: Buffer[];
  readonly written: bigint[];
  /** Descriptors that are open. */
  readonly open: Kernel['open'];
  readonly opened: ReadonlySet<number>;
}

const fail = (code: string): never => {
  throw Object.assign(new Error(code), { code });
};

export function playKernel(chips: readonly PlayedChip[]): PlayedKernel {
  const files = new Map<number, PlayedChip>();
  const opened = new Set<number>();
  const granted: Buffer[] = [];
  const written: bigint[] = [];
  let next = 100;
  const fresh = (): number => {
    next += 1;
    opened.add(next);
    return next;
  };

  function ask(chip: PlayedChip, request: number, data: Buffer): void {
    if (request === 0x8044b401) {
      data.write(chip.name, 0);
      data.write(chip.label, 32);
      data.writeUInt32LE(chip.lines, 64);
    } else if (request === 0xc100b405) {
      const offset = data.readUInt32LE(64);
      const holder = chip.held?.[offset];
      data.write(chip.names?.[offset] ?? '', 0);
      data.write(holder ?? '', 32);
      data.writeBigUInt64LE(holder === undefined ? 0n : 1n, 72);
    } else if (request === 0xc250b407) {
      const offsets = Array.from({ length: data.readUInt32LE(560) }, (_, at) => data.readUInt32LE(at * 4));
      if (chip.refuses !== undefined) fail(chip.refuses);
      if (offsets.some((offset) => chip.held?.[offset] !== undefined)) fail('EBUSY');
      granted.push(Buffer.from(data));
      data.writeInt32LE(fresh(), 588);
    } else {
      fail('ENOTTY');
    }
  }

  return {
    granted,
    written,
    opened,
    chips: () => chips.map(({ path }) => path),
    open(path) {
      const chip = chips.find((one) => one.path === path) ?? fail('ENOENT');
      if (chip.closed !== undefined) fail(chip.closed);
      const fd = fresh();
      files.set(fd, chip);
      return fd;
    },
    close: (fd) => void opened.delete(fd),
    ioctl(fd, request, data) {
      if (!opened.has(fd)) fail('EBADF');
      const chip = files.get(fd);
      if (chip) ask(chip, request, data);
      else if (request === 0xc010b40f) written.push(data.readBigUInt64LE(0) & data.readBigUInt64LE(8));
      else fail('ENOTTY');
    },
  };
}
