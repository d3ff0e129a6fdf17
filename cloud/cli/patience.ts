import { setTimeout as sleep } from 'node:timers/promises';
import { isFault } from '../../shared/faults.ts';
import type { RateBudget } from '../jobs/rate-budget.ts';
import type { RecordSet, RecordStore } from '../ports.ts';

/** The account's five requests a second are shared with everybody in it: so long between two attempts. */
const THROTTLED_PAUSES_MS = [500, 1_000, 2_000, 4_000];
const UNREACHABLE_PAUSES_MS = [500];
/** Route 53 answers in tenths of a second. */
const CALL_MS_MAX = 15_000;

/** Questions to Route 53. For questions only: a change is never sent twice. */
export interface Patience {
  /** Asks in its turn, again when it is throttled or does not answer. */
  ask<Answer>(question: (signal: AbortSignal) => Promise<Answer>): Promise<Answer>;
  /** Every set at the names, each name a question of its own. */
  read(records: Pick<RecordStore, 'read'>, zone: string, names: readonly string[]): Promise<readonly RecordSet[]>;
}

/** `budget` keeps what is asked below the account's requests a second, of which the endpoint and others want some too. */
export function makePatience(budget: RateBudget): Patience {
  async function ask<Answer>(question: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    for (let attempt = 0; ; attempt += 1) {
      await budget.take('human', new AbortController().signal);
      try {
        return await question(AbortSignal.timeout(CALL_MS_MAX));
      } catch (error) {
        const pauseMs = pausesAfter(error)[attempt];
        if (pauseMs === undefined) throw error;
        await sleep(pauseMs);
      }
    }
  }
  return {
    ask,
    async read(records, zone, names) {
      const sets: RecordSet[] = [];
      for (const name of new Set(names)) sets.push(...(await ask((signal) => records.read(zone, [name], signal))));
      return sets;
    },
  };
}

function pausesAfter(error: unknown): readonly number[] {
  if (isFault(error, 'route53-throttled')) return THROTTLED_PAUSES_MS;
  return isFault(error, 'route53-unreachable') ? UNREACHABLE_PAUSES_MS : [];
}
