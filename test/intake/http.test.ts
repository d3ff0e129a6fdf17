import { connect } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Fault } from '../../shared/faults.ts';
import type { JobRow } from '../../cloud/engine/job.ts';
import type { Log } from '../../shared/log.ts';
import { Job, State } from '../../shared/messages.ts';
import { DEVICES, makeEndpoint, SECRETS, type TestEndpoint, type TestEndpointOptions, TRIGGER_ID } from './endpoint.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  while (open.length > 0) await open.pop()?.[Symbol.asyncDispose]();
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

interface Client {
  readonly endpoint: TestEndpoint;
  readonly url: string;
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Answer>;
  readonly post: (path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;
}

const OPS = { authorization: `Bearer ${SECRETS.ops}` };

async function start(options: TestEndpointOptions = {}): Promise<Client> {
  const endpoint = await makeEndpoint(options);
  open.push(endpoint);
  const url = await endpoint.listen();
  const send = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(url + path, init);
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };
  return {
    endpoint,
    url,
    get: (path, headers = OPS) => send(path, { headers }),
    post: (path, body, headers = OPS) =>
      send(path, {
        method: 'POST',
        ...(body === undefined
          ? { headers }
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } }),
      }),
  };
}

const jobsOf = (endpoint: TestEndpoint) => endpoint.engine.jobs({ limit: 200 });

/** Every error has the same form, and says something in each of its fields. */
function expectError(answer: Answer, status: number, code: string, words = /./): void {
  expect({ status: answer.status, ...(answer.body as object) }).toMatchObject({ status, error: { code } });
  const { error } = answer.body as { error: { message: string; hint: string } };
  expect(error.message).toMatch(words);
  expect(error.hint).toMatch(/\.$/);
}

/** Bytes on a socket, and what comes back until it closes. */
function raw(url: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

describe('a trigger', () => {
  const path = `/trigger/${TRIGGER_ID}`;
  const caauth = { authorization: `CAAuth ${SECRETS.trigger}` };

  test("runs its job with Cloud Automator's curl, and answers 202 with it", async () => {
    const { post, endpoint } = await start();
    const answer = await post(path, undefined, { ...caauth, 'content-type': 'application/json' });
    expect(answer.status).toBe(202);
    const job = Job.parse(answer.body);
    expect(job).toMatchObject({ switch: 'www', command: 'failover', to: 'maintenance' });
    expect(job.trigger).toEqual({ kind: 'http', actor: TRIGGER_ID, id: null });
    expect(await endpoint.engine.job(job.id)).toMatchObject({ sender: `trigger:${TRIGGER_ID}` });
  });

  test.for([
    ['JSON', 'application/json', '{"any":"thing"}'],
    ['what says it is JSON and is not', 'application/json', '{{{{'],
    ['a form', 'application/x-www-form-urlencoded', 'a=b'],
    ['XML', 'application/xml', '<a/>'],
    ['a media type that is none', 'nonsense', 'x'],
    ['half a megabyte of binary', 'application/octet-stream', 'x'.repeat(500_000)],
  ])('ignores a body that is %s', async ([, type, body]) => {
    const { url } = await start();
    const headers = { ...caauth, 'content-type': type ?? '' };
    const response = await fetch(url + path, { method: 'POST', headers, body: body ?? '' });
    expect(response.status).toBe(202);
  });

  test('takes Content-Length: 0 without a Content-Type', async () => {
    const { url } = await start();
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: CAAuth ${SECRETS.trigger}\r\n`;
    expect(await raw(url, `${head}Content-Length: 0\r\nConnection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 202 /);
  });

  test('refuses a body over one megabyte, announced or not', async () => {
    const { url, endpoint } = await start();
    const body = 'x'.repeat(1_100_000);
    const announced = await fetch(url + path, { method: 'POST', headers: caauth, body });
    expect(announced.status).toBe(413);
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: CAAuth ${SECRETS.trigger}\r\nConnection: close\r\n`;
    const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    expect(await raw(url, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk}`)).toMatch(/^HTTP\/1\.1 413 /);
    expect(await jobsOf(endpoint)).toEqual([]);
  });

  test('answers 401 to a wrong secret and 404 to an unknown id, and moves nothing', async () => {
    const { post, endpoint } = await start();
    expectError(await post(path, undefined, {}), 401, 'not-authenticated', /missing/);
    expectError(await post(path, undefined, { authorization: 'CAAuth wrong' }), 401, 'not-authenticated');
    const wrong = await post(path, undefined, OPS);
    expectError(wrong, 401, 'not-authenticated');
    expect(wrong.body).toMatchObject({ error: { hint: expect.stringContaining('the secret of this trigger') } });
    expectError(await post('/trigger/unknown', undefined, caauth), 404, 'unknown-trigger');
    expect(await jobsOf(endpoint)).toEqual([]);
  });
});

