import type { Job, State, Step } from '../../shared/messages.ts';

/** What an endpoint might tell, for tests that need no endpoint. */
export const NOW = Date.UTC(2026, 10, 22, 3, 4, 10);
const at = new Date(NOW).toISOString();

export function stateOf(fields: Partial<State>): State {
  return {
    text: 'www is at primary.',
    switch: 'www',
    position: 'primary',
    from: null,
    to: null,
    revision: 7,
    since: at,
    asOf: at,
    by: null,
    hold: null,
    automation: 'on',
    alerts: [],
    incident: null,
    job: null,
    cachesUntil: null,
    drift: null,
    ...fields,
  };
}

export function jobOf(fields: Partial<Job>): Job {
  return {
    text: 'www moved from primary to maintenance.',
    id: 'job-1',
    switch: 'www',
    command: 'failover',
    from: 'primary',
    to: 'maintenance',
    status: 'succeeded',
    outcome: 'switched',
    verified: true,
    trigger: { kind: 'button', actor: 'lobby', id: null },
    joined: [],
    reason: null,
    revision: 7,
    acceptedAt: at,
    startedAt: at,
    finishedAt: at,
    pressedAt: null,
    cachesUntil: null,
    steps: [],
    error: null,
    ...fields,
  };
}

export function stepOf(name: string, status: Step['status']): Step {
  return { name, status, startedAt: at, finishedAt: status === 'running' ? null : at, text: '', detail: null };
}
