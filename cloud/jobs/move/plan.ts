import type { StepRow } from '../../engine/job.ts';
import type { StepResult } from '../../engine/runbook.ts';
import type { RecordSet } from '../../ports.ts';
import { plan, type Plan } from '../plan.ts';
import type { PlanRefusal } from '../plan-refusal.ts';
import { ownedAmong, ownedBy, setInWords, setsInWords } from '../records.ts';
import type { Seen } from './read.ts';
import type { Walk } from './walk.ts';

type Change = Extract<Plan, { kind: 'change' }>;

export type PlanDetail = Plan & {
  /** The owned sets that a failover found at no known position: kept for a restore to `before`. */
  readonly found: readonly RecordSet[] | null;
};

/** What the newest plan among these steps has found at no known position, or null. */
export function foundBy(steps: readonly StepRow[]): readonly RecordSet[] | null {
  const plan = steps.findLast(({ name, status }) => name.startsWith('plan') && status === 'succeeded');
  return (plan?.detail as PlanDetail | undefined)?.found ?? null;
}

/**
 * Decides what to send, from what was read. Safe to repeat: it changes nothing. Its stored detail holds before and
 * after, so the inverse of the change is on disk before the change is sent.
 */
export async function propose<State>(walk: Walk<State>, seen: Seen): Promise<StepResult<PlanDetail>> {
  const { run, target, world } = walk;
  const { job, state } = await run.look();
  const { command, to } = job.data;
  const drifted = seen.reading.kind === 'drifted';
  const owned = ownedBy(target.positions);
  const wanted = to === 'before' ? (job.data.before ?? world.beforeOf(state)) : target.positions[to];

  const refusal = driftRefusal(walk, seen, world.beforeOf(state));
  if (refusal || !wanted) {
    const refused = refusal ?? nowhere(to);
    return { status: 'refused', text: refused.message, detail: { ...refused, found: null } };
  }
  const planned = plan(seen.live, wanted, owned, { id: target.zone, name: seen.zone?.name ?? null }, to);
  const found = drifted && command === 'failover' ? ownedAmong(seen.live, owned) : null;
  const detail: PlanDetail = { ...planned, found };
  switch (planned.kind) {
    case 'nothing':
      return { text: `Nothing to change: the records are already as in ${to}.`, detail };
    case 'refused':
      return { status: 'refused', text: planned.message, detail };
    case 'change': {
      const kept = found
        ? ' The values found there belong to no position; they are kept, for a restore to before.'
        : '';
      return { text: `One change, all or nothing: ${changesInWords(planned)}.${kept}`, detail };
    }
  }
}

/** Whether what was refused as drift may go on by now: a human who has joined since may have said what to restore. */
export async function isSettledByHuman<State>(walk: Walk<State>, seen: Seen): Promise<boolean> {
  const { state } = await walk.run.look();
  return driftRefusal(walk, seen, walk.world.beforeOf(state)) === undefined;
}

/** `delete A www.example.com 192.0.2.10 (60 s), create CNAME www.example.com …`. */
export function changesInWords({ changes }: Change): string {
  return inWords(changes.map(({ action, set }) => ({ verb: action.toLowerCase(), set })));
}

/** The change that would take it back: what was created is deleted, what was deleted is created. */
export function inverseInWords({ changes }: Change): string {
  const undone = changes.map(({ action, set }) => ({ verb: action === 'DELETE' ? 'create' : 'delete', set }));
  return inWords([
    ...undone.filter(({ verb }) => verb === 'delete'),
    ...undone.filter(({ verb }) => verb === 'create'),
  ]);
}

function inWords(changes: readonly { readonly verb: string; readonly set: RecordSet }[]): string {
  const shown = changes.slice(0, 8).map(({ verb, set }) => `${verb} ${setInWords(set)}`);
  const more = changes.length > shown.length ? ` and ${changes.length - shown.length} more` : '';
  return `${shown.join(', ')}${more}`;
}

/**
 * Foreign values do not stop a failover. A restore would overwrite what somebody put there, or leave behind what the
 * failover found and kept: a human decides, by naming the position or overriding the guard; automation never does.
 */
function driftRefusal<State>(
  { run }: Walk<State>,
  { reading }: Seen,
  kept: readonly RecordSet[] | null,
): PlanRefusal | undefined {
  const { command, to, toNamed, automatic, override } = run.job.data;
  if (command !== 'restore' || to === 'before') return undefined;
  if (!automatic && (toNamed || override.includes('drift'))) return undefined;
  const drifted = reading.kind === 'drifted';
  const home = reading.kind === 'position' && reading.position === 'primary';
  if (!drifted && (kept === null || home)) return undefined;
  return {
    kind: 'refused',
    code: 'drift',
    message: drifted
      ? 'The live records equal no position; a restore would overwrite what somebody has put there.'
      : `The failover found records that equalled no position (${setsInWords(kept ?? [])}), and a restore to primary would not bring them back.`,
    hint: 'Say restore with "to":"primary" for the configured records or "to":"before" for those found by the failover, or override drift.',
  };
}

function nowhere(to: string): PlanRefusal {
  if (to !== 'before') {
    return {
      kind: 'refused',
      code: 'unknown-position',
      message: `The switch has no position ${to} any more.`,
      hint: 'Name a position of dashover.yaml as it is now.',
    };
  }
  return {
    kind: 'refused',
    code: 'unknown-position',
    message: 'No records are kept as before: the last failover found a known position.',
    hint: 'Say restore with "to":"primary".',
  };
}
