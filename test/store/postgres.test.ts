import { afterAll, beforeAll, describe } from 'vitest';
import { systemClock } from '../../shared/system-clock.ts';
import type { Store } from '../../cloud/engine/store.ts';
import { openPostgresStore } from '../../cloud/store/postgres.ts';
import { endPostgres, openPostgresSpace, postgresMissing, type PostgresSpace } from '../postgres.ts';
import { storeConformance } from './conformance.ts';

describe.skipIf(postgresMissing)('with a server', () => {
  let space: PostgresSpace;

  beforeAll(async () => {
    space = await openPostgresSpace();
  });
  afterAll(async () => {
    await space.remove();
    await endPostgres();
  });

  storeConformance('PostgreSQL', async () => {
    const stores: Store[] = [];
    const again = async (): Promise<Store> => {
      const store = await openPostgresStore({ url: space.url, clock: systemClock });
      stores.push(store);
      return store;
    };
    return {
      store: await again(),
      again,
      async remove() {
        for (const store of stores) await store[Symbol.asyncDispose]();
        await space.empty();
      },
    };
  });
});
