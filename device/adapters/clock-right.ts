import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Clock } from '../../shared/clock.ts';

/** systemd-timesyncd makes this file when it has set the clock, anew in each boot. */
const SYNCHRONISED_FILE = '/run/systemd/timesync/synchronized';
/** What keeps the clock may also be chrony or ntpd; systemd knows of all of them, but has to be asked. */
const ASK_MS_MIN = 60_000;

/**
 * Whether the wall clock of this machine is known to be right. False when nobody knows: then a command carries its age
 * and no date. Never waits: systemd is asked beside the press, and its answer serves the next question.
 */
export function makeClockWitness(clock: Clock, file = SYNCHRONISED_FILE): () => boolean {
  let synchronised = false;
  let askedAtMs = Number.NEGATIVE_INFINITY;

  function ask(): void {
    if (clock.monotonicMs() - askedAtMs < ASK_MS_MIN) return;
    askedAtMs = clock.monotonicMs();
    const words = ['show', '--property=NTPSynchronized', '--value'];
    execFile('timedatectl', words, { timeout: ASK_MS_MIN / 2 }, (error, stdout) => {
      synchronised = !error && stdout.trim() === 'yes';
    });
  }

  ask();
  return () => {
    if (existsSync(file)) return true;
    ask();
    return synchronised;
  };
}
