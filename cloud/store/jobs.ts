import type { Json } from '../../shared/json.ts';
import type { JobStatus, StepStatus } from '../../shared/messages.ts';
import type { JobRow, Lease, StepRow } from '../engine/job.ts';
import type { Claim, JobFilter } from '../engine/store.ts';
import type { Sql } from './sql.ts';

interface StoredJob {
  readonly id: string;
  readonly lane: string;
  readonly status: JobStatus;
  readonly exclusive: number;
  readonly sender: string;
  readonly command_id: string | null;
  readonly data: string;
  readonly accepted_at_ms: number;
  readonly started_at_ms: number | null;
  readonly finished_at_ms: number | null;
  readonly deadline_at_ms: number | null;
  readonly interrupt: string | null;
  readonly token: number;
}

interface StoredStep {
  readonly name: string;
  readonly status: StepStatus;
  readonly startedAtMs: number;
  readonly finishedAtMs: number | null;
  readonly text: string;
  readonly detail: string;
}

/** One pruning: short enough that no command waits for it. */
export const PRUNE_MAX = 200;
export const PRUNE_LOOK_MAX = 1_000;

/** Ownership is proved in the `where` of every write of a run: losing it is an answer, not an exception. */
const OURS = "id = ? and owner = ? and token = ? and status = 'running'";

/** All that use this file have one clock: a lease that ends so much later than theirs was given before it was set back. */
const SET_BACK_MS = 60_000;

/** Running, and nobody's any more; of the lanes in a list, or of all. */
const OVER = `status = 'running' and (lease_until_ms <= ? or lease_until_ms > ?)
  and (? is null or lane in (select value from json_each(?)))`;

export interface Takeover {
  readonly nowMs: number;
  readonly untilMs: number;
  readonly lanes?: readonly string[] | undefined;
}

function over({ nowMs, untilMs, lanes }: Takeover): readonly [number, number, string | null, string | null] {
  const list = lanes === undefined ? null : JSON.stringify(lanes);
  return [nowMs, untilMs + SET_BACK_MS, list, list];
}

export function readJob(sql: Sql, id: string): JobRow | undefined {
  const row = sql.one('select * from job where id = ?', id) as StoredJob | undefined;
  return row && jobRow(sql, row);
}

/** The job that this sender's id made or joined before. */
export function readKnown(sql: Sql, sender: string, commandId: string): JobRow | undefined {
  const row = sql.one(
    'select job.* from command join job on job.id = command.job_id where command.sender = ? and command.command_id = ?',
    sender,
    commandId,
  ) as StoredJob | undefined;
  return row && jobRow(sql, row);
}

/** The job, if that lease is still its owner's. */
export function readOwned(sql: Sql, { job, owner, token }: Lease): JobRow | undefined {
  const row = sql.one(`select * from job where ${OURS}`, job, owner, token) as StoredJob | undefined;
  return row && jobRow(sql, row);
}

/** Unfinished jobs of a lane, oldest first. */
export function readUnfinished(sql: Sql, lane: string): readonly JobRow[] {
  const rows = sql.all(
    'select * from job where lane = ? and finished_at_ms is null order by seq',
    lane,
  ) as readonly StoredJob[];
  return rows.map((row) => jobRow(sql, row));
}

/** Newest first; none when `before` names a job that is not there. */
export function readJobs(sql: Sql, filter: JobFilter): readonly JobRow[] {
  const wanted: string[] = [];
  const values: (string | number)[] = [];
  if (filter.lane !== undefined) {
    wanted.push('lane = ?');
    values.push(filter.lane);
  }
  if (filter.status !== undefined) {
    wanted.push('status = ?');
    values.push(filter.status);
  }
  if (filter.before !== undefined) {
    wanted.push('seq < (select seq from job where id = ?)');
    values.push(filter.before);
  }
  const where = wanted.length > 0 ? `where ${wanted.join(' and ')}` : '';
  const rows = sql.all(
    `select * from job ${where} order by seq desc limit ?`,
    ...values,
    filter.limit,
  ) as readonly StoredJob[];
  return rows.map((row) => jobRow(sql, row));
}

