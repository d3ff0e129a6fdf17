import type { StepContext, StepResult } from '../../engine/runbook.ts';
import type { JobData } from '../command.ts';
import type { Walk } from './walk.ts';

export type GuardDetail =
  | { readonly kind: 'passed' }
  | { readonly kind: 'warned'; readonly warning: string }
  | { readonly kind: 'refused'; readonly message: string };

/**
 * Asks the destination whether it answers. Safe to repeat: it only looks. A failing probe refuses automation, and a
 * human's restore (the primary is still down); to a human's failover and to a drill it is a warning.
 */
export async function guard<State>(walk: Walk<State>, context: StepContext): Promise<StepResult<GuardDetail>> {
  const { run, target, world } = walk;
  const { to } = run.job.data;
  const probe = target.probe[to];
  if (!probe) {
    return { status: 'skipped', text: `No probe is configured for ${to}.`, detail: { kind: 'passed' } };
  }
  const { ok, text } = await world.prober.probe(probe, context.signal);
  context.signal.throwIfAborted();
  if (ok) return { text: `The destination answers: ${text}`, detail: { kind: 'passed' } };

  // Looked up again: a human who joined meanwhile has made it a human's job.
  const why = whyPast((await run.look()).job.data);
  if (why !== null) return { text: `Warning: ${text} ${why}`, detail: { kind: 'warned', warning: text } };
  return {
    status: 'refused',
    text,
    detail: { kind: 'refused', message: `${to} does not answer as it should: ${text}` },
  };
}

/** Why a failing probe does not stop this job, or null when it does. */
export function whyPast({ automatic, command, override }: JobData): string | null {
  if (command === 'drill') return 'This is a drill; a real failover by automation would stop here.';
  if (override.includes('probe-failed')) return 'It goes on, because probe-failed is overridden.';
  return command === 'failover' && !automatic ? 'It goes on, because a human wants it.' : null;
}
