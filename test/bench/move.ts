import mqtt from 'mqtt';
import { sdkClient, submit, change } from '../world/route53/client.ts';
import { NAME, ZONE } from '../world/world-file.ts';
import type { World } from '../world/world.ts';
import { inTurn, table } from './figures.ts';

const TIMES = 30;

/** From the word over MQTT until Route 53 has the change: against a bare MQTT client that calls the SDK at once. */
export async function benchMove(world: World): Promise<string> {
  const { file, route53 } = world;
  const client = await mqtt.connectAsync(file.mqtt);
  const bare = await mqtt.connectAsync(file.mqtt);
  const sdk = sdkClient(file.route53);
  await bare.subscribeAsync('bare/in', { qos: 1 });
  let flip = false;
  bare.on('message', () => {
    flip = !flip;
    const action = flip ? 'CREATE' : 'DELETE';
    void submit(sdk, ZONE.id, change(action, `bare.${ZONE.name}`, 'A', ['192.0.2.99']));
  });
  const changed = (): Promise<void> =>
    new Promise((resolve) => {
      const off = route53.onCall((call) => {
        if (call.operation !== 'ChangeResourceRecordSets') return;
        off();
        resolve();
      });
    });
  const publish = async (topic: string, word: string): Promise<number> => {
    const beganMs = performance.now();
    const seen = changed();
    client.publish(topic, word, { qos: 1 });
    await seen;
    return performance.now() - beganMs;
  };
  let isAway = false;
  try {
    const rows = await inTurn(
      {
        'bare client: receive, call the SDK, nothing read, stored or proved': () => publish('bare/in', 'go'),
        'endpoint: stored, guarded, read, planned, inverse stored, then sent': async () => {
          isAway = !isAway;
          const ms = await publish(`dashover/v1/switches/${file.switch}/command`, isAway ? 'failover' : 'restore');
          await quiet(world);
          return ms;
        },
      },
      TIMES,
    );
    return table(`A word over MQTT, until the change of ${NAME} reaches Route 53`, rows);
  } finally {
    sdk.destroy();
    await Promise.all([client.endAsync(true), bare.endAsync(true)]);
  }
}

/** Until the job that was begun has ended: the next word is a move of its own. */
async function quiet({ file }: World): Promise<void> {
  const headers = { authorization: `Bearer ${file.tokens.ops}` };
  const list = await fetch(`${file.http}/api/jobs?limit=1`, { headers });
  const { jobs } = (await list.json()) as { jobs: { id: string }[] };
  const [job] = jobs;
  if (job) await (await fetch(`${file.http}/api/jobs/${job.id}?wait=30s`, { headers })).text();
}
