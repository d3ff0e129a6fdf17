import type { CommandName } from '../../shared/command.ts';
import { Fault } from '../../shared/faults.ts';
import type { Origin } from '../jobs/command.ts';
import { OVERRIDABLE } from '../jobs/rules/admit.ts';
import type { Switch } from '../jobs/switch.ts';

/**
 * The rules say the same, from what they know of the switch; here it is said first, where refusals are limited in rate.
 * Throws `unknown-position` when the command cannot go there: `failover` never to primary, `restore` only to primary or before.
 */
export function checkPosition(settings: Switch, command: CommandName, to: string | undefined): void {
  if (to === undefined) return;
  const positions = Object.keys(settings.positions);
  const allowed = allowedFor(command, positions);
  if (allowed.includes(to)) return;
  const known = positions.includes(to) || to === 'before';
  const sentence = known
    ? `${command} does not go to "${to}".`
    : `The switch "${settings.name}" has no position "${to}".`;
  const elsewhere = command === 'failover' && to === 'primary' ? ' To go to primary, send restore.' : '';
  throw new Fault('unknown-position', sentence, {
    hint: `${command} goes to ${allowed.join(' or ')}.${elsewhere}`,
  });
}

function allowedFor(command: CommandName, positions: readonly string[]): readonly string[] {
  switch (command) {
    case 'failover':
      return positions.filter((name) => name !== 'primary');
    case 'restore':
      return ['primary', 'before'];
    case 'drill':
      return positions;
  }
}

/** Throws `not-allowed` or `malformed`: only humans who proved who they are may pass over a guard, and only over these. */
export function checkOverride(override: readonly string[], origin: Pick<Origin, 'automatic' | 'authenticated'>): void {
  if (override.length === 0) return;
  const unknown = override.find((guard) => !OVERRIDABLE.includes(guard));
  if (unknown !== undefined) {
    throw new Fault('malformed', `override names "${unknown}", which cannot be passed over.`, {
      hint: `override may name ${OVERRIDABLE.join(' and ')}.`,
    });
  }
  if (origin.authenticated && !origin.automatic) return;
  throw new Fault('not-allowed', 'Only a human who has proved who they are may override a guard.', {
    hint: 'Send it without override, or over HTTP with a token, or from a device.',
  });
}
