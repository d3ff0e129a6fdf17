/**
 * The kernel's character device for GPIO, uAPI v2 (linux/gpio.h), as bytes. The numbers are the same on x64 and arm64, and
 * have not changed since kernel 5.10: they are a promise of the kernel.
 */

export const GET_CHIP_INFO = 0x8044_b401;
export const GET_LINE_INFO = 0xc100_b405;
export const GET_LINE = 0xc250_b407;
export const GET_VALUES = 0xc010_b40e;
export const SET_VALUES = 0xc010_b40f;

const FLAG = {
  used: 1n << 0n,
  activeLow: 1n << 1n,
  input: 1n << 2n,
  output: 1n << 3n,
  rising: 1n << 4n,
  falling: 1n << 5n,
  'pull-up': 1n << 8n,
  'pull-down': 1n << 9n,
  none: 1n << 10n,
} as const;

const DEBOUNCE_ATTRIBUTE = 3;
const RISING_EDGE = 1;
const NAME_BYTES = 32;
export const EVENT_BYTES = 48;

export type Bias = 'pull-up' | 'pull-down' | 'none';

export interface ChipInfo {
  /** The kernel's own name of it, such as gpiochip0: the same through every symbolic link. */
  readonly name: string;
  readonly label: string;
  readonly lines: number;
}

export const chipInfoBytes = (): Buffer => Buffer.alloc(68);

export function readChipInfo(bytes: Buffer): ChipInfo {
  return { name: text(bytes, 0), label: text(bytes, NAME_BYTES), lines: bytes.readUInt32LE(64) };
}

export interface LineInfo {
  /** Empty where the board names no lines. */
  readonly name: string;
  /** Who holds it: what that program calls itself, often empty. */
  readonly consumer: string;
  readonly used: boolean;
}

export function lineInfoBytes(offset: number): Buffer {
  const bytes = Buffer.alloc(256);
  bytes.writeUInt32LE(offset, 64);
  return bytes;
}

export function readLineInfo(bytes: Buffer): LineInfo {
  const flags = bytes.readBigUInt64LE(72);
  return { name: text(bytes, 0), consumer: text(bytes, NAME_BYTES), used: (flags & FLAG.used) !== 0n };
}

/**
 * What lines are taken for. Active means pressed, or lit: the kernel turns a line that is so when low around, and
 * everybody above forgets it.
 */
export type LineUse = { readonly activeLow: boolean } & (
  | { readonly kind: 'input'; readonly bias: Bias; readonly debounceUs: number }
  /** Begins dark. */
  | { readonly kind: 'output' }
);

export function lineRequestBytes(consumer: string, offsets: readonly number[], use: LineUse): Buffer {
  const bytes = Buffer.alloc(592);
  for (const [at, offset] of offsets.entries()) bytes.writeUInt32LE(offset, at * 4);
  bytes.write(consumer.slice(0, NAME_BYTES - 1), 256, 'latin1');
  let flags = use.activeLow ? FLAG.activeLow : 0n;
  if (use.kind === 'output') {
    flags |= FLAG.output;
  } else {
    flags |= FLAG.input | FLAG.rising | FLAG.falling | FLAG[use.bias];
    bytes.writeUInt32LE(1, 296);
    bytes.writeUInt32LE(DEBOUNCE_ATTRIBUTE, 320);
    bytes.writeUInt32LE(use.debounceUs, 328);
    bytes.writeBigUInt64LE(allOf(offsets.length), 336);
    bytes.writeUInt32LE(EVENTS_KEPT, 564);
  }
  bytes.writeBigUInt64LE(flags, 288);
  bytes.writeUInt32LE(offsets.length, 560);
  return bytes;
}

/** The kernel keeps so many edges for us while the program is busy; after that it drops the oldest, and its count tells. */
const EVENTS_KEPT = 64;

/** The file descriptor of the lines that were asked for. */
export const grantedFd = (bytes: Buffer): number => bytes.readInt32LE(588);

/** For reading, and for writing with `active`: one bit for each line, in the order in which they were asked for. */
export function valuesBytes(lines: number, active: bigint = 0n): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64LE(active, 0);
  bytes.writeBigUInt64LE(allOf(lines), 8);
  return bytes;
}

export const readActive = (bytes: Buffer): bigint => bytes.readBigUInt64LE(0);

const allOf = (lines: number): bigint => (1n << BigInt(lines)) - 1n;

export interface LineEvent {
  /** CLOCK_MONOTONIC, nanoseconds. */
  readonly atNs: bigint;
  /** Became active. */
  readonly active: boolean;
  /** Counts the edges of this line from 1, those dropped included. */
  readonly count: number;
}

/** What was read from a line's file descriptor: whole events, one after the other. */
export function readEvents(bytes: Uint8Array): readonly LineEvent[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.byteLength / EVENT_BYTES) }, (_, place) => {
    const at = place * EVENT_BYTES;
    return {
      atNs: view.getBigUint64(at, true),
      active: view.getUint32(at + 8, true) === RISING_EDGE,
      count: view.getUint32(at + 20, true),
    };
  });
}

function text(bytes: Buffer, from: number): string {
  const field = bytes.subarray(from, from + NAME_BYTES);
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? NAME_BYTES : end).toString('utf8');
}
