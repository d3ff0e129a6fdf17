import { randomUUID } from 'node:crypto';
import type { Ids } from '../core/ports.ts';

/** UUIDs of the operating system's chance. */
export const randomIds: Ids = { next: () => randomUUID() };

/** In [0, 1): jitter. */
export const jitter = (): number => Math.random();
