import type { WorldEvent } from './events.ts';

/** One event in one line for people, or null when it says nothing new. Times are UTC, as in the sentences. */
export function lineOf(event: WorldEvent, atMs: number): string | null {
  const told = tell(event);
  return told && `${new Date(atMs).toISOString().slice(11, 19)}  ${told}`;
}

function tell(event: WorldEvent): string | null {
  switch (event.kind) {
    case 'command':
      return `command   ${event.client} published ${event.text} to ${event.topic}`;
    case 'job':
      return tellJob(event);
    case 'state':
      return `state     ${event.state.text}`;
    case 'presence':
      return `presence  ${event.who} is ${event.online ? 'online' : 'offline'}`;
    case 'refusal':
      return `refused   ${event.text}`;
    case 'dns':
      return `dig       ${event.visit.dns} (${event.visit.site} site, HTTP ${event.visit.status ?? 'no answer'})`;
  }
}

/** A step is told when it has ended, and while it runs when it has something to say. */
function tellJob({ type, job, step }: Extract<WorldEvent, { kind: 'job' }>): string | null {
  if (type === 'accepted') return `accepted  ${job.text}`;
  if (type === 'finished') return `finished  ${job.text}`;
  if (!step || (step.status === 'running' && step.text === '')) return null;
  return `step      ${step.name}: ${step.text}`;
}
