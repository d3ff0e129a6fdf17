import { isFault } from '../../../shared/faults.ts';
import type { StepContext, StepResult } from '../../engine/runbook.ts';
import { within } from '../within.ts';
import { stopOf, timeOfDay, type Walk, weather } from './walk.ts';

export type SettleDetail =
  | { readonly kind: 'insync'; readonly atMs: number }
  /** Nobody can ask Route 53 about this change: its id was lost with its reply. */
  | { readonly kind: 'unasked' }
  /** Route 53 no longer knows the change (it was lost in a recovery of the control plane): read and plan again. */
  | { readonly kind: 'lost' }
  /** Told to stop before it was INSYNC. */
  | { readonly kind: 'early'; readonly by: 'interrupted' | 'deadline' };

/**
 * Waits until Route 53 says that all its name servers have the change (INSYNC). Safe to repeat: it only asks. It was
 * accepted, so being told to stop ends this step and not the success.
 */
export async function settle<State>(
  walk: Walk<State>,
  changeId: string | null,
  context: StepContext,
): Promise<StepResult<SettleDetail>> {
  const { run, target, world, budget, pace } = walk;
  if (changeId === null) {
    const text = 'The id of the change was lost with its reply, so Route 53 cannot be asked how far it is.';
    return { status: 'skipped', text, detail: { kind: 'unasked' } };
  }
  let told = '';
  for (let look = 0; ; look += 1) {
    await world.clock.sleep(pace.settlePollMs[look] ?? pace.settlePollMs.at(-1) ?? 4_000, context.signal);
    try {
      await budget.take('settle', context.signal);
      const status = await within(world.clock, pace.callMs, context.signal, (signal) =>
        world.records.changeStatus(changeId, signal),
      );
      if (status === 'insync') {
        const atMs = world.clock.nowMs();
        return { text: 'INSYNC: every Route 53 name server has the change.', detail: { kind: 'insync', atMs } };
      }
      told = await tell(context, told, `PENDING: Route 53 is passing the change on, usually within 60 s.`);
    } catch (error) {
      const stop = stopOf(context.signal);
      if (stop?.kind === 'interrupted' || stop?.kind === 'deadline') {
        const why = stop.kind === 'deadline' ? 'the deadline of the job has come' : 'the job was told to end';
        const text = `The change was accepted and is still PENDING; ${why}.`;
        return { status: 'skipped', text, detail: { kind: 'early', by: stop.kind } };
      }
      if (isFault(error, 'route53-change-missing')) {
        const text = 'Route 53 no longer knows the change; the records are read again.';
        return { status: 'skipped', text, detail: { kind: 'lost' } };
      }
      if (isFault(error, 'route53-refused') || isFault(error, 'route53-zone-missing')) {
        return { status: 'skipped', text: error.message, detail: { kind: 'unasked' } };
      }
      const { message } = weather(error);
      world.log.warn({ job: run.job.id, switch: target.name }, message);
      told = await tell(context, told, `${message} Asking again until ${timeOfDay(run.deadlineAtMs)}.`);
    }
  }
}

/** Says each thing once: a poll that finds nothing new is no news. */
async function tell(context: StepContext, told: string, text: string): Promise<string> {
  if (text !== told) await context.progress(text, null);
  return text;
}
