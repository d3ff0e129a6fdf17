import type { Log } from '../../shared/log.ts';

/** Sentences for whoever reads along; what belongs to them as fields is shown with `verbose` only. */
export function makeLineLog(say: (text: string) => void, verbose: boolean): Log {
  const write =
    (level: string) =>
    (fields: object, sentence: string): void =>
      say(
        verbose && Object.keys(fields).length > 0
          ? `${level}${sentence} ${JSON.stringify(fields)}`
          : `${level}${sentence}`,
      );
  return {
    debug: verbose ? write('') : () => {},
    info: write(''),
    warn: write('Warning: '),
    error: write('Error: '),
  };
}
