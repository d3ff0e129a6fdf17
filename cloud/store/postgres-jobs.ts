import type { Json } from '../../shared/json.ts';
import type { JobStatus, StepStatus } from '../../shared/messages.ts';
import type { JobRow, Lease, StepRow } from '../engine/job.ts';
import type { Claim, JobFilter } from '../engine/store.ts';
import { PRUNE_LOOK_MAX, PRUNE_MAX } from './jobs.ts';
import { fromText, type PgSql, type PgValue, toText } from './postgres-sql.ts';

interface StoredJob {
  readonly id: string;
  readonly lane: string;
  readonly status: JobStatus;
  readonly exclusive: boolean;
  readonly sender: string;
  readonly command_id: string | null;
  readonly data: string;
  readonly accepted_at_ms: number;
  readonly started_at_ms: number | null;
  readonly finished_at_ms: number | null;
  readonly deadline_at_ms: number | null;
  readonly interrupt: string | null;
  readonly token: number;
  readonly steps: readonly StoredStep[];
}

/** Name, status, start, end, text, detail. */
type StoredStep = readonly [string, StepStatus, number, number | null, string, string];

/** A job with its steps, in one answer. */
const JOB = `job.*, coalesce((select json_agg(json_build_array(name, status, started_at_ms, finished_at_ms, text, detail)
  order by place) from step where step.job_id = job.id), '[]') as steps`;

/** Ownership is proved in the `where` of every write of a run: losing it is an answer, not an exception. */
const OURS = "job.id = $1 and job.owner = $2 and job.token = $3 and job.status = 'running'";

function ours({ job, owner, token }: Lease): readonly [string, string, number] {
  return [toText(job), toText(owner), token];
}

export async function readJob(sql: PgSql, id: string): Promise<JobRow | undefined> {
  return first(await sql.all(`select ${JOB} from job where id = $1`, toText(id)));
}

/** The job that this sender's id made or joined before. */
export async function readKnown(sql: PgSql, sender: string, commandId: string): Promise<JobRow | undefined> {
  const rows = await sql.all(
    `select ${JOB} from command join job on job.id = command.job_id
     where command.sender = $1 and command.command_id = $2`,
    toText(sender),
    toText(commandId),
  );
  return first(rows);
}

/** The job, if that lease is still its owner's. */
export async function readOwned(sql: PgSql, lease: Lease): Promise<JobRow | undefined> {
  return first(await sql.all(`select ${JOB} from job where ${OURS}`, ...ours(lease)));
}

/** The same, with the state of the job's lane, as they were at one moment. */
export async function readLook(
  sql: PgSql,
  lease: Lease,
): Promise<{ readonly job: JobRow; readonly state: Json } | undefined> {
  const rows = (await sql.all(
    `select ${JOB}, lane.state as lane_state from job left join lane on lane.name = job.lane where ${OURS}`,
    ...ours(lease),
  )) as readonly (StoredJob & { readonly lane_state: string | null })[];
  const [row] = rows;
  return row && { job: jobRow(row), state: row.lane_state === null ? null : (JSON.parse(row.lane_state) as Json) };
}

/**
 * Holds the job until the commit. A statement of its own before the one that reads: a single one that had to wait for
 * the lock would show the job as it is now beside the steps as they were before.
 */
export async function lockJob(sql: PgSql, id: string): Promise<void> {
  await sql.run('select 1 from job where id = $1 for update', toText(id));
}

/** In the order of their numbers, as everybody who holds several: otherwise two could wait for each other. */
export async function lockUnfinished(sql: PgSql, lane: string): Promise<void> {
  await sql.run('select 1 from job where lane = $1 and finished_at_ms is null order by seq for update', toText(lane));
}

/** Unfinished jobs of a lane, oldest first. */
export async function readUnfinished(sql: PgSql, lane: string): Promise<readonly JobRow[]> {
  const rows = await sql.all(
    `select ${JOB} from job where lane = $1 and finished_at_ms is null order by seq`,
    toText(lane),
  );
  return jobRows(rows);
}

/** Newest first; none when `before` names a job that is not there. */
export async function readJobs(sql: PgSql, filter: JobFilter): Promise<readonly JobRow[]> {
  const wanted: string[] = [];
  const values: PgValue[] = [];
  const want = (condition: (at: string) => string, value: PgValue): void => {
    values.push(value);
    wanted.push(condition(`$${values.length}`));
  };
  if (filter.lane !== undefined) want((at) => `lane = ${at}`, toText(filter.lane));
  if (filter.status !== undefined) want((at) => `status = ${at}`, filter.status);
  if (filter.before !== undefined) want((at) => `seq < (select seq from job where id = ${at})`, toText(filter.before));
  const where = wanted.length > 0 ? `where ${wanted.join(' and ')}` : '';
  values.push(filter.limit);
  const page = `select * from job ${where} order by seq desc limit $${values.length}`;
  return jobRows(await sql.all(`select ${JOB} from (${page}) as job order by seq desc`, ...values));
}

/** Extends the leases that still hold; the jobs among them, in the order of the leases. */
export async function extendLeases(sql: PgSql, leases: readonly Lease[], untilMs: number): Promise<readonly JobRow[]> {
  const rows = await sql.all(
    `with held as (
       select job.id from job join unnest($1::text[], $2::text[], $3::bigint[]) as lease (job, owner, token)
         on job.id = lease.job and job.owner = lease.owner and job.token = lease.token
       where job.status = 'running' order by job.seq for update of job
     )
     update job set lease_until_ms = $4 from held where job.id = held.id returning ${JOB}`,
    ...columns(leases),
    untilMs,
  );
  const alive = new Map(jobRows(rows).map((job) => [job.id, job]));
  return leases.flatMap(({ job }) => alive.get(job) ?? []);
}