describe('a token', () => {
  test('is needed for everything below /api', async () => {
    expect.hasAssertions();
    const { get, post } = await start();
    for (const path of ['/api/switches', '/api/jobs', '/api/devices', '/api/audit', '/api/events', '/api/nothing']) {
      const answer = await get(path, {});
      if (path === '/api/nothing') expectError(answer, 404, 'not-found');
      else expectError(answer, 401, 'not-authenticated');
    }
    for (const header of ['', 'Basic b3BzOng=', 'Bearer', 'Bearer ', SECRETS.ops, `Bearer ${SECRETS.ops}x`]) {
      expectError(await post('/api/switches/www/failover', {}, { authorization: header }), 401, 'not-authenticated');
    }
  });

  test('is taken as Bearer or as CAAuth, in any case', async () => {
    const { get } = await start();
    for (const scheme of ['Bearer', 'CAAuth', 'bearer', 'caauth']) {
      expect((await get('/api/switches', { authorization: `${scheme} ${SECRETS.ops}` })).status).toBe(200);
    }
  });

  test('is refused before a byte of the body is read', async () => {
    expect.hasAssertions();
    const { post } = await start();
    const answer = await post('/api/switches/www/failover', { reason: 'x'.repeat(10_000) }, {});
    expectError(answer, 401, 'not-authenticated');
  });

  test('does only what it may, where it may', async () => {
    const { get, post, endpoint } = await start();
    const reader = { authorization: `Bearer ${SECRETS.reader}` };
    expectError(await post('/api/switches/api/failover', {}, reader), 403, 'not-allowed', /"reader" may not ask for/);
    expectError(await post('/api/switches/www/failover', {}, reader), 403, 'not-allowed', /not for the switch "www"/);
    expectError(await get('/api/switches/www', reader), 403, 'not-allowed');
    expectError(await get('/api/audit', reader), 403, 'not-allowed');
    expect((await get('/api/switches', reader)).body).toMatchObject({ switches: [{ switch: 'api' }] });
    expectError(
      await post('/api/switches/www/failover', {}, { authorization: `Bearer ${SECRETS.datadog}` }),
      403,
      'not-allowed',
      /by way of "api".*datadog/,
    );
    expect(await jobsOf(endpoint)).toEqual([]);
  });

  test('that is right is accepted at once, also from an address whose wrong ones are told to slow down', async () => {
    const { get } = await start();
    const wrong = { authorization: 'Bearer guess' };
    for (let i = 0; i < 10; i++) expectError(await get('/api/switches', wrong), 401, 'not-authenticated');
    const slowed = await get('/api/switches', wrong);
    expectError(slowed, 429, 'slow-down');
    expect(Number(slowed.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await get('/api/switches')).status).toBe(200);
  });

  test('never stands in a log, whatever happens to the request', async () => {
    const lines: string[] = [];
    const write = (fields: object, sentence: string): number => lines.push(JSON.stringify(fields) + sentence);
    const log: Log = { debug: write, info: write, warn: write, error: write };
    const { get, post, endpoint } = await start({ log });
    await get('/api/switches');
    await get('/api/switches', { authorization: 'Bearer guessed-secret' });
    await post('/api/switches/www/failover', { id: 'x' });
    await post('/api/switches/nope/failover', {});
    await post(`/trigger/${TRIGGER_ID}`, undefined, { authorization: `CAAuth ${SECRETS.trigger}` });
    await vi.waitFor(() => expect(lines.filter((line) => line.includes('was answered')).length).toBeGreaterThan(4));
    const all = lines.join('\n') + JSON.stringify(await endpoint.store.journal(0, 1_000));
    for (const secret of [...Object.values(SECRETS), 'guessed-secret']) expect(all).not.toContain(secret);
    expect(lines.find((line) => line.includes('POST /api/switches/:switch/failover was answered 202'))).toBeDefined();
  });
});

