import { Fault } from '../../shared/faults.ts';
import { clip } from '../jobs/text.ts';
import type { Caller } from './caller.ts';

/** `unknown-switch`, with the names of those that there are. */
export function unknownSwitch(name: string, switches: readonly string[]): Fault {
  const known = switches.slice(0, 20).join(', ');
  return new Fault('unknown-switch', `There is no switch "${clip(name, 64)}".`, {
    hint: `Name one of these: ${known}.`,
  });
}

/** The switch that a command is for: its topic's, the one that it names, or the only one its device may move. Throws `malformed`. */
export function targetOf(
  caller: Caller,
  onSwitch: string | undefined,
  named: string | undefined,
  switches: readonly string[],
): string {
  if (onSwitch !== undefined) {
    if (named === undefined || named === onSwitch) return onSwitch;
    throw new Fault('malformed', `The command names the switch "${named}", and was sent to "${onSwitch}".`, {
      hint: 'Leave "switch" out, or send it to the topic of that switch.',
    });
  }
  if (named !== undefined) return named;
  const on = caller.kind === 'device' ? caller.device.on : [];
  const may = on.includes('*') ? switches : on;
  const [only, ...others] = may;
  if (only !== undefined && others.length === 0) return only;
  throw new Fault('malformed', `The command does not say which switch it is for.`, {
    hint: `Add "switch", such as {"command":"failover","switch":"${only ?? 'www'}"}; this device may move ${may.join(', ')}.`,
  });
}
