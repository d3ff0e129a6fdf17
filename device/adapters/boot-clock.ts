import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The kernel's clock since it started: it runs on while the machine sleeps, and nobody can set it. */
export interface BootTime {
  /** A fresh name of each start of the machine. */
  readonly boot: string;
  readonly sinceMs: number;
}

/** Which start of the machine this is and how long ago it was, to 10 ms; undefined where the kernel does not say. */
export function readBootTime(proc = '/proc'): BootTime | undefined {
  try {
    const boot = readFileSync(join(proc, 'sys/kernel/random/boot_id'), 'utf8').trim();
    const seconds = Number(readFileSync(join(proc, 'uptime'), 'utf8').split(' ')[0]);
    return boot === '' || !Number.isFinite(seconds) ? undefined : { boot, sinceMs: Math.round(seconds * 1_000) };
  } catch {
    // Not Linux, or hidden from this process.
    return undefined;
  }
}
