import { userInfo } from 'node:os';
import {
  chipInfoBytes,
  type ChipInfo,
  GET_CHIP_INFO,
  GET_LINE,
  GET_LINE_INFO,
  grantedFd,
  lineInfoBytes,
  lineRequestBytes,
  type LineUse,
  readChipInfo,
  readLineInfo,
} from './gpio-abi.ts';
import type { Kernel } from './gpio-kernel.ts';

/** The chips of a Raspberry Pi's header: Pi 5, Pi 4, and those before. Their numbers change from kernel to kernel. */
const LABELS: readonly string[] = ['pinctrl-rp1', 'pinctrl-bcm2711', 'pinctrl-bcm2835'];
/** What other programs see as the holder of our lines. */
const CONSUMER = 'dashover-button';

/** GPIO cannot be used. The message is a sentence that says what to do. */
export class GpioProblem extends Error {
  override readonly name = 'GpioProblem';
}

/** A line by its offset on the chip (on a Raspberry Pi the BCM number), or by its name, such as GPIO17. */
export type LineName = number | string;

export interface Chip extends ChipInfo {
  readonly path: string;
}

/** Every chip that may be opened, each once, and what kept us from others. */
function listChips(kernel: Kernel): { readonly chips: readonly Chip[]; readonly refused: readonly string[] } {
  const chips: Chip[] = [];
  const refused: string[] = [];
  for (const path of kernel.chips()) {
    try {
      const chip = look(kernel, path);
      // Raspberry Pi OS keeps old numbers as links to new ones.
      if (!chips.some(({ name }) => name === chip.name)) chips.push(chip);
    } catch (error) {
      refused.push(whyNot(path, error));
    }
  }
  return { chips, refused };
}

function look(kernel: Kernel, path: string): Chip {
  const fd = kernel.open(path);
  try {
    const bytes = chipInfoBytes();
    kernel.ioctl(fd, GET_CHIP_INFO, bytes);
    return { ...readChipInfo(bytes), path };
  } finally {
    kernel.close(fd);
  }
}

/**
 * The chip that is meant: by its path, by its label, or `auto`, which is the header of a Raspberry Pi, or else the one
 * chip that has a line of such a name. Throws GpioProblem, with what is there instead.
 */
export function findChip(kernel: Kernel, wanted: string, lines: readonly LineName[]): Chip {
  if (wanted.startsWith('/')) {
    try {
      return look(kernel, wanted);
    } catch (error) {
      throw new GpioProblem(`${whyNot(wanted, error)} ${seen(kernel)}`, { cause: error });
    }
  }
  const { chips } = listChips(kernel);
  const labelled = chips.filter(({ label }) => (wanted === 'auto' ? LABELS.includes(label) : label === wanted));
  const names = lines.filter((line) => typeof line === 'string');
  const named = (among: readonly Chip[]): readonly Chip[] =>
    names.length === 0 ? [] : among.filter((chip) => names.every((name) => offsetOf(kernel, chip, name) !== undefined));
  const found = labelled.length === 1 ? labelled : named(labelled.length > 1 || wanted !== 'auto' ? labelled : chips);
  const [chip] = found;
  if (chip && found.length === 1) return chip;
  const what = wanted === 'auto' ? `of a Raspberry Pi's header (${LABELS.join(', ')})` : `with the label ${wanted}`;
  const many = labelled.length > 1 || found.length > 1;
  const problem = many
    ? `There is more than one GPIO chip ${what}, or with such lines; write the path of the right one as chip.`
    : `There is no GPIO chip ${what}; write the label or path of another as chip, or look whether this is the right machine.`;
  throw new GpioProblem(`${problem} ${seen(kernel)}`);
}

function seen(kernel: Kernel): string {
  const { chips, refused } = listChips(kernel);
  const list = chips.map(({ path, label, lines }) => `${path} (${label}, ${lines} lines)`).join(', ');
  return [list === '' ? 'No GPIO chip was seen.' : `Seen: ${list}.`, ...refused].join(' ');
}

