import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { childEnv } from '../child-env.ts';
import { ROOT } from '../house/files.ts';
import { until } from './until.ts';

vi.setConfig({ testTimeout: 60_000 });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'button-loaded-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The packages that a button with this configuration has loaded when it has said this. */
async function packagesOf(config: string, command = 'run', says = /^OFFLINE: (?!Connecting)/m): Promise<string[]> {
  for (const name of ['cert.pem', 'key.pem']) writeFileSync(join(folder, name), 'nothing', { mode: 0o600 });
  writeFileSync(join(folder, 'button.yaml'), config);
  writeFileSync(join(folder, 'loaded'), '');
  const hook = join(ROOT, 'test/device/service-loaded-hook.ts');
  const words = ['--import', hook, join(ROOT, 'device/main.ts'), command, '--config', join(folder, 'button.yaml')];
  const env = childEnv({ LOADED_LIST: join(folder, 'loaded') });
  const child = spawn(process.execPath, words, { env });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (said += data.toString()));
  const ended = once(child, 'close');
  try {
    await until(String(says), () => says.test(said));
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
  const urls = readFileSync(join(folder, 'loaded'), 'utf8').split('\n');
  const names = urls.map((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].toSorted();
}

/** What belongs to the endpoint, and the heavy ones that only some buttons need. */
const FOREIGN = /^(fastify|@fastify\/.*|pg|pino|preact|prom-client|@aws-sdk\/client.*|@smithy\/.*|aedes|dns-packet)$/;

test('a button with MQTT.js loads that, its configuration and nothing of the endpoint, of AWS or of GPIO', async () => {
  const loaded = await packagesOf('{ device: lobby, switch: www, mqtt: { url: "mqtt://127.0.0.1:9" } }');
  expect(loaded).toEqual(expect.arrayContaining(['commander', 'mqtt', 'yaml', 'zod']));
  expect(loaded.filter((name) => FOREIGN.test(name))).toEqual([]);
  expect(loaded.filter((name) => /^(aws-|koffi)/.test(name))).toEqual([]);
});

test("a button with AWS's client loads that and not MQTT.js, nor any client of the AWS SDK", async () => {
  const mqtt = 'url: "mqtts://127.0.0.1:9", client: aws-iot, cert: ./cert.pem, key: ./key.pem';
  const loaded = await packagesOf(`{ device: lobby, switch: www, mqtt: { ${mqtt} } }`);
  expect(loaded).toEqual(expect.arrayContaining(['aws-crt', 'aws-iot-device-sdk-v2']));
  expect(loaded.filter((name) => FOREIGN.test(name))).toEqual([]);
  expect(loaded).not.toContain('mqtt');
});

test('a chip that cannot be opened is told before anything of the C library is loaded', async () => {
  const config = 'device: lobby\nswitch: www\nchip: /dev/no-such-chip\nleds: { red: 27 }\n';
  const loaded = await packagesOf(config, 'dark', /There is no \/dev\/no-such-chip/);
  expect(loaded).toContain('commander');
  expect(loaded.filter((name) => /koffi|koromix/.test(name))).toEqual([]);
});
