import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Fault, type FaultCode, FAULTS, isFault } from '../../shared/faults.ts';
import type { Log } from '../../shared/log.ts';
import { SlowDown } from './auth.ts';
import type { Meter } from '../ports.ts';
import type { RouteTable } from './route-table.ts';

/** `{ error: { code, message, hint } }`: the body of every error. */
export function errorBody(fault: Pick<Fault, 'code' | 'message' | 'hint'>): object {
  return { error: { code: fault.code, message: fault.message, hint: fault.hint } };
}

/** Requests without a right secret. */
const AUTHENTICATION: readonly FaultCode[] = ['not-authenticated', 'unknown-trigger', 'slow-down'];

/** Every error of the server, its own and fastify's, leaves in the same form, and is counted by its code. */
export function answerErrors(app: FastifyInstance, routes: RouteTable, meter: Meter, log: Log): void {
  for (const code of AUTHENTICATION) meter.count('dashover_authentication_failures_total', { code }, 0);

  function answer(reply: FastifyReply, fault: Fault): FastifyReply {
    const { code } = fault;
    meter.count('dashover_refusals_total', { code });
    if (AUTHENTICATION.includes(code)) meter.count('dashover_authentication_failures_total', { code });
    return sendFault(reply, fault);
  }

  app.setErrorHandler((error: FastifyError, request, reply) => answer(reply, asFault(error, request, log)));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0]?.slice(0, 200) ?? '';
    const allowed = routes.methodsOf(path);
    if (allowed.length === 0) return answer(reply, new Fault('not-found', `There is nothing at ${path}.`));
    void reply.header('allow', allowed.join(', '));
    return answer(reply, new Fault('bad-method', `${path} does not take ${request.method}.`));
  });
}

export function sendFault(reply: Pick<FastifyReply, 'header' | 'code'>, fault: Fault): FastifyReply {
  if (fault instanceof SlowDown) void reply.header('retry-after', String(fault.retryAfterS));
  if (fault.code === 'not-authenticated') void reply.header('www-authenticate', 'Bearer realm="dashover"');
  return reply.code(FAULTS[fault.code].http).send(errorBody(fault));
}

/** What an error of fastify means in our words; what is none of its refusals is a mistake of ours, and logged. */
export function asFault(error: FastifyError, request: FastifyRequest, log: Log): Fault {
  if (isFault(error)) return error;
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return tooLarge(request);
  const known = FASTIFY[error.code];
  if (known) return new Fault(known[0], known[1], known[2] === undefined ? {} : { hint: known[2] });
  if (error.statusCode === 413) return new Fault('too-large', 'The body is too large.');
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new Fault('bad-request', `The request cannot be read: ${error.message}.`);
  }
  log.error({ error, route: request.routeOptions.url }, 'A request could not be handled.');
  return new Fault('internal-error', 'The request could not be handled.');
}

function tooLarge(request: FastifyRequest): Fault {
  const bytesMax = request.routeOptions.bodyLimit.toLocaleString('en');
  return new Fault('too-large', `The body has more than ${bytesMax} bytes.`, {
    hint: `This route reads at most ${bytesMax} bytes.`,
  });
}

type Known = readonly ['bad-media-type' | 'bad-request' | 'not-found', string, string?];

const FASTIFY: Readonly<Record<string, Known>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['bad-media-type', 'The body is not declared as JSON.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['bad-request', 'The body is not as long as Content-Length says.'],
  FST_ERR_MAX_PARAM_LENGTH: ['not-found', 'No part of a path here has more than 128 characters.'],
  FST_ERR_BAD_URL: ['bad-request', 'The path of the URL is not well formed.'],
};
