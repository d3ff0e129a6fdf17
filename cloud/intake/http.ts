import { isUtf8 } from 'node:buffer';
import helmet from '@fastify/helmet';
import { fastify, type FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Clock } from '../../shared/clock.ts';
import { COMMAND_BYTES_MAX } from '../../shared/command.ts';
import { Fault } from '../../shared/faults.ts';
import type { Log } from '../../shared/log.ts';
import type { JournalAnchor, JournalRow } from '../engine/store.ts';
import type { Automation, Switch } from '../jobs/switch.ts';
import type { Meter } from '../ports.ts';
import type { Door, SwitchEngine } from './accept.ts';
import { apiRoutes } from './api.ts';
import { makeAuth } from './auth.ts';
import type { Device, Token, TriggerUrl } from './caller.ts';
import { checkParts } from './check-parts.ts';
import { answerConnectionError } from './connection-errors.ts';
import { refuseCrossSite } from './cross-site.ts';
import { datadogRoutes } from './datadog.ts';
import type { DatadogSettings } from './datadog-meaning.ts';
import { docsRoutes } from './docs.ts';
import { answerErrors, asFault, sendFault } from './errors.ts';
import { type GaugeSources, makeGauges } from './gauges.ts';
import { type Check, healthRoutes, makeReadiness } from './health.ts';
import { journalRefusals } from './journal-refusals.ts';
import { metricsRoutes } from './metrics.ts';
import type { Presence } from './presence.ts';
import { collectRoutes } from './route-table.ts';
import { triggerRoutes } from './trigger.ts';
import { makeStateReader } from './views.ts';

