import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, expect, vi } from 'vitest';
import { openBus, type BusOptions } from '../../cloud/adapters/mqtt.ts';
import type { Bus } from '../../cloud/ports.ts';
import type { Clock } from '../../shared/clock.ts';
import { silentLog } from '../../shared/log.ts';
import { systemClock } from '../../shared/system-clock.ts';

/** Deadlines and pauses twenty times shorter: 5 s for a PUBACK become 250 ms. */
const hasty: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 20, signal) };

const open: AsyncDisposable[] = [];
afterEach(async () => {
  while (open.length > 0) await open.pop()?.[Symbol.asyncDispose]();
});

export function keep<T extends AsyncDisposable>(thing: T): T {
  open.push(thing);
  return thing;
}

export function makeBus(url: string, some: Partial<BusOptions> = {}): Bus & AsyncDisposable {
  let ids = 0;
  return keep(
    openBus({
      url,
      clientId: 'endpoint',
      prefix: 'dashover/v1',
      subscriptions: ['switches/+/command'],
      version: '0.1.0',
      onMessage: () => Promise.resolve(),
      onConnect: () => undefined,
      clock: hasty,
      ids: { next: () => `session-${++ids}`, random: () => 0.5 },
      log: silentLog,
      ...some,
    }),
  );
}

export async function makeClient(url: string, options: mqtt.IClientOptions = {}): Promise<MqttClient> {
  const client = await mqtt.connectAsync(url, { reconnectPeriod: 0, ...options });
  client.on('error', () => undefined);
  keep({ [Symbol.asyncDispose]: () => client.endAsync(true) });
  return client;
}

/** Every message under `filter` as text, by topic, in order. */
export async function listenTo(
  client: MqttClient,
  filter: string,
): Promise<{ topic: string; text: string; retain: boolean }[]> {
  const heard: { topic: string; text: string; retain: boolean }[] = [];
  client.on('message', (topic, payload, packet) =>
    heard.push({ topic, text: payload.toString(), retain: packet.retain }),
  );
  await client.subscribeAsync(filter, { qos: 1 });
  return heard;
}

export const connected = (bus: Bus): Promise<void> =>
  vi.waitFor(() => expect(bus.status().connected).toBe(true), { timeout: 5_000 });
