import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { IClientOptions } from 'mqtt';
import type { Job, State } from '../../shared/messages.ts';
import { dashover } from '../cli/run.ts';
import { ROOT } from '../house/files.ts';
import { Authority, tlsOf } from './certificates.ts';
import { type Client, connectClient } from './clients.ts';
import { mosquittoMissing, type SecureMosquitto, startSecureMosquitto } from './mosquitto.ts';
import { type Place, preparePlace } from './place.ts';

const BELOW = 'dashover/v1/';
const NOT_AUTHORIZED = expect.stringContaining('Not authorized') as unknown;
const PATIENCE = { timeout: 10_000, interval: 20 };
let place: Place;
let broker: SecureMosquitto;
const parts = new AsyncDisposableStack();

beforeAll(async () => {
  if (mosquittoMissing) return;
  const prepared = parts.use(
    await preparePlace(
      () => `mqtt: { url: 'mqtts://127.0.0.1:1', ca: ca.pem, cert: endpoint.pem, key: endpoint.key, clientId: endpoint }
devices:
  lobby: { on: [www], may: [failover, restore] }
  roof: { on: [www], may: [failover, restore] }
`,
    ),
  );
  const { folder, config } = prepared;
  const ca = new Authority(folder, 'ca');
  for (const name of ['broker', 'endpoint', 'lobby', 'roof', 'stranger']) ca.sign(name);
  new Authority(folder, 'other').sign('lobby', 'forged');
  const { stdout } = await dashover(['policy', 'mosquitto', '--config', config]);
  broker = parts.use(await startSecureMosquitto(folder, stdout));
  writeFileSync(config, readFileSync(config, 'utf8').replace('mqtts://127.0.0.1:1', broker.url));
  place = await prepared.start();
  await place.isReady();
});
afterAll(() => parts.disposeAsync());

function as(file: string, filters: readonly string[] = [], options: IClientOptions = {}): Promise<Client> {
  return connectClient(broker.url, { clientId: file, ...tlsOf(place.folder, file), ...options }, filters);
}

const jobs = async (): Promise<readonly Job[]> => (await place.get<{ jobs: Job[] }>('/api/jobs?limit=200')).jobs;
const state = (): Promise<State> => place.get<State>('/api/switches/www');

test.skipIf(mosquittoMissing)('the real button moves its switch there and back, and its lamp hears of it', async () => {
  const file = join(place.folder, 'button.yaml');
  writeFileSync(
    file,
    `device: lobby\nswitch: www\nmqtt: { url: '${broker.url}', ca: ./ca.pem, cert: ./lobby.pem, key: ./lobby.key }\ninput: keyboard\n`,
  );
  const child = spawn(join(ROOT, 'device/bin/dashover-button'), ['run', '--config', file], { stdio: 'pipe' });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await vi.waitFor(() => expect(said).toContain('PRIMARY:'), PATIENCE);
  child.stdin.write('hold\n');
  await vi.waitFor(() => expect(said).toContain('FAILED OVER:'), PATIENCE);
  expect((await state()).position).toBe('maintenance');
  child.stdin.end('click-hold\n');
  const [code] = (await once(child, 'close')) as [number];
  expect([code, (await state()).position]).toEqual([0, 'primary']);
  expect((await jobs()).map(({ trigger, outcome }) => [trigger.actor, outcome])).toEqual([
    ['lobby', 'switched'],
    ['lobby', 'switched'],
  ]);
});

test.skipIf(mosquittoMissing)("a device's certificate speaks for itself alone", async () => {
  await using lobby = await as('lobby', [`${BELOW}#`, `${BELOW}devices/roof/replies`]);
  await using roof = await as('roof', [`${BELOW}devices/roof/replies`]);
  const before = (await jobs()).length;
  for (const topic of [
    'devices/roof/command',
    'devices/roof/presence',
    'devices/roof/replies',
    'devices/lobby/replies',
    'switches/www/command',
    'switches/www/state',
    'switches/www/jobs',
    'endpoints/endpoint/presence',
    'errors',
  ]) {
    expect([topic, await lobby.publish(BELOW + topic, 'failover')]).toEqual([topic, NOT_AUTHORIZED]);
  }
  expect(await roof.publish(`${BELOW}devices/roof/command`, '{"command":"restore"}')).toBe(null);
  await vi.waitFor(() => expect(roof.heard.some(({ text }) => text.includes('"finished"'))).toBe(true), PATIENCE);
  // Everything is asked for, and only the own replies and the state of the own switch are given.
  expect([...new Set(lobby.heard.map(({ topic }) => topic))]).toEqual([`${BELOW}switches/www/state`]);
  expect((await jobs()).slice(0, -before).map(({ trigger }) => trigger.actor)).toEqual(['roof']);
});

test.skipIf(mosquittoMissing)('a device cannot throw the endpoint out by connecting under its client id', async () => {
  await using lobby = await as('lobby', [`${BELOW}devices/lobby/replies`], { clientId: 'endpoint' });
  expect(await lobby.publish(`${BELOW}devices/lobby/command`, '{"command":"restore"}')).toBe(null);
  await vi.waitFor(() => expect(lobby.heard.some(({ text }) => text.includes('"finished"'))).toBe(true), PATIENCE);
  expect(place.log()).not.toContain('Another client connected');
});

test.skipIf(mosquittoMissing)(
  'a certificate of the same authority that is in no list may do nothing, and hears nothing',
  async () => {
    await using stranger = await as('stranger', ['#', `${BELOW}switches/www/state`, `${BELOW}errors`]);
    await using lobby = await as('lobby', [`${BELOW}devices/lobby/replies`]);
    const before = (await jobs()).length;
    for (const topic of ['switches/www/command', 'devices/lobby/command', 'devices/stranger/command', 'errors', 'x']) {
      expect([topic, await stranger.publish(BELOW + topic, 'failover')]).toEqual([topic, NOT_AUTHORIZED]);
    }
    await lobby.publish(`${BELOW}devices/lobby/command`, '{"command":"restore","id":"seen"}');
    await vi.waitFor(() => expect(lobby.heard.some(({ text }) => text.includes('"finished"'))).toBe(true), PATIENCE);
    expect(stranger.heard).toEqual([]);
    expect(await jobs()).toHaveLength(before + 1);
  },
);

test.skipIf(mosquittoMissing)('without a certificate of that authority nobody is let in', async () => {
  const { ca } = tlsOf(place.folder, 'lobby');
  await expect(connectClient(broker.url, { ca })).rejects.toThrow(/certificate required/);
  await expect(connectClient(broker.url, { ...tlsOf(place.folder, 'forged'), ca })).rejects.toThrow(/unknown ca/);
});

test.skipIf(mosquittoMissing)(
  'a response topic where the endpoint may not answer keeps nobody else from hearing',
  async () => {
    await using lobby = await as('lobby', [`${BELOW}devices/lobby/replies`, `${BELOW}switches/www/state`]);
    const properties = { responseTopic: 'somewhere/else', correlationData: Buffer.from('1') };
    await lobby.publish(`${BELOW}devices/lobby/command`, '{"command":"failover","id":"answer-me"}', { properties });
    const heard = (topic: string, text: string): boolean =>
      lobby.heard.some((message) => message.topic === BELOW + topic && message.text.includes(text));
    await vi.waitFor(() => expect(heard('switches/www/state', '"position": "maintenance"')).toBe(true), PATIENCE);
    await vi.waitFor(() => expect(heard('devices/lobby/replies', '"finished"')).toBe(true), PATIENCE);
    expect(place.log()).toMatch(/somewhere\/else/);
  },
);
