import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Clock } from '../../shared/clock.ts';
import type { Finding } from './check-finding.ts';

const ANSWER_MS_MAX = 5_000;

/** Whether the machine's clock is kept right: with a wrong one TLS finds no certificate valid. */
export async function checkClock(clock: Clock): Promise<Finding> {
  const name = 'clock';
  const now = new Date(clock.nowMs()).toISOString();
  let answer: string;
  try {
    const words = ['show', '--property=NTPSynchronized', '--value'];
    answer = (await promisify(execFile)('timedatectl', words, { timeout: ANSWER_MS_MAX })).stdout.trim();
  } catch {
    return { name, ok: null, text: `It says ${now}. Nobody here (timedatectl) can tell whether that is right.` };
  }
  if (answer === 'yes') return { name, ok: true, text: `Synchronised; it says ${now}.` };
  const text = `It says ${now}, and is not synchronised: sudo timedatectl set-ntp true, and look at the network.`;
  return { name, ok: false, text };
}
