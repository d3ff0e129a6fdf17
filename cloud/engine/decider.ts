import type { Json } from '../../shared/json.ts';
import type { Asked, Inside, InsideOptions } from './inside.ts';
import type { Decision, Outgoing } from './lane.ts';
import { LEASE_MS } from './limits.ts';
import type { Decided, Turn } from './store.ts';

/** What was committed: the store's account, and the decision itself. */
export interface Committed {
  readonly decided: Decided<unknown>;
  readonly decision: Decision<Json, Json, unknown, Json>;
}

type Parts = Pick<InsideOptions, 'store' | 'rules' | 'clock' | 'ids' | 'owner'>;

/**
 * Asks the rules inside the store's transaction. `committed` is called once after each commit, before the answer goes
 * out; messages to a receiver that is not `reached` are told, but not stored.
 */
export function makeDecider(
  { store, rules, clock, ids, owner }: Parts,
  reached: (message: Outgoing) => boolean,
  committed: (what: Committed) => void,
): Inside['decide'] {
  return async ({ lane, event, question, lease }: Asked) => {
    const nowMs = clock.nowMs();
    const turn: Turn = {
      lane,
      nowMs,
      newJobId: ids.next(),
      owner,
      // Counted from when a job is started, and not from when its lane was waited for: else another endpoint would think
      // us dead in a crowd.
      get leaseUntilMs() {
        return clock.nowMs() + LEASE_MS;
      },
      ...(question && { question }),
      ...(lease && { lease }),
    };
    // A store may try its transaction again: the decision that counts is the last.
    const last: { decision?: Committed['decision']; goesOn?: boolean } = {};
    const decided = await store.decide(turn, (state, seen, known, ended) => {
      const asked = event(known, ended);
      const decision = rules.decide(state === undefined ? rules.initial(lane, nowMs) : state, asked, seen, nowMs);
      if (asked.kind === 'ended') last.goesOn = goesOn(asked.job.id, decision);
      last.decision = decision;
      return { ...decision, outgoing: decision.outgoing.filter(reached) };
    });
    if (decided === 'lease-lost') return decided;
    if (!last.decision) throw new Error(`the store decided lane ${lane} without asking the rules`);
    committed({ decided, decision: last.decision });
    return { reply: decided.reply, goesOn: last.goesOn ?? false };
  };
}

/** Whether the rules have a job go on that was to end. Said by nothing, it would be run again and again by mistake. */
function goesOn(job: string, { jobs }: Committed['decision']): boolean {
  const update = jobs.find((change) => change.kind === 'update' && change.id === job);
  if (update?.kind !== 'update') throw new Error(`the rules were told that job ${job} ended and did not end it`);
  return update.status === 'running';
}