describe('commands', () => {
  test('202 with the job, which can be watched until it has ended', async () => {
    const { get, post } = await start();
    const answer = await post('/api/switches/www/failover', { reason: 'the site is down', id: 'once' });
    expect(answer.status).toBe(202);
    const job = Job.parse(answer.body);
    expect(job).toMatchObject({ reason: 'the site is down', trigger: { kind: 'api', actor: 'ops', id: 'once' } });
    const ended = await get(`/api/jobs/${job.id}?wait=30s`);
    expect(Job.parse(ended.body)).toMatchObject({ status: 'succeeded', outcome: 'switched' });
    const again = await post('/api/switches/www/failover', { id: 'once' });
    expect(Job.parse(again.body).id).toBe(job.id);
    const state = State.parse((await get('/api/switches/www')).body);
    expect(state).toMatchObject({ position: 'maintenance', hold: { by: expect.any(String) as string } });
  });

  test('the body may be missing or empty', async () => {
    const { url, post } = await start();
    expect((await post('/api/switches/www/drill')).status).toBe(202);
    const headers = { ...OPS, 'content-type': 'application/json' };
    const empty = await fetch(`${url}/api/switches/www/drill`, { method: 'POST', headers, body: '' });
    expect(empty.status).toBe(202);
  });

  test.for([
    ['an unknown field', { colour: 'red' }, 'www', 422, 'malformed', /colour/],
    ['a number for a word', { to: 7 }, 'www', 422, 'malformed', /to is 7; write text/],
    ['too long a life', { expiresInMs: 600_001 }, 'www', 422, 'malformed', /expiresInMs/],
    [
      'half a character for an id',
      { id: '\ud800' },
      'www',
      422,
      'malformed',
      /id is "\\ud800"; write whole characters/,
    ],
    ['an unknown position', { to: 'moon' }, 'www', 422, 'unknown-position', /moon/],
    ['an unknown switch', {}, 'nope', 404, 'unknown-switch', /nope/],
    ['an unknown guard', { override: ['held'] }, 'www', 422, 'malformed', /held/],
  ] as const)('%s is refused in words', async ([, body, name, status, code, words]) => {
    const { post, endpoint } = await start();
    expectError(await post(`/api/switches/${name}/failover`, body), status, code, words);
    expect(await jobsOf(endpoint)).toEqual([]);
    await vi.waitFor(async () => {
      const journal = await endpoint.store.journal(0, 100);
      expect(journal.filter(({ kind }) => kind === 'refused')).toMatchObject([{ detail: { code } }]);
    });
  });

  test('options in the query are refused by name, not left out: a failover would go elsewhere than its sender believes', async () => {
    const { get, post, endpoint } = await start();
    const asked = await post('/api/switches/www/failover?to=dr&ageMs=5');
    expectError(asked, 422, 'malformed', /^The query .*unknown field "to", "ageMs"\.$/);
    expectError(await post('/api/switches/www/hold?for=1h'), 422, 'malformed', /"for"/);
    expectError(await get('/api/switches?switch=www'), 422, 'malformed', /"switch"/);
    expect(await jobsOf(endpoint)).toEqual([]);
    expect((await post('/api/switches/www/drill?')).status).toBe(202);
  });

  test('410 for one that is too old, 412 for one meant for another revision; the body is the job', async () => {
    const { post } = await start();
    const late = await post('/api/switches/www/failover', { ageMs: 60_001 });
    expect([late.status, Job.parse(late.body).status]).toEqual([410, 'refused']);
    const stale = await post('/api/switches/www/restore', { ifRevision: 99 });
    expect([stale.status, Job.parse(stale.body).error?.code]).toEqual([412, 'stale']);
  });

  test('hold and release answer with the state', async () => {
    const { post } = await start();
    const held = await post('/api/switches/www/hold', { reason: 'maintenance', for: '1h' });
    expect(held.status).toBe(200);
    expect(held.body).toMatchObject({ state: { hold: { reason: 'maintenance' } }, text: expect.any(String) as string });
    expectError(await post('/api/switches/www/hold', { for: 'soon' }), 422, 'malformed', /a duration such as/);
    expectError(await post('/api/switches/www/hold', { for: ['1h'] }), 422, 'malformed', /for is a list; write a dur/);
    expectError(
      await post('/api/switches/www/hold', { for: 60 }),
      422,
      'malformed',
      /for is 60; write a duration such/,
    );
    const until = await post('/api/switches/www/release', { for: '1h' });
    expectError(until, 422, 'malformed', /for is "1h"; write nothing there: a release has no duration/);
    const released = await post('/api/switches/www/release', { reason: 'done' });
    expect(released.body).toMatchObject({ state: { hold: null }, text: expect.stringContaining('"done"') as string });
    expect((await post('/api/switches/www/release')).status).toBe(200);
    expectError(await post('/api/switches/www/alerts/clear', {}), 422, 'malformed', /key/);
  });

  test('a job is cancelled until its change is sent, and not after its end', async () => {
    const { get, post, endpoint } = await start({ gated: true });
    const { id } = Job.parse((await post('/api/switches/www/failover')).body);
    expectError(await post('/api/jobs/nope/cancel'), 404, 'unknown-job');
    expectError(await post(`/api/jobs/${id}/cancel`, { raeson: 'mistaken' }), 422, 'malformed', /raeson/);
    expect((await post(`/api/jobs/${id}/cancel`, { reason: 'the wrong switch' })).status).toBe(200);
    const written = await endpoint.store.journal(0, 100);
    expect(written.map(({ text }) => text).join('\n')).toContain('cancelled it because "the wrong switch".');
    endpoint.gate.open();
    await get(`/api/jobs/${id}?wait=10s`);
    const late = await post(`/api/jobs/${id}/cancel`);
    expect(late.status).toBe(409);
  });

  test('a cancel that meets the end of its job is too late: the job is known, and says how it ended', async () => {
    let before: JobRow | undefined;
    const { post, endpoint } = await start({
      gated: true,
      store: (store) => ({
        ...store,
        async job(id) {
          const found = before ?? (await store.job(id));
          before = undefined;
          return found;
        },
      }),
    });
    const { id } = Job.parse((await post('/api/switches/www/failover')).body);
    const running = await endpoint.engine.job(id);
    endpoint.gate.open();
    await endpoint.engine.wait(id, 10_000);
    before = running;
    const late = await post(`/api/jobs/${id}/cancel`);
    expect(late.status).toBe(409);
    expectError(late, 409, 'too-late', /has ended: its status is succeeded/);
  });

  test('a device commands on its own road with its own token, and is one sender on both', async () => {
    const { post, endpoint } = await start({ gated: true });
    const lobby = { authorization: `Bearer ${SECRETS.lobby}` };
    const answer = await post('/api/devices/lobby/command', { command: 'failover', id: 'press-1' }, lobby);
    expect(answer.status).toBe(202);
    const bytes = Buffer.from(JSON.stringify({ command: 'failover', id: 'press-1' }));
    await endpoint.hear({ topic: 'devices/lobby/command', payload: bytes, retained: false });
    const jobs = await jobsOf(endpoint);
    expect(jobs.map(({ sender }) => sender)).toEqual(['device:lobby']);
    expectError(await post('/api/devices/lobby/command', { command: 'failover' }), 403, 'not-allowed');
    expectError(await post('/api/devices/roof/command', { command: 'failover' }, lobby), 403, 'not-allowed');
    expectError(await post('/api/devices/lobby/command', { command: 'dance' }, lobby), 422, 'malformed', /command/);
    expectError(await post('/api/devices/lobby/command', undefined, lobby), 422, 'malformed');
    expectError(await post('/api/switches/www/failover', {}, lobby), 403, 'not-allowed', /elsewhere/);
  });
});

