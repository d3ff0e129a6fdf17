import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { State } from '../../shared/messages.ts';
import type { JournalRow } from '../engine/store.ts';
import type { Switch } from '../jobs/switch.ts';
import type { Door, SwitchEngine } from './accept.ts';
import { auditRoutes } from './audit.ts';
import type { Auth, Principal } from './auth.ts';
import type { Device } from './caller.ts';
import { deviceRoutes } from './devices.ts';
import { eventRoutes } from './events.ts';
import { jobRoutes } from './jobs.ts';
import type { Presence } from './presence.ts';
import { switchRoutes } from './switches.ts';

/** fastify, with zod as its type provider. */
export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** What the routes below /api take. */
export interface ApiOptions {
  readonly auth: Auth;
  readonly door: Door;
  readonly engine: SwitchEngine;
  readonly switches: readonly Switch[];
  readonly devices: readonly Device[];
  readonly presence: Presence;
  readonly readState: (settings: Switch) => Promise<State>;
  readonly journal: (after: number, limit: number) => Promise<readonly JournalRow[]>;
  readonly clock: Clock;
  readonly log: Log;
  readonly stopping: AbortSignal;
}

/** Everything below /api: a bearer first, before a byte of the body is read. */
export function apiRoutes(app: Api, options: ApiOptions): void {
  app.addHook('onRequest', async (request) => {
    request.setDecorator<Principal>('principal', options.auth.principal(request.headers.authorization, request.ip));
  });
  switchRoutes(app, options);
  jobRoutes(app, options);
  deviceRoutes(app, options);
  auditRoutes(app, options);
  eventRoutes(app, options);
}
