import type { IncomingMessage, ServerResponse } from 'node:http';
import type { makeHttp } from '../../cloud/intake/http.ts';
import { z } from 'zod';

/** Of each path and status, and in all: what is flooded repeats itself. */
const LOOKS_MAX = 100;
const ANSWERS_MAX = 5_000;

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Responses }>>>>;
  readonly components: { readonly schemas: object };
}
type Responses = Readonly<Record<string, { readonly content: Readonly<Record<string, { readonly schema: object }>> }>>;

interface Answer {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** One for all endpoints of a test file: they have the same routes. */
let described: Promise<Document> | undefined;
const checks = new Map<string, z.ZodType>();

/**
 * Looks at every answer that leaves the server, and compares it with what `/openapi.json` says of it. Gives what does not
 * fit, in sentences.
 */
export function watchAnswers(http: Awaited<ReturnType<typeof makeHttp>>): () => Promise<readonly string[]> {
  const answers: Answer[] = [];
  const looks = new Map<string, number>();
  http.server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    const end = response.end.bind(response);
    response.end = ((...given: Parameters<ServerResponse['end']>) => {
      const [last] = given as unknown[];
      if (typeof last === 'string' || Buffer.isBuffer(last)) body = last.toString();
      return end(...given);
    }) as ServerResponse['end'];
    response.once('finish', () => {
      const [path = ''] = (request.url ?? '').split('?', 1);
      const { method = '' } = request;
      const kind = `${method} ${path} ${response.statusCode}`;
      const seen = looks.get(kind) ?? 0;
      looks.set(kind, seen + 1);
      if (seen >= LOOKS_MAX || answers.length >= ANSWERS_MAX || method === 'HEAD') return;
      // Headers that were written in one go with the status cannot be asked for.
      const header = response.getHeader('content-type') ?? (body.startsWith('{') ? 'application/json' : '');
      const type = String(header).split(';', 1)[0] ?? '';
      answers.push({ method, path, status: response.statusCode, type, body });
    });
  });
  return async () => {
    if (answers.length === 0) return [];
    described ??= http.inject('/openapi.json').then((answer) => answer.json<Document>());
    const document = await described;
    return [...new Set(answers.flatMap((answer) => misfitOf(document, answer) ?? []))];
  };
}

function misfitOf(document: Document, { method, path, status, type, body }: Answer): string | undefined {
  const route = Object.keys(document.paths).find((known) => patternOf(known).test(path));
  const responses = route === undefined ? undefined : document.paths[route]?.[method.toLowerCase()]?.responses;
  const where = `${method} ${path} answered ${status} ${type}`;
  // An unknown path, a wrong method, or one of the files of a page.
  if (route === undefined || !responses) return undefined;
  const content = responses[status]?.content[type];
  if (!content) return `${where}, which is not described`;
  if (type !== 'application/json') return undefined;
  const name = `${route} ${method} ${status}`;
  const check = checks.get(name) ?? checkOf(document, content.schema);
  checks.set(name, check);
  const { error } = check.safeParse(JSON.parse(body));
  return error && `${where}, which does not fit: ${z.prettifyError(error)}\n${body.slice(0, 2_000)}`;
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{[a-z]+\}/g, '[^/]+')}/?$`);
}

function checkOf({ components }: Document, schema: object): z.ZodType {
  const whole = { ...schema, $defs: components.schemas };
  const text = JSON.stringify(whole).replaceAll('#/components/schemas/', '#/$defs/');
  return z.fromJSONSchema(JSON.parse(text) as Parameters<typeof z.fromJSONSchema>[0]);
}
