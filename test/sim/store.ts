import { Fault } from '../../shared/faults.ts';
import type { Json } from '../../shared/json.ts';
import type { JobRow, Lease } from '../../cloud/engine/job.ts';
import type { Decision, LaneEvent } from '../../cloud/engine/lane.ts';
import type { Claim, Store, Turn } from '../../cloud/engine/store.ts';
import type { JobData, Reply, SwitchCommand } from '../../cloud/jobs/command.ts';
import type { SwitchRules } from '../../cloud/jobs/make-rules.ts';
import type { Everywhere, SwitchState } from '../../cloud/jobs/state.ts';
import type { Fuse } from './fuse.ts';
import type { Life } from './life.ts';
import type { PlayedTime } from './time.ts';

/** One decision that was committed. */
export interface Decided {
  readonly turn: Turn;
  readonly event: LaneEvent<SwitchCommand, JobData>;
  readonly state: SwitchState | undefined;
  readonly jobs: readonly JobRow<JobData>[];
  readonly decision: Decision<SwitchState, Everywhere, Reply, JobData>;
}

export interface StoreWatcher {
  /** After its commit, before anybody has the answer. */
  decided(what: Decided): void;
  claimed(claims: readonly Claim[]): void;
  handedOver(leases: readonly Lease[]): void;
  /** A write or a look under this lease was let pass. */
  passed(lease: Lease, what: string): void;
}

/** The shared database, seen through: what is decided in it and under which lease, by whomever. */
export function watchStore(
  store: Store,
  time: PlayedTime,
  watcher: StoreWatcher,
): { readonly store: Store; readonly watchRules: (rules: SwitchRules) => SwitchRules } {
  // A rule is asked synchronously inside its transaction, so the newest event is the one that is being decided.
  let event: Decided['event'] | undefined;

  const watched: Pick<Store, 'decide' | 'step' | 'look' | 'heartbeat' | 'takeOver' | 'handOver'> = {
    async decide(turn, rule) {
      let last: Decided | undefined;
      const answer = await store.decide(turn, (state, seen, known, ended) => {
        const decision = rule(state, seen, known, ended);
        if (!event) throw new Error('a rule was not asked through the watched rules');
        last = {
          turn,
          event,
          state: state as SwitchState | undefined,
          jobs: seen.jobs as unknown as readonly JobRow<JobData>[],
          decision: decision as unknown as Decided['decision'],
        };
        return decision;
      });
      if (answer === 'lease-lost' || !last) return answer;
      if (turn.lease) watcher.passed(turn.lease, 'an end');
      watcher.claimed(answer.started);
      watcher.decided(last);
      return answer;
    },
    async step(lease, step, announce) {
      const answer = await store.step(lease, step, announce);
      if (answer !== 'lease-lost') watcher.passed(lease, `the step ${step.name}`);
      return answer;
    },
    async look(lease) {
      const answer = await store.look(lease);
      if (answer !== 'lease-lost') watcher.passed(lease, 'a look');
      return answer;
    },
    async heartbeat(leases, untilMs) {
      const alive = await store.heartbeat(leases, untilMs);
      for (const lease of leases) if (alive.some(({ id }) => id === lease.job)) watcher.passed(lease, 'a heartbeat');
      return alive;
    },
    async takeOver(owner, nowMs, untilMs, lanes) {
      const claims = await store.takeOver(owner, nowMs, untilMs, lanes);
      watcher.claimed(claims);
      return claims;
    },
    async handOver(leases) {
      await store.handOver(leases);
      watcher.handedOver(leases);
    },
  };

  const through = new Proxy(store, {
    get(target, name) {
      const method: unknown = Reflect.get(name in watched ? watched : target, name);
      if (typeof method !== 'function' || typeof name === 'symbol') return method;
      return (...values: readonly unknown[]) => time.underWay(Reflect.apply(method, target, values) as Promise<Json>);
    },
  });
  return {
    store: through,
    watchRules: (rules) => ({
      ...rules,
      decide(state, asked, seen, nowMs) {
        event = asked;
        return rules.decide(state, asked, seen, nowMs);
      },
    }),
  };
}

export interface Reach {
  readonly life: Life;
  readonly fuse: Fuse;
  readonly isAway: () => boolean;
  /** Whether other endpoints may use it too. News of what they have stored are all lost: nothing may need them. */
  readonly isShared: boolean;
}

/** The database as one process reaches it. Every call is a place where the process can die or freeze, and the database be away. */
export function reachStore(store: Store, { life, fuse, isAway, isShared }: Reach): Store {
  async function call(name: string, act: () => Promise<unknown>): Promise<unknown> {
    const burnt = fuse.burn(name);
    if (burnt === 'before') fuse.blow();
    if (life.isDead() || life.isFrozen()) await life.through();
    if (isAway()) throw new Fault('store-unavailable', 'the database is away');
    try {
      return await act();
    } finally {
      if (burnt === 'after') fuse.blow();
      if (life.isDead() || life.isFrozen()) await life.through();
    }
  }
  const reached = new Proxy(store, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function' || typeof name === 'symbol') return method;
      return (...values: readonly unknown[]) =>
        call(name, () => Reflect.apply(method, target, values) as Promise<unknown>);
    },
  });
  // A store that is shared says so by having this.
  return isShared ? { ...reached, onChange: () => () => undefined } : reached;
}
