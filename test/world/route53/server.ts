import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { LOOPBACK, listen } from '../ports.ts';
import { Account, realTiming } from './account.ts';
import type { Timing } from './account.ts';
import { ApiError, invalidInput } from './api-error.ts';
import { isControl, serveControl } from './control.ts';
import { perform, route } from './operations.ts';
import type { Request } from './operations.ts';
import type { Change, RecordSet } from './record-set.ts';
import { errorReply } from './replies.ts';
import { compareSets } from './order.ts';
import { checkSignature } from './signature.ts';
import { disguise } from './disguise.ts';
import { Sky } from './weather.ts';
import type { Operation, WeatherInput } from './weather.ts';
import type { Zone, ZoneSeed } from './zone.ts';

/** A batch of 1,000 records with 32,000 characters has its place in this; nothing larger is read. */
const BODY_BYTES_MAX = 2_000_000;
const CALLS_KEPT_MAX = 10_000;

export interface Route53Options {
  /** Replaced by a free one when taken; 0 (the default) is always a free one. */
  readonly port?: number;
  readonly zones: readonly ZoneSeed[];
  /** How long a change stays PENDING, milliseconds, 0 by default; Infinity until `settle()`. */
  readonly insyncAfterMs?: number;
  /** The account's limit over all operations; none by default. The real one has 5. */
  readonly ratePerSecond?: number;
  /** Ids of the health checks that exist; any id is taken for one by default. */
  readonly healthChecks?: readonly string[];
  readonly timing?: Timing;
}

/** One call as it was received. */
interface Call {
  readonly operation: Operation;
  readonly atMs: number;
  /** The hosted zone or the change that the path names. */
  readonly id: string;
  /** With canonical names, once the batch was accepted. */
  readonly batch?: readonly Change[];
  /** The status that was answered, the weather that took the answer, or nothing yet. */
  outcome: number | 'lost' | 'hanging' | undefined;
  /** The error code that was answered. */
  code?: string;
}

export interface LocalRoute53 extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Every call since the start (the last 10,000), oldest first. */
  readonly calls: readonly Call[];
  /** How many batches from the API have changed the zones. */
  readonly changes: number;
  /** The zones as the API sees them. */
  zones(): readonly Zone[];
  /** The record sets of a zone as ListResourceRecordSets would give them, in its order. Throws an ApiError. */
  records(zoneId: string): readonly RecordSet[];
  /** The zones as the name servers see them: only what is INSYNC. */
  served(): readonly Zone[];
  isHealthy(healthCheckId: string): boolean;
  setHealth(healthCheckId: string, healthy: boolean): void;
  /** Lets it be bad weather for a while; see the README for the kinds. Throws when it is no weather. */
  weather(...spells: readonly WeatherInput[]): void;
  clearWeather(): void;
  /** The kinds of weather that are still to come, oldest first. */
  forecast(): readonly string[];
  /** Another controller's change: by the same rules, through no API call. Throws an ApiError; gives the change's id. */
  edit(zoneId: string, changes: readonly Change[]): string;
  protect(zoneId: string, name: string, type: string, comment?: string): void;
  unprotect(zoneId: string, name: string, type: string): void;
  /** For changes from now on. */
  setInsyncAfter(ms: number): void;
  /** Makes everything INSYNC that is PENDING. */
  settle(): void;
  /** Calls back with each change that becomes INSYNC, until the returned function is called. */
  onInsync(listener: (changeId: string) => void): () => void;
  /** Calls back with each call when its outcome is known, until the returned function is called. */
  onCall(listener: (call: Call) => void): () => void;
}

