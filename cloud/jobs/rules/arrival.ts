import type { Asker, SwitchState } from '../state.ts';
import type { Guards } from '../switch.ts';
import { acknowledgeAll } from './alerts.ts';
import { countOwnMove } from './flapping.ts';
import { claimIncident, confirmIncident, endIncident } from './incident.ts';
import { giveBack, takeByFailover } from './ownership.ts';

/** A move that has succeeded, by whomever it was in the end: a human who joined made it theirs. */
export interface Arrival {
  readonly to: string;
  readonly automatic: boolean;
  readonly by: Asker;
  readonly reason: string | null;
  /** The records were changed by it, not found in place. */
  readonly switched: boolean;
}

/** The switch has arrived away from primary. */
export function failoverSucceeded(state: SwitchState, arrival: Arrival, guards: Guards, nowMs: number): SwitchState {
  const confirmed = confirmIncident(state);
  if (!arrival.automatic) {
    return takeByFailover(claimIncident(confirmed), { actor: arrival.by.actor, reason: arrival.reason }, guards, nowMs);
  }
  return arrival.switched ? { ...countOwnMove(confirmed, guards, nowMs), coolingSinceMs: nowMs } : confirmed;
}

/** The switch has arrived at primary, or at the records from before: the incident ends. */
export function restoreSucceeded(state: SwitchState, arrival: Arrival, guards: Guards, nowMs: number): SwitchState {
  const ended = { ...endIncident(state), before: null };
  if (arrival.automatic) return arrival.switched ? countOwnMove(ended, guards, nowMs) : ended;
  const owned = giveBack({ ...ended, alerts: acknowledgeAll(ended.alerts, true) });
  // A human looked at the switch that went back and forth: its limit begins again.
  return owned.tripped?.scope === 'switch' ? { ...owned, tripped: null, moves: [] } : owned;
}
