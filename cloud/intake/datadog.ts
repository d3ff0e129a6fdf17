import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../shared/clock.ts';
import { Fault, isFault } from '../../shared/faults.ts';
import type { NoMove, Reply } from '../jobs/command.ts';
import { describeJob } from '../jobs/describe.ts';
import type { Door } from './accept.ts';
import type { Auth, Principal } from './auth.ts';
import type { Caller } from './caller.ts';
import { type Arrival, type DatadogSettings, type Direction, meaningOf } from './datadog-meaning.ts';
import { readDatadog } from './datadog-payload.ts';
import { ROUTES } from './route-words.ts';

/** Texts and snapshots make Datadog's payloads larger than a command. */
const BODY_BYTES_MAX = 64 * 1_024;

export interface DatadogOptions {
  readonly auth: Auth;
  readonly door: Door;
  readonly datadog: DatadogSettings;
  readonly clock: Clock;
}

type TokenCaller = Extract<Caller, { kind: 'token' }>;

/**
 * `POST /webhooks/datadog/{switch}`, and `…/failover` and `…/restore`, whose direction the URL fixes. Datadog repeats after
 * 5xx only, and shows people what it was answered: 202 with the job, 200 with `{status, text}` for what is recorded and
 * rightly moves nothing, 4xx for a mistake in the set-up.
 */
export function datadogRoutes(app: FastifyInstance, options: DatadogOptions): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  for (const direction of [null, 'failover', 'restore'] as const) addRoute(app, options, direction);
}

function addRoute(app: FastifyInstance, options: DatadogOptions, direction: Direction | null): void {
  const { auth, door, datadog, clock } = options;
  app.post<{ Params: { switch: string } }>(
    direction === null ? '/webhooks/datadog/:switch' : `/webhooks/datadog/:switch/${direction}`,
    {
      schema: { ...ROUTES.datadog(direction) },
      bodyLimit: BODY_BYTES_MAX,
      // A bearer first, before a byte of the body is read.
      onRequest: async (request) => {
        request.setDecorator<Principal>('principal', auth.principal(request.headers.authorization, request.ip));
        admit(door, callerOf(request), request.params.switch, direction);
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const arrival: Arrival = { switch: request.params.switch, direction, nowMs: clock.nowMs() };
      const body = typeof request.body === 'string' ? request.body : '';
      const news = readDatadog(body, request.headers['content-type']);
      const meaning = meaningOf(news, datadog, arrival);
      if (meaning.kind === 'nothing') {
        const { status, text } = meaning;
        const detail = { status, transition: news.transition, monitor: news.monitorId, event: news.eventId };
        await door.note({ caller, switch: arrival.switch, kind: 'webhook', text, detail });
        return reply.send({ status, text });
      }
      const { command, alert, id, reason } = meaning;
      const ask = {
        kind: 'move',
        command,
        options: { ...(id === undefined ? {} : { id }), ...(reason === undefined ? {} : { reason }) },
        alert,
      } as const;
      return answer(reply, await door.accept({ caller, switch: arrival.switch, ask, replyTo: [] }));
    },
  );
}

/** Whoever may go neither way needs not be read. The way itself is judged when it is known. */
function admit(door: Door, caller: TokenCaller, name: string, direction: Direction | null): void {
  try {
    door.admit(caller, direction ?? 'failover', name);
  } catch (error) {
    if (direction !== null || !isFault(error, 'not-allowed')) throw error;
    if (!caller.token.may.includes('restore')) throw error;
    door.admit(caller, 'restore', name);
  }
}

function callerOf(request: FastifyRequest): TokenCaller {
  const principal = request.getDecorator<Principal>('principal');
  if (principal.kind === 'token') return { kind: 'token', token: principal.token, road: 'datadog' };
  throw new Fault('not-allowed', `The device "${principal.device.name}" is not Datadog.`, {
    hint: 'Put the secret of a token with via: [datadog] into the webhook.',
  });
}

const STATUS: Readonly<Record<NoMove, string>> = {
  repeat: 'repeat',
  acknowledged: 'acknowledged',
  'not-open': 'not-open',
  late: 'late',
  old: 'too-old',
  'too-many': 'too-many',
};

/** A refusal is no error here: the alert is recorded, and Datadog must not call the webhook broken. */
function answer(reply: FastifyReply, { job, refusal, movedNothing, text }: Reply): FastifyReply {
  if (refusal) return reply.send({ status: refusal.code, text });
  if (movedNothing) return reply.send({ status: STATUS[movedNothing], text });
  return job ? reply.code(202).send(describeJob(job)) : reply.send({ status: 'recorded', text });
}