export interface HttpOptions {
  readonly door: Door;
  readonly engine: SwitchEngine;
  readonly switches: readonly Switch[];
  readonly automation: Automation;
  readonly tokens: readonly Token[];
  readonly triggers: readonly TriggerUrl[];
  readonly devices: readonly Device[];
  readonly presence: Presence;
  /** What Datadog's transitions count as. */
  readonly datadog: DatadogSettings;
  /** `store.journal`. */
  readonly journal: (after: number, limit: number) => Promise<readonly JournalRow[]>;
  /** `store.journalBefore`. */
  readonly journalBefore: (before: number, limit: number) => Promise<readonly JournalRow[]>;
  /** `store.journalAnchor`. */
  readonly journalAnchor: () => Promise<JournalAnchor>;
  /** What `/readyz` asks. */
  readonly checks: readonly Check[];
  readonly meter: Meter;
  /** What `/metrics` reads besides: who is told, who waits, and who speaks to the broker. */
  readonly watched: Pick<GaugeSources, 'receivers' | 'waitingForMs' | 'speaks'>;
  /** Whose X-Forwarded-For is believed: false, true, or the proxies' addresses. */
  readonly trustProxy: boolean | readonly string[];
  readonly publicUrl: string | undefined;
  /** Which dashover this is. */
  readonly version: string;
  /** The dashboard's files. */
  readonly pages: (app: FastifyInstance) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

const HEADERS_MS_MAX = 10_000;
const REQUEST_MS_MAX = 10_000;
const KEEPALIVE_MS = 72_000;
const HEADER_BYTES_MAX = 16 * 1_024;
const CONNECTIONS_MAX = 4_096;
/** At the end, requests in hand get this long; then their connections are closed. */
const CLOSE_MS_MAX = 3_000;

/**
 * The HTTP server with all its routes, not yet listening: `listen({ host, port })`, and `close()` for a graceful end
 * (requests in hand are answered, waits and event streams end at once, bounded by three seconds).
 */
export async function makeHttp(options: HttpOptions): Promise<FastifyInstance> {
  const { clock, log, trustProxy } = options;
  const stop = new AbortController();
  const app = fastify({
    logger: false,
    bodyLimit: COMMAND_BYTES_MAX,
    requestTimeout: REQUEST_MS_MAX,
    keepAliveTimeout: KEEPALIVE_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    trustProxy: typeof trustProxy === 'boolean' ? trustProxy : [...trustProxy],
    http: {
      headersTimeout: HEADERS_MS_MAX,
      maxHeaderSize: HEADER_BYTES_MAX,
      connectionsCheckingInterval: 2_000,
      // Node would answer without a word.
      requireHostHeader: false,
    },
    clientErrorHandler: answerConnectionError,
    // Paths that the router cannot read never reach the error handler.
    frameworkErrors: (error, request, reply) => {
      void sendFault(reply, asFault(error, request, log));
    },
    routerOptions: { maxParamLength: 128, ignoreTrailingSlash: true },
  }).withTypeProvider<ZodTypeProvider>();
  app.server.maxConnections = CONNECTIONS_MAX;
  // Of what a sender may expect, Node knows one thing, and would refuse the rest without a word; a server may ignore it.
  app.server.on('checkExpectation', (request, response) => void app.server.emit('request', request, response));
  app.setValidatorCompiler(checkParts);
  // What a route says of its answers describes them; they are sent as they are, and no field is dropped on the way.
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  readJsonOnly(app);
  app.decorateRequest('principal', null);
  app.decorateRequest('trigger', null);

  const routes = collectRoutes(app);
  answerErrors(app, routes, options.meter, log);
  journalRefusals(app, options.door, log);
  logRequests(app, options.meter, clock, log);
  await app.register(helmet, helmetOptions);
  app.addHook('onRequest', async (request) => {
    if (stop.signal.aborted) throw new Fault('stopping', 'This endpoint is stopping.');
    if (request.raw.httpVersion === '1.1' && request.headers.host === undefined) {
      throw new Fault('bad-request', 'The header Host is missing.');
    }
    refuseCrossSite(request, options.publicUrl);
  });

  const auth = makeAuth(options, clock);
  const readState = makeStateReader(options.engine, options.automation, clock);
  await app.register(async (scope) => triggerRoutes(scope, { auth, door: options.door }));
  await app.register(async (scope) =>
    datadogRoutes(scope, { auth, door: options.door, datadog: options.datadog, clock }),
  );
  await app.register(async (scope) =>
    apiRoutes(scope.withTypeProvider<ZodTypeProvider>(), { ...options, auth, readState, stopping: stop.signal }),
  );
  const readiness = makeReadiness(options.checks, clock, stop.signal);
  await app.register(async (scope) => healthRoutes(scope, readiness));
  const gauges = makeGauges({ ...options, ...options.watched, readState, readiness });
  await app.register(async (scope) =>
    metricsRoutes(scope.withTypeProvider<ZodTypeProvider>(), { auth, meter: options.meter, gauges }),
  );
  const { publicUrl, version } = options;
  await app.register(async (scope) => docsRoutes(scope, () => ({ routes: routes.all(), publicUrl, version })));
  await app.register(options.pages);

  const closed = new AbortController();
  app.addHook('preClose', async () => {
    stop.abort();
    void clock.sleep(CLOSE_MS_MAX, closed.signal).then(() => app.server.closeAllConnections());
  });
  app.addHook('onClose', async () => closed.abort());
  await app.ready();
  return app;
}

/**
 * JSON in UTF-8 is the only body, and an empty one is none: `curl -X POST -H 'Content-Type: application/json'` means {}.
 * Bytes that are no UTF-8 are refused rather than replaced: what would be stored is not what was sent. A field such as
 * `__proto__` is a field like others, which the schema of the route refuses by its name.
 */
function readJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => {
    if (!isUtf8(body)) throw new Fault('bad-request', 'The body is not text in UTF-8.');
    const text = body.toString().trim();
    return text === '' ? undefined : parseJson(text);
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Fault('malformed', 'The body is not JSON.', {
      cause,
      hint: 'Send a JSON object, such as {"reason":"maintenance"}.',
    });
  }
}

/** One sentence, and one count, for each request. No query, no headers: secrets have no place in either. */
function logRequests(app: FastifyInstance, meter: Meter, clock: Clock, log: Log): void {
  const startedAtMs = new WeakMap<object, number>();
  app.addHook('onRequest', async (request) => void startedAtMs.set(request, clock.monotonicMs()));
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'no route';
    const ms = Math.round((clock.monotonicMs() - (startedAtMs.get(request) ?? 0)) * 10) / 10;
    const fields = { method: request.method, route, status: reply.statusCode, ms, address: request.ip };
    log.debug(fields, `${request.method} ${route} was answered ${reply.statusCode}.`);
    meter.count('dashover_http_requests_total', {
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      status: String(reply.statusCode),
    });
  });
}

/** Everything comes from this endpoint, nothing runs that stands in the page itself, and nobody frames it. */
const helmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      manifestSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  // Whether there is TLS in front is the proxy's to know, and its to promise.
  hsts: false,
  referrerPolicy: { policy: 'no-referrer' },
} as const;
