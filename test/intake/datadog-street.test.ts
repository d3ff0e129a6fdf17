import * as fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { Fault } from '../../shared/faults.ts';
import { makeEndpoint, SECRETS, type TestEndpoint, type TestEndpointOptions } from './endpoint.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  while (open.length > 0) await open.pop()?.[Symbol.asyncDispose]();
});

const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';

interface Answer {
  readonly status: number;
  readonly text: string;
}

interface Client {
  readonly endpoint: TestEndpoint;
  readonly url: string;
  readonly post: (body: string | Uint8Array<ArrayBuffer>, type?: string | null, path?: string) => Promise<Answer>;
}

async function start(options: TestEndpointOptions = {}): Promise<Client> {
  const endpoint = await makeEndpoint(options);
  open.push(endpoint);
  const url = await endpoint.listen();
  return {
    endpoint,
    url,
    post: async (body, type = JSON_TYPE, path = '/www') => {
      const headers = {
        authorization: `Bearer ${SECRETS.datadog}`,
        ...(type === null ? {} : { 'content-type': type }),
      };
      const response = await fetch(`${url}/webhooks/datadog${path}`, { method: 'POST', headers, body });
      return { status: response.status, text: await response.text() };
    },
  };
}

const RECOMMENDED = {
  event_id: '7312345',
  transition: 'Triggered',
  alert_type: 'error',
  cycle_key: '1234567',
  monitor_id: '42',
  scope: 'host:web-1',
  priority: 'P1',
  host: 'web-1',
  title: '[Triggered on {host:web-1}] Web is down',
  text: 'Server web-1 is down!',
  link: 'https://app.datadoghq.com/monitors/42',
  snapshot: '',
  date_ms: '',
  last_updated: '',
  org_id: '7',
};

const jobsOf = ({ endpoint }: Client) => endpoint.engine.jobs({ limit: 200 });

test('a body may have 64 KiB here, and no more', async () => {
  const client = await start();
  const fits = JSON.stringify({ ...RECOMMENDED, text: 'x'.repeat(64_000) });
  expect((await client.post(fits)).status).toBe(202);
  const large = await client.post(JSON.stringify({ ...RECOMMENDED, text: 'x'.repeat(66_000) }));
  expect(large.status).toBe(413);
  expect(large.text).toContain('more than 65,536 bytes');
  expect(await jobsOf(client)).toHaveLength(1);
});

test('the larger limit is for these routes only', async () => {
  const { url } = await start();
  const headers = { authorization: `Bearer ${SECRETS.ops}`, 'content-type': JSON_TYPE };
  const body = JSON.stringify({ reason: 'x'.repeat(5_000) });
  const answer = await fetch(`${url}/api/switches/www/failover`, { method: 'POST', headers, body });
  expect(answer.status).toBe(413);
  expect(await answer.text()).toContain('4,096');
});

