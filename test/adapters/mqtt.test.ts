import { describe, expect, test, vi } from 'vitest';
import type { InboundMessage } from '../../cloud/ports.ts';
import { type Log, silentLog } from '../../shared/log.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { connected, keep, listenTo, makeBus, makeClient } from './bus.ts';
import { mosquittoMissing, startAedes, startMosquitto, type TestBroker } from './mqtt-brokers.ts';

const brokers: readonly [string, () => Promise<TestBroker>, boolean][] = [
  ['the embedded broker, MQTT 3.1.1', startAedes, false],
  ['Mosquitto, MQTT 5', startMosquitto, mosquittoMissing],
];

describe.for(brokers)('over %s', ([, start, missing]) => {
  test.skipIf(missing)('a message below the prefix reaches the handler, and ours reach others', async () => {
    const broker = keep(await start());
    const inbound: InboundMessage[] = [];
    const bus = makeBus(broker.url, { onMessage: async (message) => void inbound.push(message) });
    const person = await makeClient(broker.url);
    const heard = await listenTo(person, 'dashover/v1/errors');
    await connected(bus);

    await person.publishAsync('dashover/v1/switches/www/command', 'failover');
    await vi.waitFor(() => expect(inbound).toHaveLength(1), { timeout: 5_000 });
    expect(inbound[0]).toMatchObject({ topic: 'switches/www/command', retained: false });
    expect(Buffer.from(inbound[0]?.payload ?? []).toString()).toBe('failover');

    await bus.publish({ topic: 'errors', payload: 'a sentence', retain: false });
    await vi.waitFor(() => expect(heard).toMatchObject([{ topic: 'dashover/v1/errors', text: 'a sentence' }]), {
      timeout: 5_000,
    });
  });

  test.skipIf(missing)('a handler may publish without waiting for it, also for many messages at once', async () => {
    const broker = keep(await start());
    const bus = makeBus(broker.url, {
      onMessage: async ({ payload }) =>
        void bus.publish({ topic: 'errors', payload: payload.toString(), retain: false }),
      clock: systemClock,
    });
    const person = await makeClient(broker.url);
    const heard = await listenTo(person, 'dashover/v1/errors');
    await connected(bus);
    for (let i = 0; i < 200; i++) void person.publishAsync('dashover/v1/switches/www/command', String(i), { qos: 1 });
    await vi.waitFor(() => expect(heard).toHaveLength(200), { timeout: 5_000 });
    expect(bus.status()).toEqual({ connected: true, reason: null });
  });

  test.skipIf(missing)('a retained command arrives with its flag', async () => {
    const broker = keep(await start());
    const person = await makeClient(broker.url);
    await person.publishAsync('dashover/v1/switches/www/command', 'failover', { qos: 1, retain: true });
    const inbound: InboundMessage[] = [];
    makeBus(broker.url, { onMessage: async (message) => void inbound.push(message) });
    await vi.waitFor(() => expect(inbound).toMatchObject([{ retained: true }]), { timeout: 5_000 });
  });

  test.skipIf(missing)(
    'a broker that is away at the start is found when it comes, and publishing says why not before',
    async () => {
      const gone = await start();
      await gone[Symbol.asyncDispose]();
      let connects = 0;
      const bus = makeBus(gone.url, { onConnect: () => connects++ });
      await vi.waitFor(() => expect(bus.status().reason).toMatch(/Nothing listens there/), { timeout: 5_000 });
      await expect(bus.publish({ topic: 'errors', payload: 'x', retain: false })).rejects.toThrow(
        /no connection.*Nothing listens/,
      );
      expect(connects).toBe(0);
      if (start !== startAedes) return;
      keep(await startAedes(gone.port));
      await connected(bus);
      expect(connects).toBe(1);
    },
  );

  test.skipIf(missing)('presence is retained as online, and as offline after a clean stop', async () => {
    const broker = keep(await start());
    const bus = makeBus(broker.url);
    await connected(bus);
    const person = await makeClient(broker.url);
    const heard = await listenTo(person, 'dashover/v1/endpoints/+/presence');
    await vi.waitFor(() => expect(heard).toHaveLength(1), { timeout: 5_000 });
    expect(heard[0]?.retain).toBe(true);
    expect(JSON.parse(heard[0]?.text ?? '')).toMatchObject({ online: true, version: '0.1.0' });
    await bus[Symbol.asyncDispose]();
    await vi.waitFor(() => expect(heard).toHaveLength(2), { timeout: 5_000 });
    expect(JSON.parse(heard[1]?.text ?? '')).toMatchObject({ online: false });
    await expect(bus.publish({ topic: 'errors', payload: 'x', retain: false })).rejects.toThrow(/stopping/);
  });

  test.skipIf(missing)('a lost connection is made again, and a new session is announced', async () => {
    const broker = keep(await start());
    let connects = 0;
    const bus = makeBus(broker.url, { onConnect: () => connects++ });
    await connected(bus);
    const person = await makeClient(broker.url);
    const heard = await listenTo(person, 'dashover/v1/endpoints/+/presence');
    // The same client id throws the endpoint out, as a broken link would, and leaves again.
    const rival = await makeClient(broker.url, { clientId: 'endpoint', protocolVersion: 4 });
    await vi.waitFor(() => expect(rival.connected).toBe(false), { timeout: 5_000 });
    await vi.waitFor(() => expect(connects).toBe(2), { timeout: 5_000 });
    const sessions = (): Set<string> =>
      new Set(heard.map(({ text }) => (JSON.parse(text) as { session: string }).session));
    await vi.waitFor(() => expect(sessions().size).toBeGreaterThan(1), { timeout: 5_000 });
  });
});

