import { createServer } from 'node:net';
import { MqttClient } from 'mqtt';
import { expect, test, vi } from 'vitest';
import { reconnectDelayMs } from '../../cloud/adapters/mqtt.ts';
import { connect } from '../../cloud/adapters/mqtt-connection.ts';
import { connectionFaultInWords } from '../../cloud/adapters/mqtt-words.ts';
import { silentLog } from '../../shared/log.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { connected, keep, listenTo, makeBus, makeClient } from './bus.ts';
import { listen, startAedes } from './mqtt-brokers.ts';

test('a publish that the broker never acknowledges is given up', async () => {
  const broker = keep(await startAedes());
  const bus = makeBus(broker.url);
  await connected(bus);
  broker.aedes.authorizePublish = () => undefined;
  await expect(bus.publish({ topic: 'errors', payload: 'x', retain: false })).rejects.toThrow(
    /did not acknowledge.*5000 ms/,
  );
});

test('a publish in flight when the connection ends is rejected at once', async () => {
  const broker = keep(await startAedes());
  const bus = makeBus(broker.url, { clock: systemClock });
  await connected(bus);
  broker.aedes.authorizePublish = (client) => {
    client?.conn.destroy();
  };
  await expect(bus.publish({ topic: 'errors', payload: 'x', retain: false })).rejects.toThrow(
    /connection.*ended|closed/i,
  );
});

test('a link that breaks leaves the will: offline', async () => {
  const broker = keep(await startAedes());
  const bus = makeBus(broker.url, { clock: systemClock });
  await connected(bus);
  const person = await makeClient(broker.url);
  const heard = await listenTo(person, 'dashover/v1/endpoints/endpoint/presence');
  await vi.waitFor(() => expect(heard).toHaveLength(1), { timeout: 5_000 });
  broker.aedes.authorizePublish = (client, packet, done) => {
    if (packet.topic === 'dashover/v1/errors') client?.conn.destroy();
    else done(null);
  };
  bus.publish({ topic: 'errors', payload: 'x', retain: false }).catch(() => undefined);
  await vi.waitFor(() => expect(JSON.parse(heard[1]?.text ?? '{}')).toMatchObject({ online: false }), {
    timeout: 5_000,
  });
});

test('another client with the same id is called by its name where the broker says so (MQTT 5)', async () => {
  // Mosquitto 2.0.11 closes without a word; AWS IoT and newer ones send this: CONNACK, then DISCONNECT 0x8e.
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.write(Buffer.from([0x20, 3, 0, 0, 0, 0xe0, 2, 0x8e, 0])));
  });
  const port = await listen(server);
  keep({ [Symbol.asyncDispose]: async () => void server.close() });
  const bus = makeBus(`mqtt://127.0.0.1:${port}`, { clock: systemClock });
  await vi.waitFor(
    () => expect(bus.status().reason).toMatch(/Another client connected as "endpoint".*mqtt\.clientId/),
    { timeout: 5_000 },
  );
});

test('connections that keep closing right after they opened are suspected to be a takeover (MQTT 3.1.1)', async () => {
  const broker = keep(await startAedes());
  const warnings: string[] = [];
  makeBus(broker.url, { log: { ...silentLog, warn: (_, sentence) => warnings.push(sentence) } });
  broker.aedes.on('clientReady', (client) => client.conn.destroy());
  await vi.waitFor(() => expect(warnings.join()).toMatch(/closed 3 connections within 10 s.*another client probably/), {
    timeout: 5_000,
  });
});

/** Only the pause before the next attempt is short: a publish has the time that it may take. */
function sleepBriefly(ms: number, signal?: AbortSignal): Promise<void> {
  return systemClock.sleep(ms < 30_000 ? ms : 60, signal);
}

test('a refused subscription is not ready, says which, and is asked for again', async () => {
  const broker = keep(await startAedes());
  let refusing = true;
  broker.aedes.authorizeSubscribe = (_, subscription, done) => done(null, refusing ? null : subscription);
  const bus = makeBus(broker.url, { clock: { ...systemClock, sleep: sleepBriefly } });
  await vi.waitFor(() =>
    expect(bus.status().reason ?? '').toMatch(/refuses the subscription.*switches\/\+\/command.*access list/),
  );
  expect(bus.status().connected).toBe(false);
  await bus.publish({ topic: 'errors', payload: 'publishing works meanwhile', retain: false });
  refusing = false;
  await connected(bus);
});

test('TLS spoken to a port without TLS is said in words', async () => {
  const broker = keep(await startAedes());
  const bus = makeBus(broker.url.replace('mqtt:', 'mqtts:'));
  await vi.waitFor(() => expect(bus.status().reason).toMatch(/TLS/), { timeout: 5_000 });
});

test('a server that takes the connection and never answers is given up, and said in words', async () => {
  const server = createServer();
  const port = await listen(server);
  keep({ [Symbol.asyncDispose]: async () => void server.close() });
  const bus = makeBus(`mqtt://127.0.0.1:${port}`, { clock: systemClock });
  await bus[Symbol.asyncDispose]();
  expect(bus.status()).toEqual({ connected: false, reason: 'This endpoint is stopping.' });
});

test('a key that is no key is said in words, and serving goes on', async () => {
  const bus = makeBus('mqtts://127.0.0.1:1', { key: 'nonsense', cert: 'nonsense' });
  await vi.waitFor(() => expect(bus.status().reason).toMatch(/mqtt\.ca, mqtt\.cert or mqtt\.key is not PEM/), {
    timeout: 5_000,
  });
});

test('the pauses between attempts grow from half a second to half a minute, with chance in them', () => {
  expect([0, 1, 2, 3, 4, 5, 100].map((failures) => reconnectDelayMs(failures, 0))).toEqual([
    500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000,
  ]);
  expect(reconnectDelayMs(100, 0.999)).toBeLessThanOrEqual(30_000);
});

test.for([
  ['CERT_HAS_EXPIRED', /expired/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', /another host name/],
  ['SELF_SIGNED_CERT_IN_CHAIN', /mqtt\.ca/],
  [5, /access list/],
  [134, /mqtt\.password/],
] as const)('the code %s is told as a sentence', ([code, words]) => {
  expect(connectionFaultInWords(Object.assign(new Error('x'), { code }))).toMatch(words);
});

test('an MQTT.js that cannot acknowledge by hand is refused before it connects, with the way to the right one', () => {
  const prototype: object = MqttClient.prototype;
  const found: unknown = Reflect.get(prototype, '_sendPacket');
  Reflect.set(prototype, '_sendPacket', undefined);
  const presence = { topic: 'endpoints/one/presence', online: '{}', offline: '{}' };
  const broker = { url: 'mqtt://127.0.0.1:9', clientId: 'one', presence };
  try {
    expect(() => connect(broker, 4, true, async () => undefined, systemClock)).toThrow(
      'install the one of the lock file',
    );
  } finally {
    Reflect.set(prototype, '_sendPacket', found);
  }
});
