import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../shared/system-clock.ts';
import type { Store } from '../../cloud/engine/store.ts';
import { openPostgresStore } from '../../cloud/store/postgres.ts';
import { openPostgresSpace, ownPostgresMissing, type PostgresSpace, startOwnPostgres } from '../postgres.ts';
import type { PostgresServer } from '../postgres-server.ts';
import { rule, turn } from './plans.ts';

const READ_ONLY = { code: 'store-unavailable', message: expect.stringContaining('is read-only') as string };

describe.skipIf(ownPostgresMissing)('PostgreSQL whose name leads to a standby for a while', () => {
  let server: PostgresServer;
  let space: PostgresSpace;
  let store: Store;

  beforeEach(async () => {
    server = await startOwnPostgres();
    space = await openPostgresSpace(server);
    store = await openPostgresStore({ url: space.url, clock: systemClock });
  });
  afterEach(async () => {
    await store?.[Symbol.asyncDispose]();
    await space?.remove();
    await server?.end();
  });

  /** Whoever connects from now on can only read, and for as long as that connection lasts, as on a standby. */
  async function demote(): Promise<void> {
    await space.ask('alter role postgres set default_transaction_read_only = on');
    await space.terminate();
  }

  /** The name leads to the primary again, for those who connect anew; nobody's connection is broken. */
  async function promote(): Promise<void> {
    await space.ask('alter role postgres reset default_transaction_read_only');
  }

  test('commands are refused in words, nobody is told that it is ready, and all goes on when the primary is back', async () => {
    await store.decide(turn(), rule({ state: 'before' }));
    await demote();
    // As many at once as there are connections: each of them is tried.
    const refused = Array.from({ length: 8 }, (_, n) => store.decide(turn({ lane: `lane ${n}` }), rule({ state: n })));
    for (const result of await Promise.allSettled(refused)) {
      expect(result).toMatchObject({ status: 'rejected', reason: READ_ONLY });
    }
    await expect(store.hold('mqtt', 'me', 1, 2)).rejects.toMatchObject(READ_ONLY);
    await expect(store.ping()).rejects.toMatchObject(READ_ONLY);
    await promote();
    await store.ping();
    await store.decide(turn(), rule({ state: 'after' }));
    expect(await store.hold('mqtt', 'me', 1, 2)).toBe(true);
    expect(await store.lane('www')).toBe('after');
  });
});
