import type { JobEnd } from '../engine/job.ts';
import { type Runbook, Stopped, type StopReason } from '../engine/runbook.ts';
import type { RecordSet } from '../ports.ts';
import type { JobData } from './command.ts';
import { change } from './move/change.ts';
import { drill } from './move/drill.ts';
import { ended, endedUnchanged, errorOf, type Result, stoppedUnchanged } from './move/end.ts';
import { guard, whyPast } from './move/guard.ts';
import { PACE, pause } from './move/pace.ts';
import { isSettledByHuman, propose } from './move/plan.ts';
import { read, type Seen } from './move/read.ts';
import { settle } from './move/settle.ts';
import { verify } from './move/verify.ts';
import { type MoveOptions, take, type Walk } from './move/walk.ts';
import { UNLIMITED } from './rate-budget.ts';
import { reading } from './reading.ts';
import type { ChangePlan } from './plan.ts';
import { ownedAmong, ownedBy } from './records.ts';
import { makeZoneTurns } from './zone-turn.ts';
import { rememberZones } from './zones.ts';

export type { MoveOptions } from './move/walk.ts';

/** Each round reads anew because the records moved under us; so many of them are a fight with another controller. */
const ROUNDS_MAX = 20;

/**
 * The runbook of a switch: guard → read → plan → change → settle → verify. Every step is safe to repeat, and says why;
 * a run that is resumed after a crash goes on from the stored ones. Records that moved, or a change that Route 53 has
 * forgotten, lead back to `read`: the steps of a later round carry its number, `read-2`.
 *
 * What stops only automation is looked at again before it ends the job: a human may have joined since, also since an
 * earlier run has stored it.
 */
export function makeMove<State>(world: MoveOptions<State>): Runbook<JobData, State> {
  const turns = makeZoneTurns();
  const { budget = UNLIMITED } = world;
  const remembering = { ...world, records: rememberZones(world.records) };
  return async (run) => {
    const target = world.switches[run.job.lane];
    if (target)
      return walkThrough({ run, target, world: remembering, turns, budget, pace: { ...PACE, ...world.pace } });
    const message = `dashover.yaml has no switch ${run.job.lane} any more.`;
    return { status: 'failed', data: { ...run.job.data, error: errorOf('unknown-switch', message) } };
  };
}

/** What the end must know of the way so far. */
interface Trail {
  result: Result;
  /** What its newest accepted change has made: said at the end of a job that has succeeded. */
  made: Result;
  /** A change of this job may have been sent: found in place before that, it was made by somebody else. */
  tried: boolean;
  /** A change of this job was accepted and stands: from then on it has succeeded, whatever stops it. */
  accepted: boolean;
  /** The change that Route 53 has refused although the records were as read: refused again, reading does not help. */
  refused: string | null;
}

async function walkThrough<State>(walk: Walk<State>): Promise<JobEnd<JobData>> {
  const trail: Trail = { result: {}, made: {}, tried: false, accepted: false, refused: null };
  try {
    const { detail: guarded } = await take(walk, 'guard', (context) => guard(walk, context));
    if (guarded.kind === 'refused' && whyPast((await walk.run.look()).job.data) === null) {
      return ended(walk, 'refused', { error: errorOf('probe-failed', guarded.message) });
    }
    for (let round = 1; round <= ROUNDS_MAX; round += 1) {
      // The second reading follows at once; after that somebody else is at work too, and haste only feeds the fight.
      const { run, pace } = walk;
      if (round > 2) await pause(walk.world, pace, round - 2, run.deadlineAtMs, run.signal);
      const end = await oneRound(walk, trail, round);
      if (end !== 'again') return end;
    }
    const message = `The records moved ${ROUNDS_MAX} times while they were being changed: something else changes them too.`;
    const error = unlearnt(trail) ?? errorOf('route53-refused', message);
    return ended(walk, 'failed', { ...trail.result, error });
  } catch (error) {
    if (error instanceof Stopped) return stoppedAt(walk, trail, error.reason);
    throw error;
  }
}

