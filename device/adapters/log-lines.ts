import { fstatSync } from 'node:fs';
import type { Log } from '../../shared/log.ts';

/** What a line of the journal begins with, so that `journalctl -p warning` finds it; people read a word instead. */
const LEVELS = {
  debug: { journal: '<7>', words: '' },
  info: { journal: '<6>', words: '' },
  warn: { journal: '<4>', words: 'Warning: ' },
  error: { journal: '<3>', words: 'Error: ' },
} as const;

/** Sentences for whoever reads along; what belongs to them as fields is shown with `verbose` only. */
export function makeLineLog(say: (text: string) => void, { verbose = false, journal = false }): Log {
  const write =
    (level: keyof typeof LEVELS) =>
    (fields: object, sentence: string): void => {
      const begin = LEVELS[level][journal ? 'journal' : 'words'];
      const more = verbose && Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : '';
      say(`${begin}${sentence}${more}`);
    };
  return {
    debug: verbose ? write('debug') : () => {},
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
}

/** Whether what is written to `fd` goes to the journal: systemd names its stream, which a pipe or a file behind it is not. */
export function isJournal(stream: string | undefined, fd: number): boolean {
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(fd);
    return stream === `${dev}:${ino}`;
  } catch {
    return false; // a closed output hears nothing anyway
  }
}