/** The token grows here too, so that a late write of the one who gave the job back finds nothing. */
export async function handOver(sql: PgSql, leases: readonly Lease[]): Promise<void> {
  await sql.run(
    `with held as (
       select job.id from job join unnest($1::text[], $2::text[], $3::bigint[]) as lease (job, owner, token)
         on job.id = lease.job and job.owner = lease.owner and job.token = lease.token
       where job.status = 'running' order by job.seq for update of job
     )
     update job set owner = null, token = job.token + 1, lease_until_ms = 0 from held where job.id = held.id`,
    ...columns(leases),
  );
}

function columns(leases: readonly Lease[]): readonly PgValue[] {
  return [
    leases.map(({ job }) => toText(job)),
    leases.map(({ owner }) => toText(owner)),
    leases.map(({ token }) => token),
  ];
}

/** Running, and nobody's any more; of the lanes in a list, or of all. */
const OVER = "status = 'running' and lease_until_ms <= $1 and ($2::text[] is null or lane = any($2::text[]))";

function listed(lanes: readonly string[] | undefined): readonly string[] | null {
  return lanes?.map(toText) ?? null;
}

/** Whether there is anything to take over: asked first, so that an idle poll begins no transaction. */
export async function anyLeaseOver(sql: PgSql, nowMs: number, lanes?: readonly string[]): Promise<boolean> {
  const row = await sql.one(`select 1 from job where ${OVER} limit 1`, nowMs, listed(lanes));
  return row !== undefined;
}

/**
 * Running jobs whose lease is over, oldest first, now under the next fencing token. A job that is being written to this
 * moment is skipped and not waited for: its owner may stand still in the middle of a transaction, and others wait too.
 */
export async function takeOver(
  sql: PgSql,
  owner: string,
  nowMs: number,
  untilMs: number,
  lanes?: readonly string[],
): Promise<readonly Claim[]> {
  const taken = (await sql.all(
    `with free as (
       select id from job where ${OVER} order by seq for update skip locked
     )
     update job set owner = $3, token = job.token + 1, lease_until_ms = $4 from free where job.id = free.id
     returning job.id`,
    nowMs,
    listed(lanes),
    toText(owner),
    untilMs,
  )) as readonly { readonly id: string }[];
  return readClaims(
    sql,
    taken.map(({ id }) => fromText(id)),
    owner,
  );
}

/** The claims of jobs that this owner has just been given, oldest first. */
export async function readClaims(sql: PgSql, ids: readonly string[], owner: string): Promise<readonly Claim[]> {
  if (ids.length === 0) return [];
  const rows = await sql.all(`select ${JOB} from job where id = any($1::text[]) order by seq`, ids.map(toText));
  return (rows as readonly StoredJob[]).map((row) => {
    const job = jobRow(row);
    return { job, lease: { job: job.id, owner, token: row.token } };
  });
}

/** As `pruneJobs` of SQLite. One that somebody holds this moment is left for the next time. */
export async function pruneJobs(sql: PgSql, endedByMs: number): Promise<number> {
  return sql.run(
    `delete from job where id in (
       select id from job where seq in (select seq from job order by seq limit $1) and finished_at_ms <= $2
       order by seq limit $3 for update skip locked)`,
    PRUNE_LOOK_MAX,
    endedByMs,
    PRUNE_MAX,
  );
}

/** Adds the step at that place, or replaces the one of its name where it is. The caller has proved the lease. */
export async function writeStep(sql: PgSql, job: string, step: StepRow, place: number): Promise<void> {
  await sql.run(
    `insert into step (job_id, place, name, status, started_at_ms, finished_at_ms, text, detail)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (job_id, name) do update set status = excluded.status, started_at_ms = excluded.started_at_ms,
       finished_at_ms = excluded.finished_at_ms, text = excluded.text, detail = excluded.detail`,
    toText(job),
    place,
    toText(step.name),
    step.status,
    step.startedAtMs,
    step.finishedAtMs,
    toText(step.text),
    JSON.stringify(step.detail),
  );
}

function first(rows: readonly unknown[]): JobRow | undefined {
  return jobRows(rows)[0];
}

function jobRows(rows: readonly unknown[]): readonly JobRow[] {
  return (rows as readonly StoredJob[]).map(jobRow);
}

function jobRow(row: StoredJob): JobRow {
  return {
    id: fromText(row.id),
    lane: fromText(row.lane),
    status: row.status,
    exclusive: row.exclusive,
    sender: fromText(row.sender),
    commandId: row.command_id === null ? null : fromText(row.command_id),
    data: JSON.parse(row.data) as Json,
    acceptedAtMs: row.accepted_at_ms,
    startedAtMs: row.started_at_ms,
    finishedAtMs: row.finished_at_ms,
    deadlineAtMs: row.deadline_at_ms,
    interrupt: row.interrupt === null ? null : (JSON.parse(row.interrupt) as Json),
    steps: row.steps.map(([name, status, startedAtMs, finishedAtMs, text, detail]) => ({
      name: fromText(name),
      status,
      startedAtMs,
      finishedAtMs,
      text: fromText(text),
      detail: JSON.parse(detail) as Json,
    })),
  };
}
