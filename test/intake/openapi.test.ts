import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeJob } from '../../cloud/jobs/describe.ts';
import { ROOT } from '../house/files.ts';
import { makeEndpoint, SECRETS, type TestEndpoint, TRIGGER_ID } from './endpoint.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, object>> };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content: object }>>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly securitySchemes: object; readonly schemas: object };
}

let endpoint: TestEndpoint;
let url: string;
let document: Document;

beforeAll(async () => {
  endpoint = await makeEndpoint({ http: { pages: async (app) => void app.get('/', async () => 'the page') } });
  url = await endpoint.listen();
  document = (await (await fetch(`${url}/openapi.json`)).json()) as Document;
});
afterAll(() => endpoint[Symbol.asyncDispose]());

/** Method, path, whether a token is needed, and the answers that matter besides the errors that all have. */
const ROUTES = [
  ['post', '/trigger/{id}', 'token', '202 404 409 413'],
  ['post', '/webhooks/datadog/{switch}', 'token', '200 202 404 413 415 422'],
  ['post', '/webhooks/datadog/{switch}/failover', 'token', '200 202 404 422'],
  ['post', '/webhooks/datadog/{switch}/restore', 'token', '200 202 404 422'],
  ['get', '/api/switches', 'token', '200'],
  ['get', '/api/switches/{switch}', 'token', '200 404'],
  ['post', '/api/switches/{switch}/failover', 'token', '202 404 409 410 412 413 415 422'],
  ['post', '/api/switches/{switch}/restore', 'token', '202 404 409 410 412 413 415 422'],
  ['post', '/api/switches/{switch}/drill', 'token', '202 404 409 410 412 413 415 422'],
  ['post', '/api/devices/{device}/command', 'token', '202 404 409 410 412 413 415 422'],
  ['post', '/api/switches/{switch}/hold', 'token', '200 404 422'],
  ['post', '/api/switches/{switch}/release', 'token', '200 404 422'],
  ['post', '/api/switches/{switch}/alerts/clear', 'token', '200 404 422'],
  ['get', '/api/jobs', 'token', '200 422'],
  ['get', '/api/jobs/{id}', 'token', '200 404 422'],
  ['post', '/api/jobs/{id}/cancel', 'token', '200 404 409'],
  ['get', '/api/devices', 'token', '200'],
  ['get', '/api/access', 'token', '200'],
  ['get', '/api/audit', 'token', '200 422'],
  ['get', '/api/events', 'token', '200'],
  ['get', '/healthz', 'open', '200'],
  ['get', '/readyz', 'open', '200 503'],
  ['get', '/metrics', 'token', '200'],
  ['get', '/openapi.json', 'open', '200'],
  ['get', '/docs', 'open', '200'],
  ['get', '/', 'open', '200'],
] as const;

test('the description passes the schema of OpenAPI 3.1, by a validator of somebody else', async () => {
  expect(document.openapi).toBe('3.1.0');
  expect(await new Validator().validate({ ...document })).toEqual({ valid: true });
});

test.for(ROUTES)(
  '%s %s is described: what it takes, what it answers, whose secret it needs',
  ([method, path, needs, answers]) => {
    const operation = document.paths[path]?.[method];
    expect(operation?.summary).toMatch(/\w{4}/);
    expect(operation?.security).toEqual(needs === 'open' ? [] : [{ Bearer: [] }, { CAAuth: [] }]);
    const always = needs === 'open' ? ['500', '503'] : ['401', '403', '429', '500', '503'];
    expect(Object.keys(operation?.responses ?? {})).toEqual(expect.arrayContaining([...always, ...answers.split(' ')]));
    const inPath = (operation?.parameters ?? []).filter((one) => one.in === 'path').map(({ name }) => name);
    expect(inPath).toEqual(Array.from(path.matchAll(/\{([a-z]+)\}/g), ([, name]) => name));
  },
);

test('no other route is described, each has a name of its own, and both schemes are known', () => {
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => ({ route: `${method} ${path}`, operationId })),
  );
  expect(all.map(({ route }) => route).toSorted()).toEqual(
    ROUTES.map(([method, path]) => `${method} ${path}`).toSorted(),
  );
  expect(new Set(all.map(({ operationId }) => operationId)).size).toBe(all.length);
  expect(Object.keys(document.components.securitySchemes)).toEqual(['Bearer', 'CAAuth']);
});

const bodyOf = (path: string): Operation['requestBody'] => document.paths[path]?.['post']?.requestBody;

test('a body that may be left out is said to be so', () => {
  expect(bodyOf('/api/switches/{switch}/failover')?.required).toBe(false);
  expect(bodyOf('/api/switches/{switch}/alerts/clear')?.required).toBe(true);
  expect(bodyOf('/api/devices/{device}/command')?.required).toBe(true);
  expect(bodyOf('/trigger/{id}')).toBeUndefined();
});

test('what a hold takes for its time is text', () => {
  const { content } = bodyOf('/api/switches/{switch}/hold') as unknown as Body;
  expect(content['application/json'].schema.properties['for']).toEqual({ type: 'string' });
});

interface Body {
  readonly content: {
    readonly 'application/json': { readonly schema: { readonly properties: Readonly<Record<string, unknown>> } };
  };
}

test('no secret, switch or device of the configuration stands in it', () => {
  const text = JSON.stringify(document);
  expect([...Object.values(SECRETS), TRIGGER_ID, 'lobby', 'www.example'].filter((word) => text.includes(word))).toEqual(
    [],
  );
});

test('an answer is sent as it is: no field is dropped for not being described', async () => {
  const headers = { authorization: `Bearer ${SECRETS.ops}` };
  const { id } = (await (await fetch(`${url}/api/switches/www/drill`, { method: 'POST', headers })).json()) as {
    id: string;
  };
  await endpoint.engine.wait(id, 10_000);
  const row = await endpoint.engine.job(id);
  if (!row) throw new Error('the job is gone');
  expect(await (await fetch(`${url}/api/jobs/${id}`, { headers })).text()).toBe(JSON.stringify(describeJob(row)));
});

test('the page and its files come without a token, from here alone, under a strict policy', async () => {
  const page = await fetch(`${url}/docs`);
  const html = await page.text();
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'; script-src 'self';");
  expect(policy).not.toMatch(/http|\*|unsafe-eval|script-src[^;]*unsafe/);
  const files = Array.from(html.matchAll(/(?:src|href)="([^"]+)"/g), ([, file = '']) => file);
  expect(files.filter((file) => !file.startsWith('/docs/static/'))).toEqual([]);
  for (const file of files) expect([file, (await fetch(url + file)).status]).toEqual([file, 200]);
  expect(await (await fetch(`${url}/docs/json`)).json()).toEqual(document);
  expect((await fetch(`${url}/docs/static/../../package.json`)).status).toBe(404);
  expect((await fetch(`${url}/docs/static/nothing.js`)).status).toBe(404);
});

test('nothing of it, and nothing of the metrics, is loaded before somebody asks', async () => {
  const script = `for (const file of ['app.ts', 'cli/serve.ts']) await import('./cloud/' + file);
    const { createRequire } = await import('node:module');
    console.log(Object.keys(createRequire(import.meta.url).cache).join('\\n'));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT });
  expect(stdout).toContain('node_modules/fastify/');
  expect(stdout.split('\n').filter((path) => /swagger|prom-client|type-provider-zod/.test(path))).toEqual([]);
});
