import { pino } from 'pino';
import type { Log } from '../../shared/log.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  readonly level: LogLevel;
  /** Lines for a person at a terminal in place of JSON. */
  readonly forPeople: boolean;
}

/** Structured logs on standard output: JSON, or one line for people. Errors go in as `error`, with their stack. */
export function openLog(options: LogOptions): Log {
  const settings = {
    level: options.level,
    base: null,
    messageKey: 'text',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: inOneLanguage },
    serializers: { error: pino.stdSerializers.err },
  };
  const logger = options.forPeople
    ? pino(settings, { write: writeForPeople })
    : pino(settings, pino.destination({ dest: 1, sync: true }));
  return {
    debug: (fields, sentence) => logger.debug(fields, sentence),
    info: (fields, sentence) => logger.info(fields, sentence),
    warn: (fields, sentence) => logger.warn(fields, sentence),
    error: (fields, sentence) => logger.error(fields, sentence),
  };
}

/** The engine knows lanes, whoever reads the log knows switches; and an error has one name, wherever it comes from. */
function inOneLanguage({ lane, err, ...fields }: Record<string, unknown>): Record<string, unknown> {
  return {
    ...(lane !== undefined && lane !== null && { switch: lane }),
    ...fields,
    ...(err !== undefined && { error: err }),
  };
}

const writeForPeople = (line: string): void => void process.stdout.write(lineForPeople(line));

/** `12:04:10 warn  The sentence. switch=www job=…` */
function lineForPeople(line: string): string {
  const { time, level, text, error, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const rest = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const stack = isStack(error) ? `\n${error.stack}` : '';
  return `${[String(time).slice(11, 19), String(level).padEnd(5), String(text), ...rest].join(' ')}${stack}\n`;
}

function isStack(error: unknown): error is { stack: string } {
  return typeof error === 'object' && error !== null && 'stack' in error && typeof error.stack === 'string';
}
