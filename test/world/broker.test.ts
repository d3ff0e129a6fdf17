import { connectAsync } from 'mqtt';
import type { IClientOptions, MqttClient } from 'mqtt';
import { expect, test, vi } from 'vitest';
import { startBroker } from './broker.ts';
import type { LocalBroker } from './broker.ts';

const WAIT = { timeout: 3_000, interval: 5 };

const client = (broker: LocalBroker, options: IClientOptions = {}): Promise<MqttClient> =>
  connectAsync(broker.url, { protocolVersion: 4, reconnectPeriod: 20, ...options });

function next(mqtt: MqttClient, event: 'close' | 'connect'): Promise<void> {
  return new Promise((resolve) => {
    mqtt.once(event, () => resolve());
  });
}

async function listener(broker: LocalBroker, topic = '#'): Promise<{ heard: string[]; mqtt: MqttClient }> {
  const heard: string[] = [];
  const mqtt = await client(broker);
  mqtt.on('message', (at, payload) => heard.push(`${at} ${payload.toString()}`));
  await mqtt.subscribeAsync(topic, { qos: 1 });
  return { heard, mqtt };
}

test('a message is delivered, and everything published can be seen', async () => {
  await using broker = await startBroker();
  const { heard, mqtt } = await listener(broker);
  const seen: string[] = [];
  const forget = broker.onPublish(({ topic, client }) => seen.push(`${topic} by ${client}`));
  const sender = await client(broker, { clientId: 'lobby' });
  await sender.publishAsync('a/b', 'one', { qos: 1 });
  await vi.waitFor(() => expect(heard).toEqual(['a/b one']), WAIT);
  forget();
  await broker.publish('a/c', 'two', { retain: true });
  await vi.waitFor(() => expect(heard).toEqual(['a/b one', 'a/c two']), WAIT);
  expect(seen).toEqual(['a/b by lobby']);
  expect(broker.published).toMatchObject([
    { topic: 'a/b', qos: 1, retain: false, client: 'lobby' },
    { topic: 'a/c', retain: true, client: null },
  ]);
  expect(broker.clients).toContain('lobby');
  for (const each of [mqtt, sender]) await each.endAsync(true);
});

test('a message that is held is neither acknowledged nor delivered until it is let go', async () => {
  await using broker = await startBroker();
  const { heard, mqtt } = await listener(broker);
  broker.handle('hold', /^held\//);
  let acknowledged = false;
  const publish = async (): Promise<void> => {
    await mqtt.publishAsync('held/x', 'late', { qos: 1 });
    acknowledged = true;
  };
  const sent = publish();
  // Over the same connection, so that it is behind the one that is held.
  await mqtt.publishAsync('free/x', 'now', { qos: 1 });
  await vi.waitFor(() => expect(heard).toEqual(['free/x now']), WAIT);
  expect(acknowledged).toBe(false);
  broker.handle('deliver');
  await sent;
  await vi.waitFor(() => expect(heard).toEqual(['free/x now', 'held/x late']), WAIT);
  await mqtt.endAsync(true);
});

test('a message that is dropped is acknowledged, delivered to nobody and not retained', async () => {
  await using broker = await startBroker();
  const { heard, mqtt } = await listener(broker);
  broker.handle('drop');
  await mqtt.publishAsync('a', 'gone', { qos: 1, retain: true });
  broker.handle('deliver');
  await mqtt.publishAsync('b', 'here', { qos: 1 });
  await vi.waitFor(() => expect(heard).toEqual(['b here']), WAIT);
  const late = await listener(broker);
  await broker.publish('c', 'end');
  await vi.waitFor(() => expect(late.heard).toEqual(['c end']), WAIT);
  for (const each of [mqtt, late.mqtt]) await each.endAsync(true);
});

test('a publisher that is refused is disconnected', async () => {
  await using broker = await startBroker();
  broker.handle('refuse', /^secret$/);
  const mqtt = await client(broker, { reconnectPeriod: 0 });
  const closed = next(mqtt, 'close');
  mqtt.publish('secret', 'x', { qos: 1 });
  await closed;
  expect(broker.published.some(({ topic }) => topic === 'secret')).toBe(false);
  await mqtt.endAsync(true);
});

test('it stops, starts again on the same port, and clients come back', async () => {
  await using broker = await startBroker();
  const mqtt = await client(broker);
  const closed = next(mqtt, 'close');
  await broker.stop();
  await closed;
  expect(broker.isUp).toBe(false);
  await expect(broker.publish('a', 'x')).rejects.toThrow(/broker is stopped/);
  const back = next(mqtt, 'connect');
  await broker.start();
  await back;
  await mqtt.publishAsync('a', 'x', { qos: 1 });
  expect(broker.published.map(({ topic }) => topic)).toContain('a');
  await mqtt.endAsync(true);
});

test('a connection that is cut publishes its will', async () => {
  await using broker = await startBroker();
  const { heard, mqtt } = await listener(broker);
  const dying = await client(broker, {
    clientId: 'dying',
    reconnectPeriod: 0,
    will: { topic: 'presence', payload: Buffer.from('gone'), qos: 1, retain: true },
  });
  expect(broker.cut('dying')).toBe(true);
  expect(broker.cut('nobody')).toBe(false);
  await vi.waitFor(() => expect(heard).toEqual(['presence gone']), WAIT);
  for (const each of [mqtt, dying]) await each.endAsync(true);
});

test('a port that is taken is replaced', async () => {
  await using first = await startBroker();
  await using second = await startBroker({ port: first.port });
  expect(second.port).not.toBe(first.port);
  const mqtt = await client(second);
  expect(first.clients).toEqual([]);
  await mqtt.endAsync(true);
});
