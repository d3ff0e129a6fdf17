import { ChangeResourceRecordSetsCommand } from '@aws-sdk/client-route-53';
import type { Route53Client } from '@aws-sdk/client-route-53';
import { expect, test } from 'vitest';
import { change, sdkClient, setsOf, statusOf, submit } from './route53/client.ts';
import { startRoute53 } from './route53/server.ts';
import type { LocalRoute53, Route53Options } from './route53/server.ts';
import type { Timing } from './route53/account.ts';

const Z = 'Z0LOCAL';
const OLD = ['192.0.2.10'];
const NEW = ['192.0.2.20'];

const start = (more: Partial<Route53Options> = {}): Promise<LocalRoute53> =>
  startRoute53({
    zones: [{ id: Z, name: 'example.test', records: [{ name: 'www.example.test', type: 'A', ttl: 60, values: OLD }] }],
    ...more,
  });

const move = (client: Route53Client): Promise<string> =>
  submit(client, Z, change('DELETE', 'www.example.test', 'A', OLD), change('CREATE', 'www.example.test', 'A', NEW));

async function live(client: Route53Client): Promise<string | undefined> {
  return (await setsOf(client, Z))[0]?.ResourceRecords?.[0]?.Value;
}

/** A clock that a test moves by hand. */
function handClock(): Timing & { advance(ms: number): void } {
  let nowMs = 1_000_000;
  let waiting: { readonly atMs: number; readonly callback: () => void }[] = [];
  return {
    nowMs: () => nowMs,
    after(ms, callback) {
      const entry = { atMs: nowMs + ms, callback };
      waiting.push(entry);
      return () => {
        waiting = waiting.filter((other) => other !== entry);
      };
    },
    advance(ms) {
      nowMs += ms;
      const due = waiting.filter(({ atMs }) => atMs <= nowMs);
      waiting = waiting.filter(({ atMs }) => atMs > nowMs);
      for (const { callback } of due) callback();
    },
  };
}

test.for([
  [{ kind: 'throttling' }, { name: 'Throttling', message: 'Rate exceeded', $metadata: { httpStatusCode: 400 } }],
  [{ kind: 'prior-request' }, { name: 'PriorRequestNotComplete', $metadata: { httpStatusCode: 400 } }],
  [{ kind: 'access-denied' }, { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } }],
  [{ kind: 'expired-token' }, { name: 'ExpiredToken', $metadata: { httpStatusCode: 403 } }],
  [
    { kind: 'error', status: 500 },
    { name: 'InternalFailure', $metadata: { httpStatusCode: 500 } },
  ],
  [
    { kind: 'error', status: 503 },
    { name: 'ServiceUnavailable', $metadata: { httpStatusCode: 503 } },
  ],
  [{ kind: 'error', status: 502, body: 'html' }, { $metadata: { httpStatusCode: 502 } }],
  [{ kind: 'error', status: 504, body: 'empty' }, { $metadata: { httpStatusCode: 504 } }],
  [{ kind: 'lost-request' }, { code: 'ECONNRESET' }],
] as const)('%o: one call fails, nothing is changed, the next succeeds', async ([weather, error]) => {
  await using route53 = await start();
  const client = sdkClient(route53.url);
  route53.weather(weather);
  await expect(move(client)).rejects.toMatchObject(error);
  expect(await live(client)).toBe(OLD[0]);
  await move(client);
  expect(await live(client)).toBe(NEW[0]);
  expect(route53.changes).toBe(1);
});

test('a lost reply: the change was made, the caller hears a cut connection, and the SDK by itself is told a lie', async () => {
  await using route53 = await start();
  const client = sdkClient(route53.url);
  route53.weather({ kind: 'lost-reply', operation: 'ChangeResourceRecordSets' });
  await expect(move(client)).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(await live(client)).toBe(NEW[0]);
  expect(route53.changes).toBe(1);
  route53.edit(Z, [{ action: 'UPSERT', set: { name: 'www.example.test', type: 'A', ttl: 60, values: OLD } }]);
  route53.weather({ kind: 'lost-reply', operation: 'ChangeResourceRecordSets' });
  const retrying = sdkClient(route53.url, 3);
  await expect(move(retrying)).rejects.toThrow(/values provided do not match|it was not found/);
  expect(await live(client)).toBe(NEW[0]);
});

test('a call that hangs is ended by its caller, and was not carried out', async () => {
  await using route53 = await start();
  const client = sdkClient(route53.url);
  route53.weather({ kind: 'hang', times: 1 });
  const called = new Promise<void>((resolve) => {
    route53.onCall(() => resolve());
  });
  const abort = new AbortController();
  const Changes = [change('UPSERT', 'www.example.test', 'A', NEW)];
  const outcome = client
    .send(new ChangeResourceRecordSetsCommand({ HostedZoneId: Z, ChangeBatch: { Changes } }), {
      abortSignal: abort.signal,
    })
    .catch((error: unknown) => error);
  await called;
  abort.abort();
  expect(await outcome).toMatchObject({ name: 'AbortError' });
  expect(route53.calls.at(-1)?.outcome).toBe('hanging');
  expect(await live(client)).toBe(OLD[0]);
});

