import type { Store } from '../../cloud/engine/store.ts';

/** What a test needs of a store: opened empty, and opened again on the same data as another process would. */
export interface Opened {
  readonly store: Store;
  again(): Promise<Store>;
  /** Closes what was opened and removes the data. */
  remove(): Promise<void>;
}
