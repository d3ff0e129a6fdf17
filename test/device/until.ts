import { vi } from 'vitest';

/** Waits until it is so, looking often; fails with `what` was waited for. */
export function until(what: string, probe: () => boolean, msMax = 40_000): Promise<void> {
  const look = (): void => {
    if (!probe()) throw new Error(`This did not come: ${what}.`);
  };
  return vi.waitFor(look, { timeout: msMax, interval: 10 });
}
