import type { Switch } from '../../cloud/jobs/switch.ts';
import type { RecordSet } from '../../cloud/ports.ts';
import { must } from './must.ts';
import type { KnownJob, Ledger } from './ledger.ts';
import type { ChangeCall } from './route53.ts';
import { ownedOf, spelled } from './zone.ts';

/** In the tick in which a process sends a change: it owns the job, the job may go on, and (automation) is still wanted. */
export function checkSent(call: ChangeCall, beside: boolean, ledger: Ledger, nowMs: number): void {
  const job = ledger.jobs.get(call.job);
  const words = `${call.process} sends a change for ${call.job}`;
  must(!beside, () => `${words} while another one in the same zone is not answered`);
  must(job !== undefined, () => `${words}, which does not exist`);
  if (!job) return;
  must(job.status === 'running', () => `${words}, which is ${job.status}`);
  must(ledger.owns(call.process, job.id), () => `${words}, which another process owns`);
  must(!job.interrupted, () => `${words}, which was told to stop`);
  must(job.data.command !== 'drill', () => `${words}, a drill`);
  must(nowMs < (job.deadlineAtMs ?? 0), () => `${words} after its deadline`);
  const { startBeforeMs, startedAtMs } = job;
  must(
    startBeforeMs === null || (startedAtMs ?? nowMs) <= startBeforeMs,
    () => `${words}, which was too old when it started`,
  );
  must(
    call.batch.changes.every(({ action }) => action === 'DELETE' || action === 'CREATE'),
    () => `${words} that overwrites`,
  );
  if (job.data.automatic) checkWanted(words, job, ledger);
}

function checkWanted(words: string, { lane, data }: KnownJob, { states }: Ledger): void {
  const state = states.get(lane);
  if (!state) throw new Error(`${words} of a switch without state`);
  must(!state.hold.asked && !state.hold.taken, () => `${words} by automation on a switch that is held`);
  must(!state.tripped, () => `${words} by automation on a switch that is tripped`);
  const open = state.alerts.filter((alert) => alert.open);
  if (data.command === 'restore') must(open.length === 0, () => `${words}, a restore, while an alert is open`);
  else
    must(
      open.some(({ key, acknowledged }) => key === data.alert && !acknowledged),
      () => `${words}, whose alert is not open any more`,
    );
}

export interface Carried {
  readonly call: ChangeCall;
  readonly target: Switch;
  readonly before: readonly RecordSet[];
  readonly after: readonly RecordSet[];
  readonly nowMs: number;
}

/**
 * When a change has been carried out: the records are one whole position, nothing else was touched, and the job did it
 * once. One that arrives when its sender has long lost the job (a late process, a slow network) counts as somebody
 * else's: only compare-and-swap stood between it and the records.
 */
export function checkApplied({ call, target, before, after, nowMs }: Carried, ledger: Ledger): 'in time' | 'late' {
  const job = ledger.jobs.get(call.job);
  const words = `the change of ${call.process} for ${call.job}`;
  if (!job) throw new Error(`${words} belongs to no job`);
  const history = ledger.history.get(target.name) ?? [];
  const wanted = wantedBy(job, target, ledger);
  must(wanted !== undefined && spelled(ownedOf(after, target)) === spelled(wanted), () => {
    return `${words} left the records as\n${spelled(ownedOf(after, target))}\nand not at ${job.data.to}`;
  });
  // What was read when it was planned is what it replaced.
  const there = new Set(before.map((set) => spelled([set])));
  for (const { action, set } of call.batch.changes) {
    must(action !== 'DELETE' || there.has(spelled([set])), () => `${words} replaced what it had not read`);
  }
  const others = (sets: readonly RecordSet[]): string =>
    spelled(sets.filter((set) => !ownedOf(sets, target).includes(set)));
  must(others(before) === others(after), () => `${words} touched records of others`);
  for (const name of new Set(before.map((set) => set.name))) {
    must(!answers(before, name) || answers(after, name), () => `${words} left ${name} without an answer`);
  }
  const late = job.status !== 'running' || !ledger.owns(call.process, job.id);
  if (!late) {
    const last = history.findLastIndex(({ by }) => by === job.id);
    must(last === -1 || last < history.length - 1 || job.forgotten, () => `${words} was made twice`);
  }
  history.push({ by: late ? null : job.id, atMs: nowMs });
  return late ? 'late' : 'in time';
}

/** The sets that a job goes for. */
export function wantedBy(
  { data, lane }: KnownJob,
  target: Switch,
  { states }: Ledger,
): readonly RecordSet[] | undefined {
  if (data.to !== 'before') return target.positions[data.to];
  return data.before ?? states.get(lane)?.before ?? undefined;
}

function answers(sets: readonly RecordSet[], name: string): boolean {
  return sets.some((set) => set.name === name && ['A', 'AAAA', 'CNAME'].includes(set.type));
}
