import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../shared/clock.ts';
import { CommandName, EXPIRES_IN_MS_MAX } from '../../shared/command.ts';
import { durationInWords } from '../../shared/duration.ts';
import type { Left, Outbox } from '../core/ports.ts';
import type { Intent } from '../core/press.ts';
import { type BootTime, readBootTime } from './boot-clock.ts';

/** A slow card may not hold up a press for longer than a person notices: then it leaves before it is safe. */
const KEEP_MS_MAX = 250;
const CLOSE_MS_MAX = 2_000;
/** The kernel tells its time to this; an age is rounded up by it. */
const GRAIN_MS = 10;
const FILE = 'press.json';

const Kept = z.strictObject({
  device: z.string(),
  switch: z.string(),
  id: z.string().min(1).max(128),
  command: CommandName,
  ifRevision: z.int().nonnegative().nullable(),
  deadlineMs: z.int().min(1).max(EXPIRES_IN_MS_MAX),
  /** Which start of the machine, and when in it, by the kernel's own clock: the wall clock may have been wrong. */
  boot: z.string().min(1),
  pressedAtMs: z.int(),
});
type Kept = z.infer<typeof Kept>;

export interface OutboxOptions {
  readonly folder: string;
  readonly device: string;
  readonly switch: string;
  readonly clock: Clock;
  /** A sentence for the log: why a press is not kept. */
  readonly warn: (text: string) => void;
  readonly bootTime?: () => BootTime | undefined;
}

/** One file for the one open press, replaced whole: it is there or it is not, whenever the power fails. */
export function makeOutbox(options: OutboxOptions): Outbox {
  const { folder, clock, warn, bootTime = readBootTime } = options;
  const file = join(folder, FILE);
  // One write after the other: the last word about a press is the one that stays.
  let writing: Promise<void> = Promise.resolve();

  function next(write: () => Promise<void>, failed: string): Promise<void> {
    writing = writing.then(write).catch((error: unknown) => {
      warn(`${failed} (${file}): ${error instanceof Error ? error.message : String(error)}.`);
    });
    return writing;
  }

  async function atMost(ms: number, done: Promise<void>): Promise<void> {
    const settled = new AbortController();
    void done.then(() => settled.abort());
    await clock.sleep(ms, settled.signal);
  }

  async function write(text: string): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const fresh = `${file}.new`;
    const handle = await open(fresh, 'w', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(fresh, file);
    await syncFolder();
  }

  /** Without it a power cut may bring back what was replaced or removed. */
  async function syncFolder(): Promise<void> {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  async function remove(): Promise<void> {
    await rm(file, { force: true });
    await syncFolder();
  }

  async function read(): Promise<Left> {
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { kind: 'nothing' };
      warn(
        `What was kept of a press cannot be read (${file}): ${error instanceof Error ? error.message : String(error)}.`,
      );
      return { kind: 'nothing' };
    }
    const kept = Kept.safeParse(parse(text)).data;
    const left = kept ? judge(kept) : lost(`A press was kept in ${file}, and cannot be read: it is dropped.`);
    if (left.kind === 'lost') await next(remove, 'A press that is over could not be removed');
    return left;
  }

  function judge(kept: Kept): Left {
    const { command } = kept;
    if (kept.device !== options.device || kept.switch !== options.switch) {
      return lost(
        `A ${command} of ${kept.switch} was pressed at the button "${kept.device}" before: it is dropped here.`,
      );
    }
    const now = bootTime();
    if (now?.boot !== kept.boot) {
      return lost(`The machine has restarted since the ${command} was pressed: how long ago that was cannot be known.`);
    }
    const ageMs = now.sinceMs + GRAIN_MS - kept.pressedAtMs;
    if (ageMs < 0) return lost(`The ${command} seems to have been pressed later than now: it is dropped.`);
    if (ageMs >= kept.deadlineMs) {
      const limit = durationInWords(kept.deadlineMs);
      return lost(`The ${command} was pressed more than ${limit} ago, before the program restarted: it is dropped.`);
    }
    const pressedAtMs = clock.monotonicMs() - ageMs;
    const intent: Intent = {
      id: kept.id,
      command,
      pressedAtMs,
      deadlineAtMs: pressedAtMs + kept.deadlineMs,
      ifRevision: kept.ifRevision,
      earlier: [],
      recovered: true,
    };
    return { kind: 'press', intent };
  }

  return {
    async open() {
      if (!bootTime()) warn('The kernel does not say when it started: a press does not survive a crash here.');
      return read();
    },
    async keep(intent) {
      const now = bootTime();
      if (!now) return false;
      const kept: Kept = {
        device: options.device,
        switch: options.switch,
        id: intent.id,
        command: intent.command,
        ifRevision: intent.ifRevision,
        deadlineMs: Math.round(intent.deadlineAtMs - intent.pressedAtMs),
        boot: now.boot,
        pressedAtMs: Math.floor(now.sinceMs - (clock.monotonicMs() - intent.pressedAtMs)),
      };
      let isSafe = false;
      const keepIt = async (): Promise<void> => {
        try {
          await write(`${JSON.stringify(kept)}\n`);
          isSafe = true;
        } catch (error) {
          // An older press that this one has taken the place of may not come back after a crash.
          await remove().catch(() => undefined);
          throw error;
        }
      };
      await atMost(KEEP_MS_MAX, next(keepIt, 'The press could not be kept, and would not survive a crash'));
      return isSafe;
    },
    forget: () => next(remove, 'A press that is over could not be removed'),
    close: () => atMost(CLOSE_MS_MAX, writing),
  };
}

function lost(why: string): Left {
  return { kind: 'lost', text: `${why} Look at the switch, and press again if it is still needed.` };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
