import type { ClientBase } from 'pg';

/**
 * A connection's statements. Those asked for without waiting travel together and are done one after the other, in that
 * order: a row of them costs one round trip. What a row holds is the schema's promise: the reader of a statement says
 * its type beside it.
 */
export interface PgSql {
  one(text: string, ...values: readonly PgValue[]): Promise<unknown>;
  all(text: string, ...values: readonly PgValue[]): Promise<readonly unknown[]>;
  /** The number of rows it changed. */
  run(text: string, ...values: readonly PgValue[]): Promise<number>;
  /** The command that was done, in the server's words: what began as `commit` may have ended as `ROLLBACK`. */
  tag(text: string): Promise<string>;
}

type PgPlain = string | number | boolean | null;
export type PgValue = PgPlain | readonly PgPlain[];

/** What PostgreSQL, or the way to it, answered instead of a result; `cause` is the driver's error. */
export class Trouble extends Error {
  override readonly name = 'Trouble';

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** What a transaction had read was changed by another before it could write: it must be tried again. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/** `isOver`: nothing more may be asked, because the connection may already be somebody else's. */
export function makePgSql(client: ClientBase, isOver: () => boolean = () => false): PgSql {
  // After one statement of a transaction has failed, those sent along with it fail because of that one only.
  let first: Trouble | undefined;

  async function ask(
    text: string,
    values: readonly PgValue[],
  ): Promise<{ rows: unknown[]; count: number; tag: string }> {
    if (isOver()) throw new Error(`asked after the end of its transaction: ${text}`);
    try {
      const { rows, rowCount, command } = await client.query<Record<string, unknown>>(text, [...values]);
      return { rows, count: rowCount ?? 0, tag: command };
    } catch (error) {
      first ??= new Trouble(error);
      throw first;
    }
  }
  return {
    one: async (text, ...values) => (await ask(text, values)).rows[0],
    all: async (text, ...values) => (await ask(text, values)).rows,
    run: async (text, ...values) => (await ask(text, values)).count,
    tag: async (text) => (await ask(text, [])).tag,
  };
}

/**
 * PostgreSQL's text knows no NUL and no half of a surrogate pair, and a sender may put both into an id or a reason:
 * such a text is kept as a JSON string. Every other text is kept as it is, for people who look into the tables.
 */
export function toText(text: string): string {
  return text.isWellFormed() && !text.includes('\0') && !text.startsWith('"') ? text : JSON.stringify(text);
}

export function fromText(stored: string): string {
  return stored.startsWith('"') ? (JSON.parse(stored) as string) : stored;
}
