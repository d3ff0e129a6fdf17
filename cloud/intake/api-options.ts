import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { State } from '../../shared/messages.ts';
import type { JournalAnchor, JournalRow } from '../engine/store.ts';
import type { Switch } from '../jobs/switch.ts';
import type { Door, SwitchEngine } from './accept.ts';
import type { Auth } from './auth.ts';
import type { Device } from './caller.ts';
import type { Presence } from './presence.ts';

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
  readonly journalBefore: (before: number, limit: number) => Promise<readonly JournalRow[]>;
  readonly journalAnchor: () => Promise<JournalAnchor>;
  readonly clock: Clock;
  readonly log: Log;
  readonly stopping: AbortSignal;
}