test('the PUBACK waits for the handler, and what comes behind waits with it', async () => {
  const broker = keep(await startAedes());
  let acknowledged = 0;
  const stored: (() => void)[] = [];
  const bus = makeBus(broker.url, {
    onMessage: () => new Promise((resolve) => stored.push(resolve)),
    clock: systemClock,
  });
  const person = await makeClient(broker.url);
  await connected(bus);
  // Our own presence is retained before the first command, and nobody has subscribed to it: no acknowledgement counts yet.
  broker.aedes.on('ack', () => acknowledged++);
  await person.publishAsync('dashover/v1/switches/www/command', 'one', { qos: 1 });
  await person.publishAsync('dashover/v1/switches/www/command', 'two', { qos: 1 });
  await vi.waitFor(() => expect(stored).toHaveLength(1), { timeout: 5_000 });
  // Another client's round trip through the same broker: had there been an acknowledgement, it would be here by now.
  await person.publishAsync('elsewhere', 'x', { qos: 1 });
  expect(acknowledged).toBe(0);
  stored[0]?.();
  await vi.waitFor(() => expect(stored).toHaveLength(2), { timeout: 5_000 });
  stored[1]?.();
  await vi.waitFor(() => expect(acknowledged).toBe(2), { timeout: 5_000 });
});

test.for(brokers.map(([name, start, missing]) => [name, start, missing] as const))(
  'while a command is being stored, what we publish is acknowledged all the same (%s)',
  async ([, start, missing], { skip }) => {
    if (missing) skip();
    const broker = keep(await start());
    const stored = Promise.withResolvers<void>();
    let hearing = 0;
    const bus = makeBus(broker.url, { onMessage: () => (hearing++, stored.promise), clock: systemClock });
    const person = await makeClient(broker.url);
    await connected(bus);
    await person.publishAsync('dashover/v1/switches/www/command', 'failover', { qos: 1 });
    await vi.waitFor(() => expect(hearing).toBe(1), { timeout: 5_000 });
    await Promise.all(
      Array.from({ length: 50 }, (_, at) => bus.publish({ topic: 'errors', payload: `${at}`, retain: false })),
    );
    stored.resolve();
  },
);

