import mqtt from 'mqtt';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { openBus } from '../../cloud/adapters/mqtt.ts';
import type { Bus } from '../../cloud/ports.ts';
import { silentLog } from '../../shared/log.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { ENDPOINT_SUBSCRIPTIONS } from '../../shared/topics.ts';
import { mosquittoMissing, startAedes, startMosquitto, type TestBroker } from '../adapters/mqtt-brokers.ts';
import { makeEndpoint, type TestEndpoint } from './endpoint.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  while (open.length > 0) await open.pop()?.[Symbol.asyncDispose]();
});

interface Road {
  readonly endpoint: TestEndpoint;
  readonly say: (topic: string, payload: string | Buffer, options?: mqtt.IClientPublishOptions) => Promise<void>;
  /** What a person at a test client sees below the prefix, oldest first. */
  readonly seen: { readonly topic: string; readonly text: string; readonly retain: boolean }[];
  readonly on: (topic: string) => string[];
}

/** A person's client, a broker, our adapter, the intake and the engine: everything real but the runbook. */
async function makeRoad(
  start: () => Promise<TestBroker>,
  before?: (person: mqtt.MqttClient) => Promise<unknown>,
): Promise<Road> {
  const broker = await start();
  open.push(broker);
  const person = await mqtt.connectAsync(broker.url, { reconnectPeriod: 0 });
  open.push({ [Symbol.asyncDispose]: () => person.endAsync(true) });
  await before?.(person);
  const seen: Road['seen'] = [];
  person.on('message', (topic, payload, { retain }) => {
    seen.push({ topic: topic.replace('dashover/v1/', ''), text: payload.toString(), retain });
  });
  await person.subscribeAsync('dashover/v1/#', { qos: 1 });

  let bus: (Bus & AsyncDisposable) | undefined;
  const endpoint = await makeEndpoint({
    publish: (message) => bus?.publish(message) ?? Promise.reject(new Error('the bus is not open yet')),
  });
  open.push(endpoint);
  bus = openBus({
    url: broker.url,
    clientId: 'endpoint',
    prefix: 'dashover/v1',
    subscriptions: ENDPOINT_SUBSCRIPTIONS,
    version: '0.1.0',
    onMessage: endpoint.hear,
    onConnect: () => endpoint.engine.wake('mqtt'),
    clock: systemClock,
    ids: { next: () => 'session', random: () => 0 },
    log: silentLog,
  });
  open.push(bus);
  const opened = bus;
  await vi.waitFor(() => expect(opened.status()).toEqual({ connected: true, reason: null }), { timeout: 5_000 });
  return {
    endpoint,
    seen,
    say: async (topic, payload, options) => {
      await person.publishAsync(`dashover/v1/${topic}`, payload, { qos: 1, ...options });
    },
    on: (topic) => seen.filter((message) => message.topic === topic).map(({ text }) => text),
  };
}

const brokers: readonly [string, () => Promise<TestBroker>, boolean][] = [
  ['the embedded broker', startAedes, false],
  ['Mosquitto', startMosquitto, mosquittoMissing],
];

const WWW = 'switches/www/command';

describe.for(brokers)('by way of %s', ([, start, missing]) => {
  test.skipIf(missing)('one word moves the switch; job messages and the retained state tell it', async () => {
    const { say, on } = await makeRoad(start);
    await say(WWW, 'failover');
    await vi.waitFor(() => expect(on('switches/www/state').at(-1)).toMatch(/"position": "maintenance"/), {
      timeout: 5_000,
    });
    const types = on('switches/www/jobs').map((text) => (JSON.parse(text) as { type: string }).type);
    expect(types[0]).toBe('accepted');
    expect(types.at(-1)).toBe('finished');
    expect(on('errors')).toEqual([]);
  });

  test.skipIf(missing)('nonsense of every kind is answered on errors, and the next word is obeyed', async () => {
    const { say, on, endpoint } = await makeRoad(start);
    const nonsense = [
      '{\n  "message": "Hello from AWS IoT console"\n}',
      'fallover',
      Buffer.alloc(1_048_576, 120),
      Buffer.from([0xff, 0, 0xfe]),
      '["failover"]',
      '{"command":"failover","colour":"red"}',
    ];
    for (const payload of nonsense) await say(WWW, payload);
    await say('switches/nope/command', 'failover');
    await vi.waitFor(() => expect(on('errors')).toHaveLength(nonsense.length + 1), { timeout: 5_000 });
    expect(await endpoint.engine.jobs({ limit: 10 })).toEqual([]);
    await say(WWW, 'failover');
    await vi.waitFor(async () => expect(await endpoint.engine.jobs({ limit: 10 })).toHaveLength(1));
  });

  test.skipIf(missing)('a command that the broker kept from before is refused and cleared, and stays so', async () => {
    const { on, seen, endpoint } = await makeRoad(start, (person) =>
      person.publishAsync(`dashover/v1/${WWW}`, 'failover', { qos: 1, retain: true }),
    );
    await vi.waitFor(() => expect(on('errors').join()).toMatch(/was retained/), { timeout: 5_000 });
    await vi.waitFor(() => expect(on(WWW)).toContain(''));
    expect(seen.filter(({ topic }) => topic === 'errors')).toHaveLength(1);
    expect(await endpoint.engine.jobs({ limit: 10 })).toEqual([]);
  });
});

test.skipIf(mosquittoMissing)(
  'over MQTT 5 a person who ticks RETAIN is told so at once, and nothing moves',
  async () => {
    const { say, on, endpoint } = await makeRoad(startMosquitto);
    await say(WWW, 'failover', { retain: true });
    await vi.waitFor(() => expect(on('errors').join()).toMatch(/was retained/));
    expect(await endpoint.engine.jobs({ limit: 10 })).toEqual([]);
  },
);