/** Starts a local Route 53 on loopback. Rejects when a seed breaks a rule of Route 53, with the sentence. */
export async function startRoute53(options: Route53Options): Promise<LocalRoute53> {
  const timing = options.timing ?? realTiming;
  const account = new Account(options.zones, options.insyncAfterMs ?? 0, timing, options.healthChecks);
  const sky = new Sky(() => timing.nowMs());
  const calls: Call[] = [];
  const listeners = new Set<(call: Call) => void>();
  const busyZones = new Set<string>();
  const waiting = new Set<() => void>();
  const recentMs: number[] = [];
  let changes = 0;

  const isThrottled = (): boolean => {
    if (options.ratePerSecond === undefined) return false;
    const nowMs = timing.nowMs();
    while (recentMs[0] !== undefined && recentMs[0] <= nowMs - 1_000) recentMs.shift();
    if (recentMs.length >= options.ratePerSecond) return true;
    recentMs.push(nowMs);
    return false;
  };

  /** Carries the call out. Throws an ApiError. */
  const carryOut = (request: Request, call: Call, weather: { kind: string; ms?: number } | undefined): string => {
    const isChange = request.operation === 'ChangeResourceRecordSets';
    if (isChange && busyZones.has(request.id)) throw priorRequest();
    const fate = {
      forget: weather?.kind === 'forget',
      extraMs: weather?.kind === 'slow-insync' ? (weather.ms ?? 0) : 0,
    };
    const reply = perform(account, request, fate);
    if (reply.changes) {
      Object.assign(call, { batch: reply.changes });
      if (!fate.forget) changes += 1;
    }
    return reply.xml;
  };

  const answer = async (request: Request, incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const call: Call = { operation: request.operation, atMs: timing.nowMs(), id: request.id, outcome: undefined };
    calls.push(call);
    if (calls.length > CALLS_KEPT_MAX) calls.shift();
    const tell = (outcome: NonNullable<Call['outcome']>, code?: string): void => {
      call.outcome = outcome;
      if (code !== undefined) call.code = code;
      for (const listener of listeners) listener(call);
    };

    try {
      if (isThrottled()) throw new ApiError('Throttling', 'Rate exceeded');
      checkSignature(incoming);
      const weather = sky.meet(request.operation);
      if (weather?.kind === 'hang') return tell('hanging');
      if (weather?.kind === 'lost-request') {
        incoming.socket.destroy();
        return tell('lost');
      }
      if (weather?.kind === 'error') {
        disguise(response, weather.status, weather.body, randomUUID());
        return tell(weather.status);
      }
      throwIfStormy(weather?.kind);
      const xml = carryOut(request, call, weather);
      if (weather?.kind === 'lost-reply') {
        incoming.socket.destroy();
        return tell('lost');
      }
      if (weather?.kind === 'slow') {
        if (request.operation === 'ChangeResourceRecordSets') busyZones.add(request.id);
        await delay(timing, weather.ms, waiting);
        busyZones.delete(request.id);
      }
      send(response, 200, xml, randomUUID());
      tell(200);
    } catch (error) {
      const apiError = error instanceof ApiError ? error : new ApiError('InternalFailure', String(error), 500);
      sendError(response, apiError);
      tell(apiError.status, apiError.code);
    }
  };

  const server = createServer((incoming, response) => {
    void handle(incoming, response);
  });
  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const body = await readBody(incoming);
      const url = new URL(incoming.url ?? '/', 'http://local');
      if (isControl(url.pathname)) {
        serveControl(incoming, response, body, { sky, account });
        return;
      }
      const found = route(incoming.method ?? '', url.pathname);
      if (!found) {
        const what = `${incoming.method ?? ''} ${url.pathname.slice(0, 200)}`;
        throw new ApiError('UnknownOperationException', `The local Route 53 does not speak ${what}.`, 404);
      }
      await answer({ ...found, query: url.searchParams, body }, incoming, response);
    } catch (error) {
      if (response.destroyed) return;
      const apiError = error instanceof ApiError ? error : new ApiError('MalformedInput', String(error));
      sendError(response, apiError);
    }
  };

  const port = await listen(server, options.port ?? 0);
  return {
    url: `http://${LOOPBACK}:${port}`,
    port,
    calls,
    get changes() {
      return changes;
    },
    zones: () => account.zones(),
    records: (zoneId) => [...account.zone(zoneId).sets.values()].sort(compareSets),
    served: () => account.served(),
    isHealthy: (id) => account.isHealthy(id),
    setHealth: (id, healthy) => account.setHealth(id, healthy),
    weather: (...spells) => {
      for (const spell of spells) sky.add(spell);
    },
    clearWeather: () => sky.clear(),
    forecast: () => sky.forecast().map(({ kind }) => kind),
    edit: (zoneId, batch) => account.submit(zoneId, batch, undefined).info.id,
    protect: (zoneId, name, type, comment) => account.protect(zoneId, name, type, comment),
    unprotect: (zoneId, name, type) => account.unprotect(zoneId, name, type),
    setInsyncAfter: (ms) => {
      account.insyncAfterMs = ms;
    },
    settle: () => account.settle(),
    onInsync: (listener) => account.onInsync(listener),
    onCall: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    async [Symbol.asyncDispose]() {
      account.close();
      for (const wake of waiting) wake();
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      // Kept-alive and hanging connections would hold the close back for ever.
      server.closeAllConnections();
      await closed;
    },
  };
}

function throwIfStormy(kind: string | undefined): void {
  if (kind === 'throttling') throw new ApiError('Throttling', 'Rate exceeded');
  if (kind === 'prior-request') throw priorRequest();
  if (kind === 'access-denied') {
    throw new ApiError(
      'AccessDenied',
      'User: arn:aws:iam::000000000000:user/local is not authorized to perform this action',
      403,
    );
  }
  if (kind === 'expired-token') {
    throw new ApiError('ExpiredToken', 'The security token included in the request is expired', 403);
  }
}

function priorRequest(): ApiError {
  return new ApiError(
    'PriorRequestNotComplete',
    'The request was rejected because Route 53 was still processing a prior request.',
  );
}

function send(response: ServerResponse, status: number, xml: string, requestId: string): void {
  response.writeHead(status, { 'content-type': 'text/xml', 'x-amzn-requestid': requestId });
  response.end(xml);
}

function sendError(response: ServerResponse, error: ApiError): void {
  const requestId = randomUUID();
  send(response, error.status, errorReply(error, requestId), requestId);
}

/** Throws an ApiError when the body is larger than any batch may be. */
async function readBody(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes <= BODY_BYTES_MAX) parts.push(part);
  }
  if (bytes > BODY_BYTES_MAX) throw invalidInput(`The request has ${bytes} bytes; at most ${BODY_BYTES_MAX} are read`);
  return Buffer.concat(parts).toString('utf8');
}

/** Waits, and is woken early when the server closes. */
function delay(timing: Timing, ms: number, waiting: Set<() => void>): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      cancel();
      waiting.delete(wake);
      resolve();
    };
    const cancel = timing.after(ms, wake);
    waiting.add(wake);
  });
}
