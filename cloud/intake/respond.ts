import type { FastifyReply, FastifyRequest } from 'fastify';
import { Fault, FAULTS } from '../../shared/faults.ts';
import type { Reply } from '../jobs/command.ts';
import { describeJob } from '../jobs/describe.ts';
import type { Principal } from './auth.ts';
import { type Caller, covers, mayUse, type Road, whyNotUsable } from './caller.ts';
import { errorBody } from './errors.ts';

/** 202 with the job; or the status of the refusal, with the job as body where there is one. */
export function sendJob(reply: FastifyReply, answer: Reply): FastifyReply {
  const { job, refusal } = answer;
  if (refusal) {
    const body = job ? describeJob(job) : errorBody(refusal);
    return reply.code(FAULTS[refusal.code].http).send(body);
  }
  return job ? reply.code(202).send(describeJob(job)) : sendState(reply, answer);
}

/** 200 with what was decided, the state, and the job that follows from it (a release may start one). */
export function sendState(reply: FastifyReply, answer: Reply): FastifyReply {
  const { job, refusal, state, text } = answer;
  if (refusal) return reply.code(FAULTS[refusal.code].http).send(errorBody(refusal));
  return reply.send({ text, state, job: job && describeJob(job) });
}

/** The principal that the hook of the API has stored. */
export function principalOf(request: FastifyRequest): Principal {
  return request.getDecorator<Principal>('principal');
}

/** Who commands over the API. Throws `not-allowed` for a device, whose own route is another. */
export function callerOf(request: FastifyRequest): Caller {
  const principal = principalOf(request);
  if (principal.kind === 'token') return { kind: 'token', token: principal.token, road: roadOf(request) };
  throw new Fault('not-allowed', `The device "${principal.device.name}" sends its commands elsewhere.`, {
    hint: `Use POST /api/devices/${principal.device.name}/command.`,
  });
}

/** The dashboard and the command line name themselves. */
function roadOf(request: FastifyRequest): Road {
  const client = request.headers['x-dashover-client'];
  return client === 'dashboard' || client === 'cli' ? client : 'api';
}

/** Whether this principal may look at that switch. */
export function sees(request: FastifyRequest, switchName: string): boolean {
  const principal = principalOf(request);
  return covers(principal.kind === 'token' ? principal.token.on : principal.device.on, switchName);
}

/** Throws `not-allowed` when the token is not for reading on this road. */
export function checkReader(request: FastifyRequest): void {
  const principal = principalOf(request);
  if (principal.kind === 'device') return;
  const road = roadOf(request);
  if (!mayUse(principal.token, road)) throw new Fault('not-allowed', whyNotUsable(principal.token, road));
}

/** Throws `not-allowed` when this switch is none of the principal's. */
export function checkSees(request: FastifyRequest, switchName: string): void {
  if (sees(request, switchName)) return;
  throw new Fault('not-allowed', `This token is not for the switch "${switchName.slice(0, 64)}".`);
}

/** Throws `not-allowed` for what shows all switches at once. */
export function checkSeesAll(request: FastifyRequest): void {
  const principal = principalOf(request);
  if (principal.kind === 'token' && principal.token.on.includes('*')) return;
  throw new Fault('not-allowed', 'Only a token for all switches may read this.', { hint: "Give the token on: ['*']." });
}