test('while a slow change is not answered, other changes of the zone are refused as PriorRequestNotComplete', async () => {
  const timing = handClock();
  await using route53 = await start({ timing });
  const client = sdkClient(route53.url);
  const other = sdkClient(route53.url);
  const carriedOut = new Promise<void>((resolve) => {
    route53.onInsync(() => resolve());
  });
  route53.weather({ kind: 'slow', ms: 1_000, operation: 'ChangeResourceRecordSets' });
  const slow = move(client);
  await carriedOut;
  await expect(submit(other, Z, change('UPSERT', 'b.example.test', 'A', NEW))).rejects.toMatchObject({
    name: 'PriorRequestNotComplete',
  });
  expect(await live(other)).toBe(NEW[0]);
  timing.advance(1_000);
  await slow;
  await submit(other, Z, change('UPSERT', 'b.example.test', 'A', NEW));
});

test('a slow INSYNC comes later by as much as was said', async () => {
  const timing = handClock();
  await using route53 = await start({ timing, insyncAfterMs: 100 });
  const client = sdkClient(route53.url);
  route53.weather({ kind: 'slow-insync', ms: 900 });
  const id = await move(client);
  timing.advance(999);
  expect(await statusOf(client, id)).toBe('PENDING');
  timing.advance(1);
  expect(await statusOf(client, id)).toBe('INSYNC');
});

test('a forgotten change was answered as PENDING, and then nobody knows it', async () => {
  await using route53 = await start();
  const client = sdkClient(route53.url);
  route53.weather({ kind: 'forget' });
  const id = await move(client);
  await expect(statusOf(client, id)).rejects.toMatchObject({ name: 'NoSuchChange' });
  expect(await live(client)).toBe(OLD[0]);
  expect(route53.changes).toBe(0);
});

test('weather may hit one operation only, begin with the n-th call, and last for a number of calls', async () => {
  await using route53 = await start();
  const client = sdkClient(route53.url);
  route53.weather({ kind: 'access-denied', operation: 'GetChange', after: 1, times: 2 });
  const id = await move(client);
  const outcomes: string[] = [];
  for (let call = 0; call < 5; call++) {
    outcomes.push((await statusOf(client, id).catch((error: Error) => error.name)) ?? 'nothing');
  }
  expect(outcomes).toEqual(['INSYNC', 'AccessDenied', 'AccessDenied', 'INSYNC', 'INSYNC']);
});

test('weather may last for a time, and can be cleared', async () => {
  const timing = handClock();
  await using route53 = await start({ timing });
  const client = sdkClient(route53.url);
  route53.weather({ kind: 'throttling', forMs: 1_000 });
  await expect(live(client)).rejects.toMatchObject({ name: 'Throttling' });
  await expect(live(client)).rejects.toMatchObject({ name: 'Throttling' });
  timing.advance(1_000);
  expect(await live(client)).toBe(OLD[0]);
  route53.weather({ kind: 'throttling', times: 100 });
  expect(route53.forecast()).toEqual(['throttling']);
  route53.clearWeather();
  expect(await live(client)).toBe(OLD[0]);
});

test('the account may have a limit of requests a second over all operations', async () => {
  const timing = handClock();
  await using route53 = await start({ timing, ratePerSecond: 5 });
  const client = sdkClient(route53.url);
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => live(client).catch((error: Error) => error.name)));
  expect(outcomes.filter((outcome) => outcome === 'Throttling')).toHaveLength(3);
  timing.advance(1_000);
  expect(await live(client)).toBe(OLD[0]);
});

test('the weather can be set, seen and cleared over HTTP, and nonsense is answered in a sentence', async () => {
  await using route53 = await start({ insyncAfterMs: 60_000 });
  const client = sdkClient(route53.url);
  const control = async (method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> => {
    const response = await fetch(`${route53.url}/__world/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  };
  expect((await control('POST', 'weather', { kind: 'throttling', times: 2 })).status).toBe(200);
  await expect(live(client)).rejects.toMatchObject({ name: 'Throttling' });
  expect((await control('GET', 'weather')).text).toContain('"throttling"');
  expect((await control('DELETE', 'weather')).text).toBe('{"weather":[]}\n');
  expect(await live(client)).toBe(OLD[0]);
  expect(await control('POST', 'weather', { kind: 'frogs' })).toMatchObject({
    status: 422,
    text: /This is no weather/,
  });
  expect(await control('POST', 'weather', { kind: 'hang', colour: 'red' })).toMatchObject({
    status: 422,
    text: /colour/,
  });
  expect(await control('POST', 'elsewhere', {})).toMatchObject({ status: 404, text: /The routes are/ });
  expect((await control('POST', 'insync', { insyncAfterMs: 0 })).status).toBe(200);
  expect(await control('POST', 'insync', { insyncAfterMs: -1 })).toMatchObject({ status: 422 });
  expect(await statusOf(client, await move(client))).toBe('INSYNC');
  expect(route53.calls.every(({ operation }) => operation !== undefined)).toBe(true);
});

test('weather that is none is refused in code too', async () => {
  await using route53 = await start();
  expect(() => route53.weather({ kind: 'hang', times: 0 })).toThrow(/times/);
});
