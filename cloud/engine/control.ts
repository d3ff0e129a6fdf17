import { type StopReason, Stopped } from './runbook.ts';

/** The reasons that a step may be allowed to outlast. */
export type Outlasted = readonly ('interrupted' | 'deadline')[];

/** What stops a run: reasons arrive from heartbeat, rules and shutdown; the run looks here before everything it does. */
export interface Control {
  stop(reason: StopReason): void;
  /** Aborts at the first reason that is not outlasted. */
  signal(though?: Outlasted): AbortSignal;
  /** Throws `Stopped` when there is a reason that is not outlasted. */
  check(though?: Outlasted): void;
  /** The reason to stop, if any: a lost lease and a shutdown before the others, of those the first that came. */
  reason(though?: Outlasted): StopReason | undefined;
}

/** Whatever a step may outlast, these stop it. */
export const ALL_BUT_HARD: Outlasted = ['interrupted', 'deadline'];

export function makeControl(): Control {
  const reasons: StopReason[] = [];
  // One signal for each set of outlasted reasons; sets are few, and a signal must be the same one every time.
  const signals = [[], ['interrupted'], ['deadline'], ['interrupted', 'deadline']].map((though) => {
    return { though, controller: new AbortController() };
  });

  function reason(though: Outlasted = []): StopReason | undefined {
    const hard = reasons.find(({ kind }) => kind === 'lease-lost') ?? reasons.find(({ kind }) => kind === 'shutdown');
    return hard ?? reasons.find(({ kind }) => !outlasts(though, kind));
  }

  return {
    stop(why) {
      if (reasons.some(({ kind }) => kind === why.kind)) return;
      reasons.push(why);
      for (const { though, controller } of signals) if (!outlasts(though, why.kind)) controller.abort(new Stopped(why));
    },
    signal(though = []) {
      const same = signals.find(
        (one) =>
          outlasts(one.though, 'interrupted') === outlasts(though, 'interrupted') &&
          outlasts(one.though, 'deadline') === outlasts(though, 'deadline'),
      );
      if (!same) throw new Error(`no signal outlasts ${though.join(' and ')}`);
      return same.controller.signal;
    },
    check(though) {
      const why = reason(though);
      if (why) throw new Stopped(why);
    },
    reason,
  };
}

function outlasts(though: readonly string[], kind: StopReason['kind']): boolean {
  return though.includes(kind);
}
