/** One sentence per event; what belongs to it as fields. pino has this shape. */
export interface Log {
  debug(fields: object, sentence: string): void;
  info(fields: object, sentence: string): void;
  warn(fields: object, sentence: string): void;
  error(fields: object, sentence: string): void;
}

/** For tests and for commands that speak for themselves. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
