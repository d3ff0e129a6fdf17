import type { Log } from '../../shared/log.ts';
import { must } from './must.ts';

/** The log of an endpoint: its errors are mistakes of ours, except that the store is away. */
export function watchedLog(name: string, say: (text: string) => void, hold: (check: () => void) => void): Log {
  return {
    debug: () => undefined,
    info: () => undefined,
    warn: (_, sentence) => say(`${name} warns: ${sentence}`),
    error(fields, sentence) {
      say(`${name} reports: ${sentence}`);
      if (sentence.startsWith('the store is away')) return;
      const { err } = fields as { err?: unknown };
      hold(() => must(false, () => `${name}: ${sentence} ${err instanceof Error ? err.stack : ''}`));
    },
  };
}
