import { setTimeout as sleep } from 'node:timers/promises';
import mqtt from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { JobMessage } from '../../shared/messages.ts';
import { PREFIX_DEFAULT, topics } from '../../shared/topics.ts';
import { openRoad, type Road } from './road.ts';
import { addSwitches } from './switches.ts';

const NAMES = Array.from({ length: 20 }, (_, at) => `crowd-${at}`);
const WORDS = [
  'failover',
  'restore',
  'failover',
  'drill',
  'restore',
  'failover',
  'restore',
  'failover',
  'drill',
  'restore',
];
/** A button that has not been heard is quicker; but this machine may be doing a hundred other things. */
const REPEAT_MS = 15_000;

let road: Road;
beforeAll(async () => {
  road = await openRoad({ insyncAfterMs: 0 });
  await addSwitches(road, NAMES, (file) => {
    // A crowd at the broker is meant, not a queue at an AWS account's five requests a second.
    file.route53.requestsPerSecond = 1_000;
    for (const name of NAMES) file.devices[name] = { on: [name], may: ['failover', 'restore', 'drill'] };
  });
}, 90_000);
afterAll(() => road[Symbol.asyncDispose]());

/** One device that says all its words at once, and each again until it is heard; how often it said each. */
async function say(device: string): Promise<readonly number[]> {
  const client = await mqtt.connectAsync(road.world.broker.url, { reconnectPeriod: 0 });
  const heard = new Set<string>();
  try {
    client.on('message', (_, payload) => {
      const { job } = JobMessage.parse(JSON.parse(payload.toString()));
      for (const { id } of [job.trigger, ...job.joined]) if (id !== null) heard.add(id);
    });
    await client.subscribeAsync(`${PREFIX_DEFAULT}/${topics.deviceReplies(device)}`, { qos: 1 });
    return await Promise.all(
      WORDS.map(async (command, at) => {
        const id = `${device}-${at}`;
        let times = 0;
        while (!heard.has(id)) {
          const topic = `${PREFIX_DEFAULT}/${topics.deviceCommand(device)}`;
          await client.publishAsync(topic, JSON.stringify({ command, id }), { qos: 1 });
          times += 1;
          const againAtMs = Date.now() + REPEAT_MS;
          while (!heard.has(id) && Date.now() < againAtMs) await sleep(10);
        }
        return times;
      }),
    );
  } finally {
    await client.endAsync(true);
  }
}

test(
  '200 words at once over 20 switches: each is heard before it has to be said three times',
  { timeout: 90_000 },
  async () => {
    const times = (await Promise.all(NAMES.map(say))).flat();
    expect(times).toHaveLength(NAMES.length * WORDS.length);
    expect(times.filter((said) => said > 2)).toEqual([]);
  },
);
