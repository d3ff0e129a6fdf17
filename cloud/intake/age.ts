import type { CommandOptions } from '../../shared/command.ts';
import { durationInWords } from '../../shared/duration.ts';
import { Fault } from '../../shared/faults.ts';

/** A sender's clock may be this far ahead of ours before its `issuedAt` is worth nothing. */
const AHEAD_MS_MAX = 30_000;

/**
 * How old a command is on arrival, in milliseconds: the older of what its sender counted (`ageMs`) and what its date says
 * (`issuedAt`). A date in the future cannot tell an age: throws `malformed`.
 */
export function ageMsOf({ ageMs, issuedAt }: Pick<CommandOptions, 'ageMs' | 'issuedAt'>, nowMs: number): number {
  // A time before 1970 would be no date to whoever reads the job: by then it is too old for anything.
  const counted = Math.min(ageMs ?? 0, nowMs);
  if (issuedAt === undefined) return counted;
  const dated = nowMs - Date.parse(issuedAt);
  if (dated < -AHEAD_MS_MAX) {
    throw new Fault('malformed', `issuedAt is ${durationInWords(-dated)} ahead of this endpoint's clock.`, {
      hint: 'Set the clocks right, or leave issuedAt out and send ageMs.',
    });
  }
  return Math.max(counted, Math.min(dated, nowMs), 0);
}
