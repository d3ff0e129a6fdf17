import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { type ClientChoice, chooseClient } from '../../device/adapters/link-client.ts';
import { ConfigProblems } from '../../device/config/problems.ts';
import { readButtonConfig } from '../../device/config/read.ts';
import { startProcess } from './button-process.ts';
import { openEndpoint } from './endpoint-real.ts';
import { brokerMissing, openMosquitto } from './mosquitto.ts';
import { until } from './until.ts';

vi.setConfig({ testTimeout: 60_000 });

const aws: ClientChoice = {
  client: 'auto',
  url: 'mqtts://x-ats.iot.eu-west-1.amazonaws.com:8883',
  cert: 'c',
  key: 'k',
};

test.for<[string, Partial<ClientChoice>, string, 'aws-iot' | 'mqtt']>([
  ['AWS IoT from a 64-bit Pi', {}, 'arm64', 'aws-iot'],
  ['AWS IoT on port 443', { url: 'mqtts://x-ats.iot.eu-west-1.amazonaws.com:443' }, 'x64', 'aws-iot'],
  ['AWS IoT in China', { url: 'mqtts://x.ats.iot.cn-north-1.amazonaws.com.cn' }, 'arm64', 'aws-iot'],
  ['AWS IoT from a 32-bit Pi', {}, 'arm', 'mqtt'],
  ['AWS IoT over a websocket', { url: 'wss://x-ats.iot.eu-west-1.amazonaws.com/mqtt' }, 'arm64', 'mqtt'],
  ['AWS IoT without a client certificate', { cert: undefined, key: undefined }, 'arm64', 'mqtt'],
  ['a broker of its own', { url: 'mqtts://broker.example.com' }, 'arm64', 'mqtt'],
  ['a name that only looks like AWS', { url: 'mqtts://amazonaws.com.example.com' }, 'arm64', 'mqtt'],
  ['a choice of the file', { client: 'mqtt' }, 'arm64', 'mqtt'],
  ['the other choice of the file', { client: 'aws-iot', url: 'mqtts://broker.example.com' }, 'arm', 'aws-iot'],
])('auto is right for %s', ([, change, architecture, expected]) => {
  expect(chooseClient({ ...aws, ...change }, architecture)).toBe(expected);
});

test('the keys of the second road and of the outbox are taken, and what is wrong with them is said', () => {
  const folder = mkdtempSync(join(tmpdir(), 'button-roads-'));
  const file = join(folder, 'button.yaml');
  const read = (more: string, mqtt = ''): ReturnType<typeof readButtonConfig> => {
    writeFileSync(file, `device: lobby\nswitch: www\nmqtt: { url: 'mqtts://b'${mqtt} }\n${more}`);
    return readButtonConfig(file, {}, { TOKEN: 'hush-hush' });
  };
  const problem = (more: string, mqtt = ''): string => {
    try {
      read(more, mqtt);
    } catch (error) {
      if (error instanceof ConfigProblems) return error.message;
      throw error;
    }
    return 'none';
  };
  expect(read("https: { url: 'https://d.example.com', token: '${TOKEN}' }\nstateDir: ./state\n")).toMatchObject({
    https: { url: 'https://d.example.com', token: 'hush-hush' },
    stateDir: join(folder, 'state'),
  });
  expect(problem("https: { url: 'http://127.0.0.1:8080', token: x }")).toBe('none');
  expect(problem("https: { url: 'http://d.example.com', token: x }")).toContain('would send the token for everybody');
  expect(problem("https: { url: 'mqtts://d.example.com', token: x }")).toContain('write the URL of the endpoint');
  expect(problem("https: { url: 'https://u:p@d.example.com', token: x }")).toContain('use https.token');
  expect(problem("https: { url: 'https://d.example.com' }")).toContain(
    'https.token (line 4): is missing; write ${NAME}',
  );
  expect(problem("https: { url: 'https://d.example.com', token: '${NONE}' }")).toContain('NONE, which is not set');
  expect(problem('', ', client: aws-iot')).toContain('speaks only mqtts: with mqtt.cert and mqtt.key');
  expect(problem('', ', client: paho')).toContain('write auto, aws-iot or mqtt');
  rmSync(folder, { recursive: true });
});

test.skipIf(brokerMissing)(
  'the AWS IoT client carries a press, and the program ends although the client never lets it',
  async () => {
    await using broker = await openMosquitto();
    await using endpoint = await openEndpoint(`mqtt://127.0.0.1:${broker.port}`);
    const { securePort, ca, cert, key } = broker;
    const mqtt = { url: `mqtts://127.0.0.1:${securePort}`, ca, cert, key, client: 'aws-iot' };
    await using lobby = await startProcess({ mqtt });
    await lobby.shows('PRIMARY');
    lobby.press('hold');
    await lobby.shows('FAILED OVER');
    expect(await endpoint.jobs()).toMatchObject([{ command: 'failover', status: 'succeeded' }]);
    expect(await lobby.kill('SIGTERM')).toBe(0);
  },
);

test.skipIf(brokerMissing)(
  'what the AWS IoT client has no connection for it refuses at once, and keeps for no later one',
  async () => {
    await using papers = await openMosquitto();
    const script = fileURLToPath(new URL('aws-alone.ts', import.meta.url));
    const words = [script, `mqtts://127.0.0.1:${papers.securePort}`, papers.cert, papers.key];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    try {
      await until('it has told', () => out.endsWith('}'));
    } finally {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    expect(JSON.parse(out)).toEqual({
      fate: { kind: 'unknown', text: expect.stringContaining('OFFLINE_QUEUE_POLICY') },
      keepAliveS: 30,
    });
  },
);

test.skipIf(brokerMissing)('the AWS IoT client asks for MQTT by name, as AWS IoT wants it on port 443', async () => {
  await using papers = await openMosquitto();
  const { ca, cert, key } = papers;
  const asked: unknown[] = [];
  const options = { cert: readFileSync(cert), key: readFileSync(key), ALPNProtocols: ['x-amzn-mqtt-ca'] };
  const server = tls.createServer({ ...options, ca: options.cert, requestCert: true }, (socket) => {
    asked.push({ protocol: socket.alpnProtocol, known: socket.authorized });
    socket.on('error', () => undefined);
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `mqtts://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await using lobby = await startProcess({ mqtt: { url, ca, cert, key, client: 'aws-iot' } });
  await until('somebody has asked', () => asked.length > 0, 30_000);
  expect(asked[0]).toEqual({ protocol: 'x-amzn-mqtt-ca', known: true });
  expect(lobby.lamps().at(-1)).toBe('OFFLINE');
  server.close();
});
