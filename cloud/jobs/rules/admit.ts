import { list, who } from '../text.ts';
import { durationInWords } from '../../../shared/duration.ts';
import type { SwitchCommand } from '../command.ts';
import { recordsBefore, type SwitchState } from '../state.ts';
import type { Switch } from '../switch.ts';
import { refusal, type CodedRefusal } from './refusal.ts';

export type MoveCommand = Extract<SwitchCommand, { kind: 'move' }>;

/** What admission says: the position to go to, and the refusal when there is one. */
export type Admission =
  | { readonly kind: 'admitted'; readonly to: string }
  /** Not a command for this switch at all: no job. */
  | { readonly kind: 'turned-away'; readonly error: CodedRefusal }
  /** A right command at a wrong time: recorded as a refused job. */
  | { readonly kind: 'refused'; readonly to: string; readonly error: CodedRefusal };

/** The guards that a human may pass over by name. */
export const OVERRIDABLE: readonly string[] = ['probe-failed', 'drift'];

/** Stage one: is it a command for this switch, is it fresh, and was it meant for the state as it is now? */
export function admit(move: MoveCommand, settings: Switch, state: SwitchState): Admission {
  const override = checkOverride(move);
  if (override) return { kind: 'turned-away', error: override };
  const target = targetOf(move, settings, state);
  if (typeof target !== 'string') return { kind: 'turned-away', error: target };
  const late = tooLate(move, state);
  return late ? { kind: 'refused', to: target, error: late } : { kind: 'admitted', to: target };
}

function checkOverride({ override, origin }: MoveCommand): CodedRefusal | undefined {
  if (override.length === 0) return undefined;
  const unknown = override.filter((id) => !OVERRIDABLE.includes(id));
  if (unknown.length > 0) {
    return refusal(
      'malformed',
      `override names ${list(unknown.map((id) => `"${id}"`))}, which cannot be passed over.`,
      `Only ${OVERRIDABLE.join(' and ')} can be overridden.`,
    );
  }
  if (!origin.automatic && origin.authenticated) return undefined;
  return refusal(
    'not-allowed',
    `${who(origin)} may not override a guard: only a human who has proved who they are may.`,
    'Send the command with a token, from a device, or without override.',
  );
}

function targetOf({ command, to, origin }: MoveCommand, settings: Switch, state: SwitchState): string | CodedRefusal {
  const names = Object.keys(settings.positions);
  switch (command) {
    case 'failover': {
      const target = to ?? settings.failoverTo;
      if (target === 'primary') {
        return refusal(
          'unknown-position',
          `A failover of ${settings.name} does not go to primary.`,
          'Send restore to go back to primary.',
        );
      }
      return known(
        target,
        settings.name,
        names.filter((name) => name !== 'primary'),
      );
    }
    case 'restore': {
      const target = to ?? 'primary';
      if (target === 'primary') return target;
      if (target !== 'before') {
        return refusal(
          'unknown-position',
          `A restore of ${settings.name} goes to primary or to before, not to "${target}".`,
          'Send failover with "to" for another position.',
        );
      }
      return before(settings.name, state, origin.automatic);
    }
    case 'drill':
      return known(to ?? settings.failoverTo, settings.name, names);
  }
}

function known(target: string, name: string, names: readonly string[]): string | CodedRefusal {
  if (names.includes(target)) return target;
  return refusal(
    'unknown-position',
    `${name} has no position "${target}" to go to.`,
    `It can go to ${list(names, 10)}; the positions are in dashover.yaml.`,
  );
}

function before(name: string, state: SwitchState, automatic: boolean): string | CodedRefusal {
  if (automatic) {
    return refusal(
      'unknown-position',
      `Automation restores ${name} to primary only.`,
      'A human may restore to before; automation never chooses between the two.',
    );
  }
  if (recordsBefore(state)) return 'before';
  return refusal(
    'unknown-position',
    `${name} has no records from before: its failover found them at a position.`,
    'Send restore without "to" to go back to primary.',
  );
}

function tooLate(move: MoveCommand, state: SwitchState): CodedRefusal | undefined {
  const { ageMs, expiresInMs, ifRevision, command } = move;
  // Automatic commands have no age: their alert decides.
  if (expiresInMs !== null && ageMs > expiresInMs) {
    return refusal(
      'expired',
      `The command was ${durationInWords(ageMs)} old when it arrived; it was good for ${durationInWords(expiresInMs)}.`,
    );
  }
  // A failover is never refused as stale: in an emergency the newest wish counts, whatever its sender last saw.
  if (ifRevision !== null && ifRevision !== state.revision && command !== 'failover') {
    return refusal(
      'stale',
      `The command was meant for revision ${ifRevision} of the switch; it is now at revision ${state.revision}.`,
    );
  }
  return undefined;
}
