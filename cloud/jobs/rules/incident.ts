import type { Incident, SwitchState } from '../state.ts';

/** The acceptance of a failover opens an incident, unless one is open. */
export function openIncident(state: SwitchState, job: string, by: Incident['by']): SwitchState {
  if (state.incident) return state;
  return { ...state, incident: { id: job, by, moved: false, holdRanOut: false } };
}

/** A human made the failover that opened the incident their own: automation did not open it then. */
export function takeOverIncident(state: SwitchState, job: string): SwitchState {
  return state.incident?.id === job ? { ...state, incident: { ...state.incident, by: 'human' } } : state;
}

/** A failover of the incident has succeeded, or may have: from now on only a restore ends it. */
export function confirmIncident(state: SwitchState): SwitchState {
  return state.incident ? { ...state, incident: { ...state.incident, moved: true } } : state;
}

/** What may have been a failover of it was none: it has `moved` the switch as far as it had before. */
export function unconfirmIncident(state: SwitchState, moved: boolean): SwitchState {
  return state.incident ? { ...state, incident: { ...state.incident, moved } } : state;
}

/** A human has failed it over, perhaps once more: what ran out before was another hold than the one that this one takes. */
export function claimIncident(state: SwitchState): SwitchState {
  return state.incident ? { ...state, incident: { ...state.incident, holdRanOut: false } } : state;
}

/** Automation restores what it began itself, and what a human began whose hold has run out by its own time. */
export function isForAutomation({ incident }: Pick<SwitchState, 'incident'>): boolean {
  return incident !== null && (incident.by === 'automation' || incident.holdRanOut);
}

export function endIncident(state: SwitchState): SwitchState {
  return { ...state, incident: null, heldRecovery: null, coolingSinceMs: null };
}

/** An incident whose failovers all ended without moving anything was none. */
export function dropEmptyIncident(state: SwitchState, failoverInHand: boolean): SwitchState {
  return state.incident && !state.incident.moved && !failoverInHand ? endIncident(state) : state;
}
