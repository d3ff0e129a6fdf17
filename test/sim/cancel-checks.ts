import { must } from './must.ts';
import type { Ledger } from './ledger.ts';
import type { Decided } from './store.ts';

/**
 * A job can be cancelled until its change has been sent, and no longer: then it is answered `too-late`, and goes on. The
 * send and a decision of the same moment have no order that anybody could see.
 */
export function checkCancel({ event, decision, turn }: Decided, ledger: Ledger): void {
  if (event.kind !== 'command' || (event.command.kind !== 'cancel' && event.command.kind !== 'hold')) return;
  for (const job of ledger.jobs.values()) {
    if (job.sentAtMs === null || job.sentAtMs >= turn.nowMs) continue;
    const stops = decision.jobs.some(({ kind, id }) => id === job.id && (kind === 'interrupt' || kind === 'update'));
    must(!stops, () => `a ${event.command.kind} stops ${job.id}, whose change was sent`);
  }
  if (event.command.kind !== 'cancel') return;
  const job = ledger.jobs.get(event.command.job);
  if (!job) return;
  if (job.sentAtMs !== null && job.sentAtMs < turn.nowMs) {
    must(decision.reply.refusal !== null, () => `${job.id} is cancelled although its change was sent`);
  }
  if (decision.reply.refusal === null) job.cancelled = true;
}
