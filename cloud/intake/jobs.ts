import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { parseDuration } from '../../shared/duration.ts';
import { Fault, isFault } from '../../shared/faults.ts';
import { JobStatus } from '../../shared/messages.ts';
import { isUnfinished, type JobRow } from '../engine/job.ts';
import type { JobFilter } from '../engine/store.ts';
import type { JobData, Reply } from '../jobs/command.ts';
import { describeJob } from '../jobs/describe.ts';
import type { Api, ApiOptions } from './api-options.ts';
import { orNothing, Reason } from './body.ts';
import { callerOf, checkReader, checkSees, principalOf, sees, sendState } from './respond.ts';
import { ROUTES } from './route-words.ts';
import { unknownSwitch } from './target.ts';

const LIMIT_MAX = 200;
const WAIT_MS_MAX = 60_000;

const Params = z.object({ id: z.string().min(1).max(64) });
const Filter = z.strictObject({
  switch: z.string().max(64).optional(),
  status: JobStatus.optional(),
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(50),
  before: z.string().min(1).max(64).optional(),
});
const Wait = z.strictObject({
  wait: z
    .string()
    .transform((text, context) => {
      const ms = parseDuration(text);
      if (ms !== undefined) return Math.min(ms, WAIT_MS_MAX);
      context.addIssue({ code: 'custom', message: 'a duration such as 30s, at most 60s' });
      return z.NEVER;
    })
    .optional(),
});
const CancelBody = orNothing(z.strictObject({ reason: Reason }));

/** The history, one job, and its cancelling. */
export function jobRoutes(app: Api, { door, engine, switches, stopping }: ApiOptions): void {
  app.get('/api/jobs', { schema: { querystring: Filter, ...ROUTES.jobs } }, async (request) => {
    checkReader(request);
    const { switch: lane, status, limit, before } = request.query;
    if (lane !== undefined) {
      checkSees(request, lane);
      await checkKnown(lane);
    }
    const filter: JobFilter = { limit, ...(status && { status }), ...(before !== undefined && { before }) };
    const lanes = lane !== undefined ? [lane] : lanesOf(request);
    const rows = lanes
      ? (await Promise.all(lanes.map((lane) => engine.jobs({ ...filter, lane })))).flat()
      : await engine.jobs(filter);
    const newestFirst = rows.toSorted((a, b) => b.acceptedAtMs - a.acceptedAtMs || (a.id < b.id ? 1 : -1));
    return { jobs: newestFirst.slice(0, limit).map(describeJob) };
  });

  app.get('/api/jobs/:id', { schema: { params: Params, querystring: Wait, ...ROUTES.job } }, async (request) => {
    checkReader(request);
    const { id } = request.params;
    const job = await visible(request, id);
    const { wait } = request.query;
    if (wait === undefined) return describeJob(job);
    const over = new AbortController();
    request.raw.once('close', () => over.abort());
    await Promise.race([engine.wait(id, wait), aborted(AbortSignal.any([stopping, over.signal]))]);
    return describeJob(await visible(request, id));
  });

  const cancel = { params: Params, body: CancelBody, ...ROUTES.cancel };
  app.post('/api/jobs/:id/cancel', { schema: cancel }, async (request, reply) => {
    const caller = callerOf(request);
    const { id } = request.params;
    const job = await visible(request, id);
    if (!isUnfinished(job)) {
      door.admit(caller, 'cancel', job.lane);
      throw tooLate(job);
    }
    const ask = { kind: 'cancel', job: id, reason: request.body.reason ?? null } as const;
    let answer: Reply;
    try {
      answer = await door.accept({ caller, switch: job.lane, ask, replyTo: [] });
    } catch (error) {
      // The rules know unfinished jobs only: this one has ended since we looked.
      if (isFault(error, 'unknown-job')) throw tooLate(await visible(request, id));
      throw error;
    }
    return sendState(reply, answer);
  });

  /** A switch that has gone from dashover.yaml keeps its history. One that has none either is mistyped: `unknown-switch`. */
  async function checkKnown(lane: string): Promise<void> {
    const known = switches.map(({ name }) => name);
    if (known.includes(lane) || (await engine.jobs({ lane, limit: 1 })).length > 0) return;
    throw unknownSwitch(lane, known);
  }

  /** Undefined when the principal sees all: one query then serves. */
  function lanesOf(request: FastifyRequest): readonly string[] | undefined {
    const principal = principalOf(request);
    const on = principal.kind === 'token' ? principal.token.on : principal.device.on;
    return on.includes('*') ? undefined : switches.map(({ name }) => name).filter((name) => sees(request, name));
  }

  /** Throws `unknown-job`, also for the job of a switch that is none of the principal's. */
  async function visible(request: FastifyRequest, id: string): Promise<JobRow<JobData>> {
    const job = await engine.job(id);
    if (job && sees(request, job.lane)) return job;
    throw new Fault('unknown-job', `There is no job "${id}".`);
  }
}

function tooLate({ id, status }: JobRow<JobData>): Fault {
  return new Fault('too-late', `Job ${id} has ended: its status is ${status}.`);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
