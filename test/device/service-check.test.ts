import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TlsOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkCertificates } from '../../device/adapters/check-certificates.ts';
import { checkClock } from '../../device/adapters/check-clock.ts';
import type { Finding } from '../../device/adapters/check-finding.ts';
import { checkRoad } from '../../device/adapters/check-road.ts';
import { checkTls } from '../../device/adapters/check-tls.ts';
import { connect } from '../../device/adapters/mqtt-connection.ts';
import type { Clock } from '../../shared/clock.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { Authority, opensslMissing } from '../security/certificates.ts';
import { openBroker } from './broker.ts';
import { playEndpoint } from './endpoint-played.ts';
import { stateOf } from './samples.ts';

/** What is waited for is not waited for long; the answers themselves come over real sockets. */
const hasty: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 400), signal) };

async function all(findings: AsyncIterable<Finding>): Promise<Finding[]> {
  const list: Finding[] = [];
  for await (const finding of findings) list.push(finding);
  return list;
}

function road(url: string) {
  const broker = { url, clientId: 'lobby' };
  return { broker, prefix: 'dashover/v1', device: 'lobby', switch: 'www', clock: hasty, connect };
}

test('a road on which nothing comes back is found out: that the broker took a message proves nothing', async () => {
  await using broker = await openBroker();
  await using endpoint = await playEndpoint(broker.url, 'silent');
  await endpoint.tell(stateOf('primary'));
  const found = await all(checkRoad(road(broker.url), { running: false, drill: { id: 'a-drill', must: true } }));
  expect(found.map(({ name, ok }) => [name, ok])).toEqual([
    ['dns', true],
    ['tcp', true],
    ['mqtt', true],
    ['topics', true],
    ['endpoint', true],
    ['drill', false],
  ]);
  expect(found.at(-1)?.text).toContain('no endpoint answered it: is "lobby" under devices in its dashover.yaml');
});

test.for([
  ['not-allowed', true, false],
  ['not-allowed', false, true],
  ['unknown-device', false, false],
] as const)('a drill refused as %s, asked for by a button: %s, is in order: %s', async ([code, must, ok]) => {
  await using broker = await openBroker();
  await using endpoint = await playEndpoint(broker.url, 'silent');
  await endpoint.tell(stateOf('primary'));
  const patient = { ...road(broker.url), clock: systemClock };
  const checked = all(checkRoad(patient, { running: false, drill: { id: 'a-drill', must } }));
  await expect.poll(() => endpoint.heard.length, { timeout: 15_000 }).toBe(1);
  const error = { code, message: 'No.', hint: 'Widen it.', guard: null };
  await endpoint.reply({ type: 'refused', text: 'This device may not do that.', id: 'another', error });
  await endpoint.reply({ type: 'refused', text: 'This device may not do that.', id: 'a-drill', error });
  const drill = (await checked).at(-1);
  expect([drill?.ok, drill?.text]).toEqual([ok, expect.stringContaining('This device may not do that.')]);
});

test('the clock is told as it is, and that nobody can tell is no fault', async () => {
  const { ok, text } = await checkClock({ ...systemClock, nowMs: () => 0 });
  expect(text).toContain('1970-01-01T00:00:00.000Z');
  expect([true, false, null]).toContain(ok);
});

if (opensslMissing && process.env['DASHOVER_REQUIRE_SERVICES']) throw new Error('apt-get install openssl');

