import type { StepRow } from '../../cloud/engine/job.ts';
import type { Decision, JobChange, Outgoing } from '../../cloud/engine/lane.ts';
import type { Claim, Rule, Store, Turn } from '../../cloud/engine/store.ts';
import type { Json } from '../../shared/json.ts';

type Plan = Partial<Decision<Json, Json, Json, Json>>;

export const NOW = 1_000;

export function turn(more: Partial<Turn> = {}): Turn {
  return { lane: 'www', nowMs: NOW, newJobId: 'new', owner: 'me', leaseUntilMs: NOW + 4_000, ...more };
}

export function rule(plan: Plan): Rule<Json> {
  return (state) => ({ state: state ?? null, reply: null, jobs: [], journal: [], outgoing: [], ...plan });
}

export function add(id: string, more: Partial<Extract<JobChange<Json>, { kind: 'add' }>> = {}): JobChange<Json> {
  return {
    kind: 'add',
    id,
    status: 'running',
    exclusive: true,
    sender: 'ops',
    commandId: null,
    data: { made: id },
    deadlineAtMs: NOW + 60_000,
    ...more,
  };
}

export function note(body: Json, more: Partial<Outgoing> = {}): Outgoing {
  return { receiver: 'mqtt', key: null, body, expiresAtMs: null, ...more };
}

export function step(name: string, more: Partial<StepRow> = {}): StepRow {
  return { name, status: 'succeeded', startedAtMs: NOW, finishedAtMs: NOW + 1, text: name, detail: null, ...more };
}

/** A running job with its lease. */
export async function started(store: Store, id = 'job', more: Partial<Turn> = {}): Promise<Claim> {
  const decided = await store.decide(turn(more), rule({ jobs: [add(id)] }));
  const claim = decided === 'lease-lost' ? undefined : decided.started[0];
  if (!claim) throw new Error(`job ${id} did not start`);
  return claim;
}
