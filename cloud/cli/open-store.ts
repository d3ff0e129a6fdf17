import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { Config } from '../config/config.ts';
import type { Store } from '../engine/store.ts';
import { readPlace } from '../store/postgres-place.ts';

/** Opens the store of dashover.yaml. Rejects with `store-unavailable`, in words without its password. */
export async function openStore(
  store: Config['store'],
  ports: { readonly clock: Clock; readonly log: Log },
): Promise<Store> {
  // The driver of the other store is never loaded: `pg` alone is 8 MB.
  if (store.kind === 'sqlite') {
    const { openSqliteStore } = await import('../store/sqlite.ts');
    return openSqliteStore({ path: store.path, ...ports });
  }
  const { openPostgresStore } = await import('../store/postgres.ts');
  return openPostgresStore({ url: store.url, ...ports });
}

/** Where everything is kept, for people: a path, or database and host. Throws `store-unavailable` as the store would. */
export function storeInWords(store: Config['store']): string {
  return store.kind === 'sqlite' ? store.path : readPlace(store.url).name;
}