test.for([
  ['curl -d, which calls JSON a form', JSON.stringify(RECOMMENDED), FORM_TYPE, 202],
  ['JSON without a Content-Type', JSON.stringify(RECOMMENDED), '', 202],
  ['JSON as text', JSON.stringify(RECOMMENDED), 'text/plain', 202],
  ['numbers without quotes', '{"transition":"Triggered","monitor_id":42,"event_id":7312345}', JSON_TYPE, 202],
  ['nothing', '', JSON_TYPE, 422],
  ['a JSON list', '[1]', JSON_TYPE, 422],
  ['a JSON text', '"Triggered"', JSON_TYPE, 422],
  ['broken JSON', '{"transition":"Trig', JSON_TYPE, 422],
  ['an object where text belongs', '{"transition":{"a":1}}', JSON_TYPE, 422],
  ['a list where text belongs', '{"transition":"Triggered","monitor_id":["1"]}', JSON_TYPE, 422],
  ['a form declared as JSON', 'transition=Triggered', JSON_TYPE, 422],
  ['XML', '<alert/>', 'application/xml', 415],
  ['a prototype', '{"__proto__":{"transition":"Triggered"}}', JSON_TYPE, 422],
  ['the name of a method as transition', '{"transition":"constructor"}', JSON_TYPE, 422],
] as const)('%s is understood, or refused in a sentence', async ([, body, type, status]) => {
  const client = await start();
  const answer = await client.post(new TextEncoder().encode(body), type === '' ? null : type);
  expect(answer.status, `answered ${answer.text}`).toBe(status);
  expect(await jobsOf(client)).toHaveLength(status === 202 ? 1 : 0);
  if (status === 202) return;
  const { error } = JSON.parse(answer.text) as { error: { message: string; hint: string } };
  expect(error.message).toMatch(/^[A-Z"].*\.$/);
  expect(error.hint).toMatch(/\.$/);
});

test("Datadog's default payload with its organisation as an object is read at the URL with a direction", async () => {
  const client = await start();
  const payload = {
    body: '',
    event_type: 'x',
    title: 'Web is down',
    date: 1_795_348_800,
    org: { id: '7', name: 'E' },
    id: '9',
  };
  const old = await client.post(JSON.stringify(payload), JSON_TYPE, '/www/failover');
  expect(JSON.parse(old.text)).toMatchObject({ status: 'too-old' });
  const now = await client.post(JSON.stringify({ ...payload, date: Date.now() }), JSON_TYPE, '/www/failover');
  expect(now.status).toBe(202);
});

test('what moves nothing is in the journal, with who sent it', async () => {
  const client = await start();
  await client.post(JSON.stringify({ ...RECOMMENDED, transition: 'Warn' }));
  const lines = await client.endpoint.store.journal(0, 100);
  expect(lines.find(({ kind }) => kind === 'webhook')).toMatchObject({
    lane: 'www',
    text: '"[Triggered on {host:web-1}] Web is down" is a warning, and datadog.warn is ignore; www was not moved.',
    detail: { status: 'warn', transition: 'Warn', monitor: '42', event: '7312345', who: 'the token "datadog"' },
  });
});

test('503 for an alert and for a warning alike when nothing could be stored', async () => {
  const fault = new Fault('store-unavailable', 'The disk is full.');
  let away = false;
  const client = await start({
    store: (store) => ({
      ...store,
      decide: (turn, rule) => (away ? Promise.reject(fault) : store.decide(turn, rule)),
      record: (entry, atMs) => (away ? Promise.reject(fault) : store.record(entry, atMs)),
    }),
  });
  away = true;
  expect((await client.post(JSON.stringify(RECOMMENDED))).status).toBe(503);
  expect((await client.post(JSON.stringify({ ...RECOMMENDED, transition: 'Warn' }))).status).toBe(503);
  away = false;
  expect((await client.post(JSON.stringify(RECOMMENDED))).status).toBe(202);
});

test('a job says which alert it answers, and no secret is in any answer', async () => {
  const client = await start();
  const { text } = await client.post(JSON.stringify({ ...RECOMMENDED, title: `Web\u0000 is \u001b[31mdown\ud800` }));
  expect(JSON.parse(text)).toMatchObject({
    reason: 'Web is [31mdown\ufffd',
    trigger: { kind: 'datadog', actor: 'datadog', id: 'www/failover/7312345' },
  });
  expect(text).not.toContain(SECRETS.datadog);
});

/** Values that a payload could carry, and some that none should. */
const value = fc.oneof(
  fc.constantFrom('Triggered', 'Recovered', 'Warn', 'No Data', 'Renotify', '', '$ALERT_TRANSITION', '[TEST] x', '*'),
  fc.constantFrom('0', '-1', '1e400', 'NaN', '1795348800000', '99999999999999999999', '__proto__', '\u0000', '\ud800'),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.jsonValue({ maxDepth: 2 }),
);
const payload = fc.record(Object.fromEntries(Object.keys(RECOMMENDED).map((name) => [name, value])), {
  requiredKeys: [],
});
const body = fc.oneof(
  { weight: 3, arbitrary: payload.map((fields) => [JSON.stringify(fields), JSON_TYPE] as const) },
  {
    weight: 2,
    arbitrary: payload.map(
      (fields) =>
        [
          String(
            new URLSearchParams(Object.entries(fields).map(([name, said]): [string, string] => [name, asText(said)])),
          ),
          FORM_TYPE,
        ] as const,
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat(), fc.string({ unit: 'binary', maxLength: 5 }))
      .map(([at, put]) => [spliced(JSON.stringify(RECOMMENDED), at, put), JSON_TYPE] as const),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.string({ unit: 'binary' }), fc.constantFrom(JSON_TYPE, FORM_TYPE, 'text/plain')),
  },
);

function asText(said: unknown): string {
  return typeof said === 'string' ? said : JSON.stringify(said);
}

function spliced(text: string, at: number, put: string): string {
  const place = at % text.length;
  return text.slice(0, place) + put + text.slice(place + put.length);
}

const FUZZED = 2_500;
const AT_ONCE = 40;

test(
  `${FUZZED} random and mutated bodies: an answer to each, never a 5xx, and only an alert moves anything`,
  { timeout: 60_000 },
  async () => {
    const client = await start();
    const rejected = vi.fn<(reason: unknown) => void>();
    process.on('unhandledRejection', rejected);
    const bodies = fc.sample(fc.tuple(body, fc.constantFrom('/www', '/www', '/api', '/api/failover', '/www/restore')), {
      numRuns: FUZZED,
      seed: 6,
    });
    for (let from = 0; from < bodies.length; from += AT_ONCE) {
      await Promise.all(
        bodies.slice(from, from + AT_ONCE).map(async ([[text, type], path]) => {
          const answer = await client.post(text, type, path);
          expect([200, 202, 413, 415, 422], `${text}\n${answer.text}`).toContain(answer.status);
          const said = JSON.parse(answer.text) as { text?: string; error?: { message: string } };
          expect(said.text ?? said.error?.message).toMatch(/\S/);
          if (answer.status !== 202 || path.includes('/', 1)) return;
          // To the URL without a direction, a job needs a transition of Datadog's.
          expect(text, `answered ${answer.text}`).toMatch(/Triggered|Recovered|No(?: |\+|%20)Data|Renotify/i);
        }),
      );
    }
    process.off('unhandledRejection', rejected);
    expect(rejected).not.toHaveBeenCalled();
    const still = await client.post(JSON.stringify({ ...RECOMMENDED, monitor_id: 'another', cycle_key: 'new' }));
    expect([200, 202]).toContain(still.status);
  },
);