describe('reading', () => {
  test('jobs come newest first, filtered, page by page', async () => {
    const { get, post } = await start();
    for (const name of ['www', 'api', 'www']) {
      const { id } = Job.parse((await post(`/api/switches/${name}/drill`)).body);
      await get(`/api/jobs/${id}?wait=10s`);
    }
    const read = async (query: string): Promise<Job[]> => {
      const { jobs } = (await get(`/api/jobs${query}`)).body as { jobs: unknown[] };
      return jobs.map((job) => Job.parse(job));
    };
    const all = await read('');
    expect(all.map(({ switch: name }) => name)).toEqual(['www', 'api', 'www']);
    expect((await read('?switch=api')).map(({ id }) => id)).toEqual([all[1]?.id]);
    expect((await read(`?limit=1&before=${all[0]?.id}`)).map(({ id }) => id)).toEqual([all[1]?.id]);
    expect(await read('?status=running')).toEqual([]);
    expectError(
      await get('/api/jobs?limit=201'),
      422,
      'malformed',
      /^The query .*: limit is "201"; write at most 200\./,
    );
    expectError(await get('/api/jobs?limit=x'), 422, 'malformed', /: limit is "x"; write a number\./);
    expectError(await get('/api/jobs?colour=red'), 422, 'malformed', /colour/);
    expectError(
      await get('/api/jobs?status=happy'),
      422,
      'malformed',
      /status is "happy"; write waiting, .* or cancelled/,
    );
    expectError(await get('/api/jobs/nope'), 404, 'unknown-job');
    const mistyped = await get('/api/jobs?switch=wwv');
    expectError(mistyped, 404, 'unknown-switch', /"wwv"/);
    expectError(await get(`/api/jobs/${all[0]?.id}?wait=long`), 422, 'malformed', /30s/);
  });

  test('devices are listed with what they last said, and those never heard as such', async () => {
    const { get, endpoint } = await start();
    const payload = Buffer.from('{"online":true,"session":"a","version":"1.2.3","fault":"The button is jammed."}');
    await endpoint.hear({ topic: 'devices/lobby/presence', payload, retained: true });
    const { devices } = (await get('/api/devices')).body as { devices: object[] };
    expect(devices).toHaveLength(DEVICES.length);
    expect(devices[0]).toMatchObject({
      device: 'lobby',
      text: expect.stringMatching(/^lobby is online .* It has a fault: The button is jammed\.$/) as string,
      online: true,
      version: '1.2.3',
      fault: 'The button is jammed.',
    });
    expect(devices[1]).toMatchObject({ device: 'roof', online: false, fault: null, heardAt: null });
  });

  test('the journal is read in order, with its hashes', async () => {
    const { get, post } = await start();
    await post('/api/switches/www/hold');
    const { entries } = (await get('/api/audit?limit=2')).body as { entries: { seq: number; hash: string }[] };
    expect(entries).toHaveLength(2);
    expect(entries[1]?.hash).toMatch(/^[0-9a-f]{64}$/);
    const next = (await get(`/api/audit?after=${entries[1]?.seq}&limit=1`)).body as { entries: { seq: number }[] };
    expect(next.entries[0]?.seq).toBe((entries[1]?.seq ?? 0) + 1);
  });

  test('a state tells of the job that runs, however many refused ones are newer', async () => {
    const { endpoint, get, post } = await start({ gated: true });
    const { id } = (await post('/api/switches/www/failover')).body as { id: string };
    for (let i = 0; i < 60; i++) expect((await post('/api/switches/www/drill', { ageMs: 90_000 })).status).toBe(410);
    expect((await get('/api/switches/www')).body).toMatchObject({ position: 'moving', job: id });
    endpoint.gate.open();
  });

  test('events begin with the states and tell each job message and state as it is stored, to those who may see them', async () => {
    const { url, post } = await start();
    const read = async (secret: string) => {
      const response = await fetch(`${url}/api/events`, { headers: { authorization: `Bearer ${secret}` } });
      expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
      const heard = { text: '' };
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      const pump = async (): Promise<void> => {
        for (;;) {
          const chunk = await reader?.read();
          if (!chunk || chunk.done) return;
          heard.text += chunk.value;
        }
      };
      return { heard, ended: pump() };
    };
    const ops = await read(SECRETS.ops);
    const reader = await read(SECRETS.reader);
    await vi.waitFor(() => expect(ops.heard.text.match(/^event: state/gm)).toHaveLength(2));
    await post('/api/switches/www/failover');
    await vi.waitFor(() => expect(ops.heard.text).toMatch(/"type":"finished"/));
    expect(ops.heard.text).toMatch(/event: job\ndata: \{"type":"accepted"/);
    expect(ops.heard.text).toMatch(/"position":"maintenance"/);
    expect(reader.heard.text).toMatch(/"switch":"api"/);
    expect(reader.heard.text).not.toMatch(/"switch":"www"/);
    await open.pop()?.[Symbol.asyncDispose]();
    await Promise.all([ops.ended, reader.ended]);
  });
});

test('what is stored while a viewer of the events gets its first states is told to it after them', async () => {
  const { endpoint, url, post } = await start();
  const state = endpoint.engine.state.bind(endpoint.engine);
  const asked = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  Object.assign(endpoint.engine, {
    state: async (lane: string) => {
      if (lane !== 'api') return state(lane);
      asked.resolve();
      await goOn.promise;
      return state(lane);
    },
  });
  const left = new AbortController();
  const opening = fetch(`${url}/api/events`, { headers: OPS, signal: left.signal });
  await asked.promise;
  const { id } = (await post('/api/switches/www/failover')).body as { id: string };
  await endpoint.engine.wait(id, 5_000);
  goOn.resolve();
  let heard = '';
  const reader = (await opening).body?.pipeThrough(new TextDecoderStream()).getReader();
  while (!/"type":"finished"/.test(heard)) heard += (await reader?.read())?.value ?? '';
  expect(heard.indexOf('"switch":"api"')).toBeLessThan(heard.indexOf('"type":"accepted"'));
  left.abort();
});

describe('HTTP itself', () => {
  test.for([
    ['an unknown path', 'GET', '/nowhere', 404, 'not-found', /nowhere/],
    ['a wrong method', 'DELETE', '/api/switches/www', 405, 'bad-method', /DELETE/],
    ['GET where it is POST', 'GET', `/trigger/${TRIGGER_ID}`, 405, 'bad-method', /GET/],
    ['the same with a slash at its end', 'GET', `/trigger/${TRIGGER_ID}/`, 405, 'bad-method', /GET/],
    ['a longer name than anything has', 'GET', `/api/switches/${'x'.repeat(129)}`, 404, 'not-found', /^No .* 128/],
    ['a path that is not well formed', 'GET', '/api/switches/%zz', 400, 'bad-request', /path|URL/],
  ] as const)('%s is answered in the same form', async ([, method, path, status, code, words]) => {
    expect.hasAssertions();
    const { url } = await start();
    const response = await fetch(url + path, { method, headers: OPS });
    expectError(
      { status: response.status, headers: response.headers, body: await response.json() },
      status,
      code,
      words,
    );
    if (status === 405) expect(response.headers.get('allow')).toMatch(/GET|POST/);
  });

  test.for([
    ['no JSON', 'application/json', '{"to":', 422, 'malformed', /not JSON/],
    ['a bare word', 'application/json', 'failover', 422, 'malformed', /not JSON/],
    ['another media type', 'text/plain', 'failover', 415, 'bad-media-type', /JSON/],
    ['a form, as curl -d sends it', 'application/x-www-form-urlencoded', '{}', 415, 'bad-media-type', /JSON/],
    ['more than 4 KiB', 'application/json', `{"reason":"${'x'.repeat(5_000)}"}`, 413, 'too-large', /4,096/],
    ['an array', 'application/json', '[]', 422, 'malformed', /body .*: it is a list; write a JSON object/],
    ['a poisoned prototype', 'application/json', '{"__proto__":{"to":"x"}}', 422, 'malformed', /field "__proto__"/],
    [
      'a poisoned constructor',
      'application/json',
      '{"constructor":{"prototype":1}}',
      422,
      'malformed',
      /"constructor"/,
    ],
  ] as const)('a body that is %s is answered in the same form', async ([, type, body, status, code, words]) => {
    const { url, endpoint } = await start();
    const headers = { ...OPS, 'content-type': type };
    const response = await fetch(`${url}/api/switches/www/failover`, { method: 'POST', headers, body });
    expectError(
      { status: response.status, headers: response.headers, body: await response.json() },
      status,
      code,
      words,
    );
    expect(await jobsOf(endpoint)).toEqual([]);
  });

  test('overlong headers and what is no HTTP at all are answered too', async () => {
    const { url } = await start();
    const long = await raw(url, `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(long).toMatch(/^HTTP\/1\.1 431 [\s\S]*"code":"too-large"/);
    expect(await raw(url, 'HELLO\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"bad-request"/);
    const nameless = await raw(url, 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n');
    expect(nameless).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"bad-request","message":"The header Host is missing\."/);
    expect(await raw(url, 'GET /healthz HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('what a sender expects besides an answer does not keep its command from being taken', async () => {
    const { url } = await start();
    const head = `POST /trigger/${TRIGGER_ID} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: CAAuth ${SECRETS.trigger}`;
    expect(await raw(url, `${head}\r\nExpect: the-unexpected\r\nContent-Length: 2\r\n\r\nhi`)).toMatch(
      /^HTTP\/1\.1 202 /,
    );
  });

  test.for([
    ['Sec-Fetch-Site says so', { 'sec-fetch-site': 'cross-site' }],
    ['its Origin is another', { origin: 'https://evil.example' }],
    ['its Origin is null', { origin: 'null' }],
  ])('a browser page of another site is refused: %s', async ([, headers]) => {
    const { post, endpoint } = await start();
    const answer = await post('/api/switches/www/failover', {}, { ...OPS, ...(headers as Record<string, string>) });
    expectError(answer, 403, 'not-allowed', /another site/);
    expect(await jobsOf(endpoint)).toEqual([]);
  });

  test("the address of a client is a trusted proxy's to tell, and nobody else's", async () => {
    const told = { authorization: 'Bearer guess', 'x-forwarded-for': '198.51.100.7' };
    const whoIs = async (trustProxy: boolean | readonly string[]): Promise<string> => {
      const { get, endpoint } = await start({ http: { trustProxy } });
      await get('/api/switches', told);
      return vi.waitFor(async () => {
        const journal = await endpoint.store.journal(0, 100);
        const refused = journal.find(({ kind }) => kind === 'refused');
        expect(refused).toBeDefined();
        return refused?.text ?? '';
      });
    };
    expect(await whoIs(false)).toContain('127.0.0.1');
    expect(await whoIs(['127.0.0.1'])).toContain('198.51.100.7');
    expect(await whoIs(['203.0.113.1'])).toContain('127.0.0.1');
  });

  test('slow senders and idle connections have an end', async () => {
    const { endpoint } = await start();
    const { headersTimeout, requestTimeout, keepAliveTimeout, maxConnections } = endpoint.http.server;
    expect({ headersTimeout, requestTimeout, keepAliveTimeout, maxConnections }).toEqual({
      headersTimeout: 10_000,
      requestTimeout: 10_000,
      keepAliveTimeout: 72_000,
      maxConnections: 4_096,
    });
  });

  test('our own page may send commands', async () => {
    const { post, url } = await start({ http: { publicUrl: 'https://dashover.example.com' } });
    for (const origin of [url, 'https://dashover.example.com']) {
      expect((await post('/api/switches/www/drill', {}, { ...OPS, origin })).status).toBe(202);
    }
    expect((await post('/api/switches/www/drill', {}, { ...OPS, 'sec-fetch-site': 'same-origin' })).status).toBe(202);
  });

  test('every answer carries a strict policy for browsers', async () => {
    const { get } = await start();
    const { headers } = await get('/healthz', {});
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*script-src 'self'/);
    expect(headers.get('content-security-policy')).not.toMatch(/unsafe|https?:/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('while the store is away commands are answered 503: nothing was stored, send it again', async () => {
    expect.hasAssertions();
    const fault = new Fault('store-unavailable', 'The database is away.');
    let away = false;
    const { post } = await start({
      store: (store) => ({
        ...store,
        decide: (turn, rule) => (away ? Promise.reject(fault) : store.decide(turn, rule)),
      }),
    });
    away = true;
    expectError(await post('/api/switches/www/failover'), 503, 'store-unavailable');
  });

  test('a mistake of ours says so, and not what it was', async () => {
    const { post } = await start({
      store: (store) => ({
        ...store,
        decide: (turn, rule) => (turn.question ? Promise.reject(new TypeError('inside')) : store.decide(turn, rule)),
      }),
    });
    const answer = await post('/api/switches/www/failover', { id: 'x' });
    expectError(answer, 500, 'internal-error');
    expect(JSON.stringify(answer.body)).not.toContain('inside');
  });
});

describe('health', () => {
  test('alive without a token; ready when every check is, with a reason for each that is not', async () => {
    let mqtt: string | null = 'Nothing listens there.';
    let asked = 0;
    const checks = [
      {
        name: 'store',
        ask: async () => {
          asked++;
          return null;
        },
      },
      { name: 'mqtt', ask: async () => mqtt },
      { name: 'route53', ask: () => Promise.reject(new Error('no credentials')) },
    ];
    const { get } = await start({ http: { checks } });
    expect(await get('/healthz', {})).toMatchObject({ status: 200, body: { status: 'ok' } });
    const answer = await get('/readyz', {});
    expect(answer).toMatchObject({
      status: 503,
      body: {
        ready: false,
        checks: [
          { name: 'store', ok: true, reason: null },
          { name: 'mqtt', ok: false, reason: 'Nothing listens there.' },
          { name: 'route53', ok: false, reason: 'no credentials' },
        ],
      },
    });
    // Strangers may ask as often as they like; what is asked of others stays the same.
    mqtt = null;
    for (let i = 0; i < 20; i++) await get('/readyz', {});
    expect(asked).toBe(1);
  });
});

test('a graceful end answers what is waiting, ends the events, and takes no new commands', async () => {
  const { get, post, endpoint } = await start({ gated: true });
  const { id } = Job.parse((await post('/api/switches/www/failover')).body);
  const waiting = get(`/api/jobs/${id}?wait=60s`);
  await vi.waitFor(() => expect(endpoint.http.server.listening).toBe(true));
  // The wait must be in the server's hands before the end begins.
  await get('/api/switches');
  await endpoint.http.close();
  const answer = await waiting;
  expect(Job.parse(answer.body)).toMatchObject({ id, status: 'running' });
  await expect(post('/api/switches/www/restore')).rejects.toThrow('fetch failed');
});
