import { expect, test, vi } from 'vitest';
import { openBus } from '../../cloud/adapters/mqtt.ts';
import type { Log } from '../../shared/log.ts';
import { silentLog } from '../../shared/log.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { startBroker } from '../world/broker.ts';

const PATIENCE = { timeout: 10_000, interval: 20 };

test('a broker that closes the connection over a response topic is not provoked again and again', async () => {
  await using broker = await startBroker();
  broker.handle('refuse', /^elsewhere$/);
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (_, text) => void warnings.push(text) };
  await using bus = openBus({
    url: broker.url,
    clientId: 'endpoint',
    prefix: 'dashover/v1',
    subscriptions: ['switches/+/command'],
    version: '0.1.0',
    onMessage: async () => undefined,
    onConnect: () => undefined,
    clock: systemClock,
    ids: { next: () => 'session', random: () => 0 },
    log,
  });
  const connected = (): Promise<void> => vi.waitFor(() => expect(bus.status().connected).toBe(true), PATIENCE);
  const answer = (): Promise<void> => bus.publish({ topic: 'elsewhere', whole: true, payload: 'x', retain: false });

  await connected();
  // Once may be the network's doing, so it is tried again.
  await expect(answer()).rejects.toThrow(/[Cc]onnection/);
  await connected();
  await answer();
  expect(warnings.join()).toContain('takes no message of ours to elsewhere');
  await connected();
  await answer();
  expect(bus.status()).toEqual({ connected: true, reason: null });
  // A topic of our own is never given up.
  broker.handle('refuse', /state$/);
  await expect(bus.publish({ topic: 'switches/www/state', payload: 'x', retain: true })).rejects.toThrow(
    /[Cc]onnection/,
  );
});
