import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer as createHttp } from 'node:http';
import mqtt, { type MqttClient } from 'mqtt';
import type { World } from '../world/world.ts';
import { inTurn, table } from './figures.ts';

const TIMES = 200;
/** An answer that takes longer never comes. */
const ANSWER_MS_MAX = 30_000;

/** How long until a command is decided, stored and answered: over HTTP against a bare server, over MQTT against an echo. */
export async function benchAccept(world: World): Promise<string> {
  const bare = createHttp((request, response) => {
    request.resume().once('end', () => response.writeHead(202).end('{}'));
  });
  await new Promise<void>((resolve) => {
    bare.listen(0, '127.0.0.1', resolve);
  });
  const bareUrl = `http://127.0.0.1:${(bare.address() as AddressInfo).port}/`;
  const client = await mqtt.connectAsync(world.file.mqtt);
  setNoDelay(client);
  const echo = await mqtt.connectAsync(world.file.mqtt);
  setNoDelay(echo);
  await echo.subscribeAsync('echo/in', { qos: 1 });
  echo.on('message', (_topic, payload) => void echo.publishAsync('echo/out', payload, { qos: 1 }));
  await client.subscribeAsync(['echo/out', `dashover/v1/devices/${world.file.device}/replies`], { qos: 1 });
  try {
    const http = await inTurn(
      {
        'bare HTTP server, nothing stored': () => post(bareUrl, world),
        'endpoint: decided, stored, refused as too old': () =>
          post(`${world.file.http}/api/switches/${world.file.switch}/failover`, world, { ageMs: 120_000 }),
      },
      TIMES,
    );
    const words = await inTurn(
      {
        'echo by another MQTT client, nothing stored': () => ask(client, 'echo/in', 'echo/out', { id: randomUUID() }),
        'endpoint: decided, stored, answered to the device': () =>
          askDevice(client, world, { command: 'failover', ageMs: 120_000 }),
      },
      TIMES,
    );
    return `${table('A command over HTTP, until its answer', http)}\n${table('A command over MQTT, until its answer', words)}`;
  } finally {
    await Promise.all([client.endAsync(true), echo.endAsync(true)]);
    bare.closeAllConnections();
    bare.close();
  }
}

export function setNoDelay({ stream }: MqttClient): void {
  if ('setNoDelay' in stream) (stream as unknown as { setNoDelay(on: boolean): void }).setNoDelay(true);
}

/** Milliseconds until the answer to a request with the token of a human. */
export async function post(url: string, world: World, body: object = {}): Promise<number> {
  const beganMs = performance.now();
  const headers = { authorization: `Bearer ${world.file.tokens.ops}`, 'content-type': 'application/json' };
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal });
  await response.text();
  return performance.now() - beganMs;
}

/** Milliseconds until the replies of the world's device, which are subscribed to, name the command. */
export function askDevice(
  client: MqttClient,
  { file }: World,
  body: { readonly [field: string]: string | number },
): Promise<number> {
  return ask(client, `dashover/v1/devices/${file.device}/command`, 'replies', { ...body, id: randomUUID() });
}

function ask(
  client: MqttClient,
  topic: string,
  answer: string,
  body: { readonly id: string; readonly [field: string]: string | number },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const beganMs = performance.now();
    const late = setTimeout(() => reject(new Error(`Nothing was heard on ${answer}.`)), ANSWER_MS_MAX);
    const hear = (heard: string, payload: Buffer): void => {
      if (!heard.endsWith(answer) || !payload.includes(body.id)) return;
      client.off('message', hear);
      clearTimeout(late);
      resolve(performance.now() - beganMs);
    };
    client.on('message', hear);
    client.publish(topic, JSON.stringify(body), { qos: 1 });
  });
}
