import { connectAsync } from 'mqtt';
import { expect, test, vi } from 'vitest';
import { startBroker } from './broker.ts';
import { watchWorld, type WorldEvent } from './events.ts';
import { stateOf } from '../device/samples.ts';
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

test('who comes later hears first how the switch stands, and nothing else of what was said before', async () => {
  await using broker = await startBroker();
  const events: WorldEvent[] = [];
  for (const position of ['moving', 'primary']) {
    await broker.publish('dashover/v1/switches/www/state', JSON.stringify(stateOf(position)), { retain: true });
  }
  await broker.publish('dashover/v1/devices/lobby/presence', '{"online":true}');
  const off = watchWorld({ broker, route53: { onInsync: () => () => undefined } } as unknown as World, (event) => {
    events.push(event);
  });
  off();
  expect(events).toMatchObject([{ kind: 'state', state: { position: 'primary' } }]);
});