/** Extends the leases that still hold; the jobs among them. */
export function extendLeases(sql: Sql, leases: readonly Lease[], untilMs: number): readonly JobRow[] {
  const alive = leases.filter(
    ({ job, owner, token }) =>
      sql.run(`update job set lease_until_ms = ? where ${OURS}`, untilMs, job, owner, token) > 0,
  );
  return alive.flatMap((lease) => readOwned(sql, lease) ?? []);
}

/** Whether there is anything to take over: asked first, so that an idle poll takes no write lock. */
export function anyLeaseOver(sql: Sql, asked: Takeover): boolean {
  return sql.one(`select 1 from job where ${OVER} limit 1`, ...over(asked)) !== undefined;
}

/** Running jobs whose lease is over, oldest first, now under the next fencing token. */
export function takeOver(sql: Sql, owner: string, asked: Takeover): readonly Claim[] {
  const left = sql.all(`select id from job where ${OVER} order by seq`, ...over(asked)) as readonly { id: string }[];
  return left.map(({ id }) => {
    sql.run('update job set owner = ?, token = token + 1, lease_until_ms = ? where id = ?', owner, asked.untilMs, id);
    return claimOf(sql, id, owner);
  });
}

/** The claim of a job that this owner has just been given. */
export function claimOf(sql: Sql, id: string, owner: string): Claim {
  const row = sql.one('select * from job where id = ?', id) as StoredJob | undefined;
  if (!row) throw new Error(`there is no job ${id} to claim`);
  return { job: jobRow(sql, row), lease: { job: id, owner, token: row.token } };
}

/** The token grows here too, so that a late write of the one who gave the job back finds nothing. */
export function handOver(sql: Sql, leases: readonly Lease[]): void {
  for (const { job, owner, token } of leases) {
    sql.run(`update job set owner = null, token = token + 1, lease_until_ms = 0 where ${OURS}`, job, owner, token);
  }
}

/**
 * Looks at the oldest jobs only: the table may be large, and the oldest are those that are due. A number of its own for
 * those looked at, because a few may never end.
 */
export function pruneJobs(sql: Sql, endedByMs: number): number {
  return sql.run(
    `delete from job where id in (
       select id from (select id, finished_at_ms from job order by seq limit ?) where finished_at_ms <= ? limit ?)`,
    PRUNE_LOOK_MAX,
    endedByMs,
    PRUNE_MAX,
  );
}

/** Adds the step, or replaces the one of that name in its place. The caller has proved the lease. */
export function writeStep(sql: Sql, job: string, step: StepRow): void {
  sql.run(
    `insert into step (job_id, place, name, status, started_at_ms, finished_at_ms, text, detail)
     values (?, (select count(*) from step where job_id = ?), ?, ?, ?, ?, ?, ?)
     on conflict (job_id, name) do update set status = excluded.status, started_at_ms = excluded.started_at_ms,
       finished_at_ms = excluded.finished_at_ms, text = excluded.text, detail = excluded.detail`,
    job,
    job,
    step.name,
    step.status,
    step.startedAtMs,
    step.finishedAtMs,
    step.text,
    JSON.stringify(step.detail),
  );
}

function jobRow(sql: Sql, row: StoredJob): JobRow {
  // A job that never started has no step.
  const steps = row.started_at_ms === null ? [] : readSteps(sql, row.id);
  return {
    id: row.id,
    lane: row.lane,
    status: row.status,
    exclusive: row.exclusive === 1,
    sender: row.sender,
    commandId: row.command_id,
    data: JSON.parse(row.data) as Json,
    acceptedAtMs: row.accepted_at_ms,
    startedAtMs: row.started_at_ms,
    finishedAtMs: row.finished_at_ms,
    deadlineAtMs: row.deadline_at_ms,
    interrupt: row.interrupt === null ? null : (JSON.parse(row.interrupt) as Json),
    steps,
  };
}

function readSteps(sql: Sql, job: string): readonly StepRow[] {
  const rows = sql.all(
    `select name, status, started_at_ms as startedAtMs, finished_at_ms as finishedAtMs, text, detail
     from step where job_id = ? order by place`,
    job,
  ) as readonly StoredStep[];
  return rows.map(({ name, status, startedAtMs, finishedAtMs, text, detail }) => {
    return { name, status, startedAtMs, finishedAtMs, text, detail: JSON.parse(detail) as Json };
  });
}
