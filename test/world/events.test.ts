import { connectAsync } from 'mqtt';
import { expect, test, vi } from 'vitest';
import { startBroker } from './broker.ts';
import { watchWorld, type WorldEvent } from './events.ts';
import type { World } from './world.ts';

test('what strangers publish on the topics of dashover ends no world, and is no event', async () => {
  await using broker = await startBroker();
  const events: WorldEvent[] = [];
  const off = watchWorld({ broker, route53: { onInsync: () => () => undefined } } as unknown as World, (event) => {
    events.push(event);
  });
  const client = await connectAsync(broker.url);
  for (const payload of ['junk', '{"x":1}', '[]', 'null', '{"type":"step","job":{}}', '\u0000']) {
    for (const topic of ['switches/www/state', 'switches/www/jobs', 'devices/lobby/presence', 'errors']) {
      await client.publishAsync(`dashover/v1/${topic}`, payload, { qos: 1 });
    }
  }
  await client.publishAsync('dashover/v1/devices/lobby/presence', '{"online":true}', { qos: 1 });
  await vi.waitFor(() => expect(events).toEqual([{ kind: 'presence', who: 'device lobby', online: true }]));
  off();
  await client.endAsync();
});