function whyNot(path: string, error: unknown): string {
  const code = codeOf(error);
  if (code === 'EACCES' || code === 'EPERM') {
    const user = userName();
    return `The user ${user} may not use ${path}: add it to the group gpio with "sudo usermod -aG gpio ${user}", and log in again.`;
  }
  if (code === 'ENOENT') return `There is no ${path}.`;
  if (code === 'ENOTTY' || code === 'EINVAL') return `${path} is no GPIO chip, or the kernel is older than 5.10.`;
  return `${path} cannot be used (${code}).`;
}

/** Of this process, which is hardly ever whoever reads the sentence; its number where it has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? '');
  }
}

/** Where on the chip; undefined when it has no line of that name. */
function offsetOf(kernel: Kernel, chip: Chip, name: string): number | undefined {
  const fd = kernel.open(chip.path);
  try {
    for (let offset = 0; offset < chip.lines; offset += 1) {
      const bytes = lineInfoBytes(offset);
      kernel.ioctl(fd, GET_LINE_INFO, bytes);
      if (readLineInfo(bytes).name === name) return offset;
    }
    return undefined;
  } finally {
    kernel.close(fd);
  }
}

/** Takes lines for us alone, until the descriptor that it returns is closed. Throws GpioProblem. */
export function takeLines(kernel: Kernel, chip: Chip, lines: readonly LineName[], use: LineUse): number {
  const offsets = lines.map((line) => {
    const offset = typeof line === 'number' ? line : offsetOf(kernel, chip, line);
    if (offset !== undefined && offset < chip.lines) return offset;
    const what = typeof line === 'number' ? `line ${line}: its lines are 0 to ${chip.lines - 1}` : `line named ${line}`;
    throw new GpioProblem(`${chip.path} (${chip.label}) has no ${what}.`);
  });
  const again = offsets.findIndex((offset, at) => offsets.indexOf(offset) < at);
  if (again !== -1) {
    const first = lines[offsets.indexOf(offsets[again] ?? -1)];
    throw new GpioProblem(`${first} and ${lines[again]} are the same line of ${chip.path}; each needs one of its own.`);
  }
  let fd: number | undefined;
  try {
    fd = kernel.open(chip.path);
    const bytes = lineRequestBytes(CONSUMER, offsets, use);
    kernel.ioctl(fd, GET_LINE, bytes);
    return grantedFd(bytes);
  } catch (error) {
    throw new GpioProblem(whyNotTaken(kernel, fd, chip, offsets, error), { cause: error });
  } finally {
    if (fd !== undefined) kernel.close(fd);
  }
}

function whyNotTaken(
  kernel: Kernel,
  fd: number | undefined,
  chip: Chip,
  offsets: readonly number[],
  error: unknown,
): string {
  const code = codeOf(error);
  if (fd === undefined) return whyNot(chip.path, error);
  if (code === 'EBUSY') {
    const holders = offsets.flatMap((offset) => holderOf(kernel, fd, chip, offset));
    // Whoever held it may just have let go.
    if (holders.length === 0) return `A line of ${chip.path} was held by another program a moment ago; try again.`;
    return `${holders.join(' ')} Stop that program, or choose another line.`;
  }
  // A kernel that can tell of a line could also give it.
  if (code !== 'EINVAL' || !tellsOfLines(kernel, fd)) return whyNot(chip.path, error);
  const which = offsets.length === 1 ? `Line ${offsets[0]}` : `One of the lines ${offsets.join(', ')}`;
  return `${which} of ${chip.path} (${chip.label}) cannot be used like this: choose another line, or with a button another bias.`;
}

function tellsOfLines(kernel: Kernel, fd: number): boolean {
  try {
    kernel.ioctl(fd, GET_LINE_INFO, lineInfoBytes(0));
    return true;
  } catch {
    return false; // which is the answer
  }
}

function holderOf(kernel: Kernel, fd: number, { path }: Chip, offset: number): readonly string[] {
  const bytes = lineInfoBytes(offset);
  kernel.ioctl(fd, GET_LINE_INFO, bytes);
  const { name, consumer, used } = readLineInfo(bytes);
  if (!used) return [];
  const line = `Line ${offset}${name === '' ? '' : ` (${name})`} of ${path}`;
  if (consumer === CONSUMER) return [`${line} is held by another ${CONSUMER}, or two keys of button.yaml name it.`];
  return [`${line} is held by ${consumer === '' ? 'a program that gives no name' : `"${consumer}"`}.`];
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
}
