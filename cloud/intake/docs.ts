import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Fault } from '../../shared/faults.ts';
import { describeApi, type DocumentOptions } from './openapi.ts';
import { ROUTES } from './route-words.ts';

/** As strict as the dashboard's, and the pictures that stand in the style sheet of the page. Nothing from anywhere else. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What the page's own answers say that matters to a browser. */
const PASSED_ON = ['content-type', 'etag', 'last-modified', 'cache-control', 'location'] as const;

/** `/openapi.json` describes the API, and `/docs` lets a person browse it. Both answer without a token. */
export function docsRoutes(app: FastifyInstance, options: () => DocumentOptions): void {
  const description = once(() => describeApi(options()));
  const page = once(async () => openPage(await description()));

  app.get('/openapi.json', { schema: { ...ROUTES.openapi } }, async (_request, reply) =>
    reply.header('cache-control', 'no-cache').send(await description()),
  );

  async function browse(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const since = request.headers['if-none-match'];
    const headers = since === undefined ? {} : { 'if-none-match': since };
    const answer = await (await page()).inject({ url: request.url, headers });
    if (answer.statusCode >= 400) throw new Fault('not-found', 'There is no such file of the API page.');
    for (const name of PASSED_ON) {
      const value = answer.headers[name];
      if (value !== undefined) void reply.header(name, value);
    }
    return reply.header('content-security-policy', PAGE_POLICY).code(answer.statusCode).send(answer.rawPayload);
  }
  app.get('/docs', { schema: { ...ROUTES.docs } }, browse);
  app.get('/docs/*', browse);
}

/** Made at the first look, and kept; what could not be made is tried again at the next. */
function once<Made>(make: () => Promise<Made>): () => Promise<Made> {
  let made: Promise<Made> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

/** Swagger UI with its files, in a fastify that listens nowhere. */
async function openPage(description: object): Promise<FastifyInstance> {
  const [{ fastify }, { default: swagger }, { default: swaggerUi }] = await Promise.all([
    import('fastify'),
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ]);
  const app = fastify({ routerOptions: { ignoreTrailingSlash: true } });
  // The page works on a copy: it may add to it.
  const document = JSON.parse(JSON.stringify(description));
  await app.register(swagger, { mode: 'static', specification: { document } });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    // Without the bar at the top, which would load any other description.
    uiConfig: { deepLinking: true, docExpansion: 'list', layout: 'BaseLayout' },
  });
  await app.ready();
  return app;
}
