import type { Json } from '../../../shared/json.ts';
import type { JobStatus } from '../../../shared/messages.ts';
import { isUnfinished, type JobEnd, type JobRow } from '../../engine/job.ts';
import type { JobChange, JournalEntry, Outgoing } from '../../engine/lane.ts';
import { jobMessages } from '../announce.ts';
import type { Interrupt, JobData } from '../command.ts';
import { jobInWords } from '../sentences.ts';
import { type Everywhere, startOf, type SwitchState } from '../state.ts';
import type { Automation, Switch } from '../switch.ts';

/**
 * One decision in the making: what the stages have said so far, and what is to be stored of it. It lives for one call
 * of `decide` and is the only thing in the rules that is written to.
 */
export interface Draft {
  readonly settings: Switch;
  readonly automation: Automation;
  readonly nowMs: number;
  /** For the one job that a decision may add. */
  readonly newJobId: string;
  idTaken: boolean;
  state: SwitchState;
  everywhere: Everywhere;
  /** The unfinished jobs of the switch as they will be, oldest first. */
  jobs: readonly JobRow<JobData>[];
  changes: readonly JobChange<JobData>[];
  readonly journal: JournalEntry[];
  readonly messages: Outgoing[];
  /** Automation tripped everywhere in this decision: the other switches must hear of it. */
  tripped: boolean;
}

/** A line of the journal; `detail` names the job, the guard, the alert. */
export function write(draft: Draft, kind: string, text: string, detail: { readonly [key: string]: Json } = {}): void {
  draft.journal.push({ kind, lane: draft.settings.name, text, detail });
}

export interface NewJob {
  readonly status: JobStatus;
  readonly sender: string;
  readonly commandId: string | null;
  readonly data: JobData;
}

/** Adds the decision's one job, tells its sender, and writes it into the journal as its status says. */
export function addJob(draft: Draft, { status, sender, commandId, data }: NewJob): JobRow<JobData> {
  if (draft.idTaken) throw new Error(`a second job in one decision on ${draft.settings.name}`);
  draft.idTaken = true;
  const { nowMs, newJobId: id } = draft;
  const running = status === 'running';
  const exclusive = data.command !== 'drill';
  const deadlineAtMs = running ? deadline(draft) : null;
  const job: JobRow<JobData> = {
    id,
    lane: draft.settings.name,
    status,
    exclusive,
    sender,
    commandId,
    data,
    acceptedAtMs: nowMs,
    startedAtMs: running ? nowMs : null,
    finishedAtMs: isUnfinished({ status }) ? null : nowMs,
    deadlineAtMs,
    interrupt: null,
    steps: [],
  };
  draft.changes = [...draft.changes, { kind: 'add', id, status, exclusive, sender, commandId, data, deadlineAtMs }];
  if (isUnfinished(job)) draft.jobs = [...draft.jobs, job];
  tell(draft, isUnfinished(job) ? 'accepted' : 'finished', job);
  return job;
}

/** A waiting or queued job begins. */
export function startJob(draft: Draft, job: JobRow<JobData>): JobRow<JobData> {
  const { note: _waited, ...accepted } = job.data;
  // The job before it may have moved the switch since this one was accepted.
  const data = { ...accepted, from: startOf(draft.state) };
  const deadlineAtMs = deadline(draft);
  const started: JobRow<JobData> = { ...job, status: 'running', data, startedAtMs: draft.nowMs, deadlineAtMs };
  draft.changes = [...draft.changes, { kind: 'start', id: job.id, deadlineAtMs, data }];
  swap(draft, started);
  write(draft, 'started', jobInWords(started), about(started));
  return started;
}

/** New data of an unfinished job; its status stays. */
export function updateJob(draft: Draft, job: JobRow<JobData>, data: JobData): JobRow<JobData> {
  const updated = { ...job, data };
  draft.changes = [...draft.changes, { kind: 'update', id: job.id, status: job.status, data }];
  swap(draft, updated);
  return updated;
}

/** A job ends, from whatever status; told to everybody and written into the journal under its status. */
export function endJob(draft: Draft, job: JobRow<JobData>, end: JobEnd<JobData>): JobRow<JobData> {
  const ended: JobRow<JobData> = { ...job, ...end, finishedAtMs: draft.nowMs };
  // What was to be written to it while it was unfinished is in its last data too.
  const others = draft.changes.filter((change) => change.id !== job.id || change.kind === 'alias');
  draft.changes = [...others, { kind: 'update', id: job.id, ...end }];
  draft.jobs = draft.jobs.filter(({ id }) => id !== job.id);
  tell(draft, 'finished', ended);
  write(draft, end.status, jobInWords(ended), about(ended));
  return ended;
}

/** A running job is told to stop at its next safe place. */
export function interruptJob(draft: Draft, job: JobRow<JobData>, reason: Interrupt): void {
  draft.changes = [...draft.changes, { kind: 'interrupt', id: job.id, reason }];
  swap(draft, { ...job, interrupt: reason });
  write(draft, 'interrupted', `The running ${job.data.command} is told to stop: ${reason.text}`, about(job));
}

function tell(draft: Draft, type: 'accepted' | 'finished', job: JobRow<JobData>): void {
  draft.messages.push(...jobMessages(type, job, draft.nowMs));
}

/** What a journal line says of a job besides its sentence. */
export function about({ id, data, status }: JobRow<JobData>): { readonly [key: string]: Json } {
  return {
    job: id,
    status,
    command: data.command,
    from: data.from,
    to: data.to,
    trigger: data.trigger,
    automatic: data.automatic,
    alert: data.alert,
    override: data.override,
    outcome: data.outcome,
    code: data.error?.code ?? null,
  };
}

function deadline({ nowMs, settings }: Draft): number {
  return nowMs + settings.guards.jobDeadlineMs;
}

function swap(draft: Draft, job: JobRow<JobData>): void {
  draft.jobs = draft.jobs.map((other) => (other.id === job.id ? job : other));
}