describe.skipIf(opensslMissing)('with certificates (apt-get install openssl)', () => {
  let folder: string;
  const file = (name: string): string => join(folder, name);
  const own = { ca: 'ca.pem', cert: 'lobby.pem', key: 'lobby.key' };
  const of = (names: Partial<typeof own>) =>
    Object.fromEntries(Object.entries(names).map(([key, name]) => [key, file(name)]));

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'button-check-'));
    const authority = new Authority(folder, 'ca');
    for (const name of ['lobby', 'other', 'broker']) authority.sign(name);
    new Authority(folder, 'stranger').sign('intruder');
    writeFileSync(file('junk.pem'), 'hello');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const certificates = (names: Partial<typeof own>, device = 'lobby', nowMs = Date.now()) =>
    all(checkCertificates(of({ ...own, ...names }), device, { ...systemClock, nowMs: () => nowMs }));

  test('good ones are told with their names and how long they are good for', async () => {
    const found = await certificates({});
    expect(found.map(({ name, ok }) => [name, ok])).toEqual([
      ['ca', true],
      ['cert', true],
      ['key', true],
    ]);
    expect(found[1]?.text).toMatch(/^For lobby, valid until \d{4}-\d\d-\d\d, which is in 1 days: renew it soon\.$/);
  });

  test.for([
    [{ ca: 'junk.pem' }, 0, 'It holds no certificate in PEM'],
    [{ cert: 'other.pem' }, 0, 'mqtt.cert and mqtt.key do not belong together.'],
    [{ key: 'junk.pem' }, 0, 'mqtt.key holds no private key in PEM'],
    [{}, 40, 'It has expired on'],
    [{}, -1, 'It is valid only from'],
  ] as const)('%j, looked at %i days from now, is told in words', async ([names, days, words]) => {
    const found = await certificates(names, 'lobby', Date.now() + days * 86_400_000);
    const bad = found.filter(({ ok }) => ok === false).map(({ text }) => text);
    expect(bad.join('\n')).toContain(words);
  });

  test('a key that others may read is a fault, with the command that mends it; a certificate of another name is told', async () => {
    chmodSync(file('other.key'), 0o640);
    const found = await certificates({ cert: 'other.pem', key: 'other.key' });
    expect(found[2]).toEqual({
      name: 'key',
      ok: false,
      text: `Others on this machine may use it (mode 640): chmod 600 ${file('other.key')}`,
    });
    expect(found[1]?.text).toContain('knows this device as another than lobby');
    expect(JSON.stringify(found)).not.toContain('PRIVATE KEY-----');
  });

  test.for([
    [own, 'broker', { ok: true, text: "TLSv1.3; the broker's certificate is for broker and valid until" }],
    [{ cert: own.cert, key: own.key }, 'broker', { ok: false, text: 'as mqtt.ca' }],
    [{ ...own, ca: 'stranger.pem' }, 'broker', { ok: false, text: 'mqtt.ca' }],
    [{ ca: own.ca }, 'broker', { ok: false, text: 'mqtt.cert' }],
    [
      { ...own, cert: 'intruder.pem', key: 'intruder.key' },
      'broker',
      { ok: false, text: 'does it trust the authority that signed it?' },
    ],
    [{ ...own, key: 'none.key' }, 'broker', { ok: false, text: 'does not exist' }],
  ] as const)('a handshake with %j and a broker called %s gives its reason at once', async ([names, who, wanted]) => {
    const options = { requestCert: true, ca: readFileSync(file('ca.pem')), minVersion: 'TLSv1.3' } as const;
    await using server = await listen({ ...options, ...pair(who) });
    const url = `mqtts://127.0.0.1:${server.port}`;
    const found = await checkTls({ url, clientId: '', ...of(names) }, systemClock);
    expect(found).toEqual({ name: 'tls', ok: wanted.ok, text: expect.stringContaining(wanted.text) });
  });

  test('a port that speaks no TLS is told, and so is one that says nothing', async () => {
    await using broker = await openBroker();
    const url = broker.url.replace('mqtt:', 'mqtts:');
    const found = await checkTls({ url, clientId: '', ...of(own) }, hasty);
    expect(found.ok).toBe(false);
    expect(found.text).toMatch(/hung up|does not speak TLS|does not answer/);
  });

  const pair = (name: string): TlsOptions => ({
    cert: readFileSync(file(`${name}.pem`)),
    key: readFileSync(file(`${name}.key`)),
  });
});

async function listen(options: TlsOptions): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer(options, (socket) => socket.on('error', () => undefined));
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
