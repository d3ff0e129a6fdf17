import { expect, vi } from 'vitest';

/** Waits until it is so, and fails with what it was instead. */
export async function until<T>(what: string, probe: () => T, msMax = 15_000): Promise<T> {
  return await vi.waitFor(
    () => {
      const value = probe();
      expect(value, what).toBeTruthy();
      return value;
    },
    { timeout: msMax, interval: 10 },
  );
}
