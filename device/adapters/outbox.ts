import { z } from 'zod';
import type { Clock } from '../../shared/clock.ts';
import { CommandName, EXPIRES_IN_MS_MAX } from '../../shared/command.ts';
import { durationInWords } from '../../shared/duration.ts';
import type { Left, Outbox } from '../core/ports.ts';
import type { Intent } from '../core/press.ts';
import { type BootTime, readBootTime } from './boot-clock.ts';
import { type PressFile, openPressFile } from './press-file.ts';

/** A slow card may not hold up a press for longer than a person notices: then it leaves before it is safe. */
const KEEP_MS_MAX = 250;
const CLOSE_MS_MAX = 2_000;
/** The kernel tells its time to this; an age is rounded up by it. */
const GRAIN_MS = 10;

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
  /** What holds the press: by default a file in `folder`. */
  readonly file?: PressFile;
}

/** One file for the one open press. */
export function makeOutbox(options: OutboxOptions): Outbox {
  const { clock, warn, bootTime = readBootTime, file = openPressFile(options.folder) } = options;
  // One write after the other: the last word about a press is the one that stays.
  let writing: Promise<void> = Promise.resolve();
  /** The press that is to be kept, and the one that is on the disk. */
  let wanted: Kept | undefined;
  let written: Kept | undefined;

  function next(write: () => Promise<void>, failed: string): Promise<void> {
    writing = writing.then(write).catch((error: unknown) => {
      warn(`${failed} (${file.path}): ${error instanceof Error ? error.message : String(error)}.`);
    });
    return writing;
  }

  async function atMost(ms: number, done: Promise<void>): Promise<void> {
    const settled = new AbortController();
    void done.then(() => settled.abort());
    await clock.sleep(ms, settled.signal);
  }

  async function read(): Promise<Left> {
    let text: string | undefined;
    try {
      text = await file.read();
    } catch (error) {
      warn(
        `What was kept of a press cannot be read (${file.path}): ${error instanceof Error ? error.message : String(error)}.`,
      );
    }
    if (text === undefined) return { kind: 'nothing' };
    const kept = Kept.safeParse(parse(text)).data;
    const left = kept ? judge(kept) : lost(`A press was kept in ${file.path}, and cannot be read: it is dropped.`);
    if (left.kind === 'lost') await next(file.remove, 'A press that is over could not be removed');
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
      wanted = kept;
      const keepIt = async (): Promise<void> => {
        try {
          await file.write(`${JSON.stringify(kept)}\n`);
          written = kept;
        } catch (error) {
          // An older press that this one has taken the place of may not come back after a crash.
          await file.remove().catch(() => undefined);
          throw error;
        }
      };
      await atMost(KEEP_MS_MAX, next(keepIt, 'The press could not be kept, and would not survive a crash'));
      return written === kept;
    },
    forget() {
      wanted = undefined;
      return next(file.remove, 'A press that is over could not be removed');
    },
    async close() {
      await atMost(CLOSE_MS_MAX, writing);
      return wanted !== undefined && written === wanted;
    },
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
