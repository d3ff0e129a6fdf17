import type { CommandName } from '../../shared/command.ts';
import type { Job, JobMessage, JobStatus, RefusalMessage, State } from '../../shared/messages.ts';

/** The endpoint's own clock in these samples: so many seconds after noon. */
export const at = (second: number): string => new Date(Date.UTC(2026, 10, 22, 12, 0, second)).toISOString();

export function stateOf(position: string, changes: Partial<State> = {}): State {
  return {
    text: `www is at ${position}.`,
    switch: 'www',
    position,
    from: null,
    to: null,
    revision: 7,
    since: at(0),
    asOf: at(0),
    by: null,
    hold: null,
    automation: 'on',
    alerts: [],
    incident: null,
    job: null,
    cachesUntil: null,
    drift: null,
    ...changes,
  };
}

export function jobOf(id: string, command: CommandName, status: JobStatus, changes: Partial<Job> = {}): Job {
  const over = !['waiting', 'queued', 'running'].includes(status);
  return {
    text: `The ${command} of www is ${status}.`,
    id: `job-of-${id}`,
    switch: 'www',
    command,
    from: 'primary',
    to: command === 'restore' ? 'primary' : 'maintenance',
    status,
    outcome: status === 'succeeded' ? (command === 'drill' ? 'drilled' : 'switched') : null,
    verified: status === 'succeeded' ? true : null,
    trigger: { kind: 'button', actor: 'lobby', id },
    joined: [],
    reason: null,
    revision: 7,
    acceptedAt: at(1),
    startedAt: status === 'waiting' || status === 'queued' ? null : at(1),
    finishedAt: over ? at(5) : null,
    pressedAt: at(0),
    cachesUntil: null,
    steps: [],
    error: null,
    ...changes,
  };
}

export function told(job: Job): JobMessage {
  if (job.finishedAt !== null) return { type: 'finished', job };
  return { type: job.status === 'running' ? 'step' : 'accepted', job };
}

export function refusal(id: string | null, code: string): RefusalMessage {
  const error = { code, message: `It is ${code}.`, hint: 'Look again.', guard: null };
  return { type: 'refused', text: `Refused: ${code}.`, id, error };
}