test('a crowd of switches is stored side by side, each of its own in order', async () => {
  const broker = keep(await startAedes());
  const stored: (() => void)[] = [];
  const heard: string[] = [];
  const bus = makeBus(broker.url, {
    onMessage: ({ topic, payload }) => {
      heard.push(`${topic} ${Buffer.from(payload).toString()}`);
      return new Promise((resolve) => stored.push(resolve));
    },
    clock: systemClock,
  });
  const person = await makeClient(broker.url);
  await connected(bus);
  const topics = ['a', 'b', 'c'].map((name) => `switches/${name}/command`);
  for (const word of ['1', '2']) {
    for (const topic of topics) await person.publishAsync(`dashover/v1/${topic}`, word, { qos: 1 });
  }
  await vi.waitFor(() => expect(heard).toEqual(topics.map((topic) => `${topic} 1`)), { timeout: 5_000 });
  for (const done of stored.splice(0)) done();
  await vi.waitFor(() => expect(heard.slice(3)).toEqual(topics.map((topic) => `${topic} 2`)), { timeout: 5_000 });
  for (const done of stored) done();
});

const refusals: readonly [string, () => Promise<void>, RegExp][] = [
  ['cannot store', () => Promise.reject(new Error('the disk is full')), /the disk is full.*unacknowledged/],
  ['takes longer than two seconds', () => new Promise(() => undefined), /not within 2000 ms.*unacknowledged/],
];

test.for(refusals)('a handler that %s drops the connection unacknowledged', async ([, fail, words]) => {
  const broker = keep(await startAedes());
  let acknowledged = 0;
  let failing = true;
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (_, sentence) => warnings.push(sentence) };
  const bus = makeBus(broker.url, { onMessage: () => (failing ? fail() : Promise.resolve()), log });
  const person = await makeClient(broker.url);
  await connected(bus);
  broker.aedes.on('ack', () => acknowledged++);
  await person.publishAsync('dashover/v1/switches/www/command', 'failover', { qos: 1 });
  await vi.waitFor(() => expect(warnings.join()).toMatch(words), { timeout: 5_000 });
  expect(acknowledged).toBe(0);
  failing = false;
  await connected(bus);
  expect(acknowledged).toBe(0);
});

test.skipIf(mosquittoMissing)('over MQTT 5, what could not be stored is delivered again', async () => {
  const broker = keep(await startMosquitto());
  const seen: string[] = [];
  const bus = makeBus(broker.url, {
    onMessage: async ({ payload }) => {
      seen.push(Buffer.from(payload).toString());
      if (seen.length === 1) throw new Error('the database is away');
    },
  });
  const person = await makeClient(broker.url);
  await connected(bus);
  await person.publishAsync('dashover/v1/switches/www/command', 'failover', { qos: 1 });
  await vi.waitFor(() => expect(seen).toEqual(['failover', 'failover']), { timeout: 5_000 });
});

test.skipIf(mosquittoMissing)(
  'response topic, correlation data and expiry arrive, and correlation data goes out',
  async () => {
    const broker = keep(await startMosquitto());
    const inbound: InboundMessage[] = [];
    const bus = makeBus(broker.url, { onMessage: async (message) => void inbound.push(message) });
    const person = await makeClient(broker.url, { protocolVersion: 5 });
    await connected(bus);
    const properties = { responseTopic: 'people/me', correlationData: Buffer.from('42'), messageExpiryInterval: 30 };
    await person.publishAsync('dashover/v1/switches/www/command', 'drill', { qos: 1, properties });
    await vi.waitFor(() => expect(inbound).toMatchObject([{ responseTopic: 'people/me' }]), { timeout: 5_000 });
    expect(Buffer.from(inbound[0]?.correlationData ?? []).toString()).toBe('42');
    expect(inbound[0]?.expiresInS).toBe(30);

    await person.subscribeAsync('people/me', { qos: 1 });
    const answers: (string | undefined)[][] = [];
    person.on('message', (topic, payload, packet) =>
      answers.push([topic, payload.toString(), packet.properties?.correlationData?.toString()]),
    );
    await bus.publish({
      topic: 'people/me',
      whole: true,
      payload: 'done',
      retain: false,
      correlationData: Buffer.from('42'),
    });
    await vi.waitFor(() => expect(answers).toEqual([['people/me', 'done', '42']]), { timeout: 5_000 });
  },
);