async function oneRound<State>(walk: Walk<State>, trail: Trail, round: number): Promise<JobEnd<JobData> | 'again'> {
  const { run, target } = walk;
  const name = (step: string): string => stepName(step, round);

  const { detail: seen } = await take(walk, name('read'), (context) => read(walk, context));
  if (seen.kind === 'failed') {
    const error = unlearnt(trail, seen.message) ?? errorOf(seen.code, seen.message, seen.hint);
    return ended(walk, 'failed', { ...trail.result, error });
  }
  trail.result = { ...trail.result, reading: seen.reading };

  const { detail: plan, acted } = await take(walk, name('plan'), () => propose(walk, seen));
  if (plan.kind === 'refused') {
    if (plan.code === 'drift' && (await isSettledByHuman(walk, seen))) return 'again';
    return ended(walk, 'refused', { ...trail.result, error: errorOf(plan.code, plan.message, plan.hint) });
  }
  if (run.job.data.command === 'drill') return drill(walk, seen, plan);
  if (plan.kind === 'nothing' && !trail.tried) {
    return ended(walk, 'succeeded', { ...trail.result, outcome: 'already-there' });
  }
  if (plan.kind === 'nothing') {
    trail.accepted = true; // of an earlier round, as it turns out
    return finish(walk, trail, name('verify'), ownedLive(walk, seen), seen);
  }

  // From here on the change may have been made, whatever can be learnt of it.
  if (run.job.data.command === 'failover') trail.result = { ...trail.result, before: plan.found };
  const changes = JSON.stringify(plan.changes);
  const circumstances = { resumed: !acted, refusedBefore: trail.refused === changes };
  const { detail: changed } = await take(
    walk,
    name('change'),
    (context) => change(walk, plan, circumstances, context),
    { though: ['interrupted', 'deadline'] },
  );
  trail.tried ||= changed.kind !== 'withheld';
  if (changed.kind === 'again') {
    trail.refused = changed.refused ? changes : null;
    return 'again';
  }
  if (changed.kind === 'withheld' && !(await run.look()).job.data.automatic) return 'again';
  if (changed.kind !== 'accepted') return endedUnchanged(walk, changed, trail.result);

  trail.accepted = true;
  trail.made = { ...made(plan, changed.acceptedAtMs), reading: reading(plan.after, target) };

  const { detail: settled } = await take(walk, name('settle'), (context) => settle(walk, changed.changeId, context));
  if (settled.kind === 'lost') {
    trail.accepted = false;
    const why = 'Route 53 has forgotten the change, and the records have not been read since.';
    trail.result = { ...trail.result, reading: { kind: 'unknown', why } };
    return 'again';
  }
  if (settled.kind === 'insync') trail.made = { ...trail.made, ...made(plan, settled.atMs) };
  if (settled.kind === 'early') return endedEarly(walk, trail, settled.by);
  return finish(walk, trail, name('verify'), plan.after, seen);
}

/** A later round's steps carry its number: names are unique within a job. */
function stepName(step: string, round: number): string {
  return round === 1 ? step : `${step}-${round}`;
}

/** Resolvers may keep the old answers for the old TTL, from the time when no name server gives them any more. */
function made({ maxOldTtlSeconds }: ChangePlan, atMs: number): Result {
  return { outcome: 'switched', cachesUntilMs: atMs + maxOldTtlSeconds * 1_000 };
}

async function finish<State>(
  walk: Walk<State>,
  trail: Trail,
  step: string,
  wanted: readonly RecordSet[],
  { live, zone }: Seen,
): Promise<JobEnd<JobData>> {
  const { detail } = await take(walk, step, (context) => verify(walk, wanted, live, zone, context));
  return ended(walk, 'succeeded', { ...trail.result, ...trail.made, outcome: 'switched', verified: detail.verified });
}

function ownedLive<State>({ target }: Walk<State>, { live }: Seen): readonly RecordSet[] {
  return ownedAmong(live, ownedBy(target.positions));
}

/** Accepted, and told to end before it was settled or verified: a success that was not proved. */
function endedEarly<State>(walk: Walk<State>, trail: Trail, by: 'interrupted' | 'deadline'): JobEnd<JobData> {
  const verified = walk.target.verify || by === 'deadline' ? false : null;
  return ended(walk, 'succeeded', { ...trail.result, ...trail.made, verified });
}

/** Told to stop between steps, or in one that can be left as it is. */
function stoppedAt<State>(walk: Walk<State>, trail: Trail, reason: StopReason): JobEnd<JobData> {
  if (trail.accepted && (reason.kind === 'interrupted' || reason.kind === 'deadline')) {
    return endedEarly(walk, trail, reason.kind);
  }
  const unchanged = 'The records were not changed before the deadline of the job.';
  const end = stoppedUnchanged(walk, reason, unchanged, trail.result);
  const error = unlearnt(trail);
  return error ? ended(walk, 'failed', { ...trail.result, error }) : end;
}

/** A change was forgotten, and the records have not been read since: it may have been made all the same. */
function unlearnt({ result: { reading } }: Trail, why = ''): NonNullable<JobData['error']> | undefined {
  return reading?.kind === 'unknown' ? errorOf('unknown-outcome', `${reading.why} ${why}`.trim()) : undefined;
}
