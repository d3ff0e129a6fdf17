import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';

/**
 * A database connection that prepares each statement once. Everything here is synchronous. What a row holds is the
 * schema's promise (strict tables): the reader of a statement says its type beside it.
 */
export interface Sql {
  one(text: string, ...values: readonly SQLInputValue[]): unknown;
  all(text: string, ...values: readonly SQLInputValue[]): readonly unknown[];
  /** The number of rows it changed. */
  run(text: string, ...values: readonly SQLInputValue[]): number;
}

export function makeSql(db: DatabaseSync): Sql {
  const prepared = new Map<string, StatementSync>();
  const prepare = (text: string): StatementSync => {
    const known = prepared.get(text);
    if (known) return known;
    const statement = db.prepare(text);
    prepared.set(text, statement);
    return statement;
  };
  return {
    one: (text, ...values) => prepare(text).get(...values),
    all: (text, ...values) => prepare(text).all(...values),
    run: (text, ...values) => Number(prepare(text).run(...values).changes),
  };
}
