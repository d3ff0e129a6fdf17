import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt, { type MqttClient } from 'mqtt';
import { hasMosquitto, type Mosquitto, openMosquitto } from '../device/mosquitto.ts';
import { ROOT } from '../house/files.ts';
import { inTurn, type Row, table } from './figures.ts';

const STARTS = 10;
const PRESSES = 50;
/** Long enough for the work of the start to be over, and for a second of CPU to be seen at all. */
const REST_MS = 5_000;
const IDLE_MS = 30_000;
const BYTES_PER_MB = 1_048_576;

const CLIENTS = ['mqtt', 'aws-iot'] as const;
type Client = (typeof CLIENTS)[number];
const called = (client: Client): string => (client === 'mqtt' ? 'button with MQTT.js' : "button with AWS's client");
const BARE = 'bare Node that does nothing';

/** What a button costs a small machine, and how quick it is, with either MQTT client: Mosquitto, mutual TLS. */
export async function benchDevice(folder: string): Promise<string> {
  if (!hasMosquitto) return 'The button is not measured: apt-get install mosquitto openssl\n';
  await using mosquitto = await openMosquitto();
  const ear = await mqtt.connectAsync(`mqtt://127.0.0.1:${mosquitto.port}`);
  await ear.subscribeAsync(
    CLIENTS.map((client) => `dashover/v1/devices/${nameOf(client)}/#`),
    { qos: 1 },
  );
  const start = (client: Client) => startButton(folder, client, mosquitto);
  try {
    return [await starts(ear, start), await presses(ear, start), ...(await idles(ear, start))].join('\n');
  } finally {
    await ear.endAsync(true);
  }
}

/** Each is another device, so that both can run at once. */
function nameOf(client: Client): string {
  return client === 'mqtt' ? 'lobby' : 'hall';
}

type Start = (client: Client) => ChildProcessWithoutNullStreams;

function startButton(folder: string, client: Client, { securePort, ca, cert, key }: Mosquitto) {
  const file = join(folder, `${client}.yaml`);
  const mqttKeys = JSON.stringify({ url: `mqtts://127.0.0.1:${securePort}`, ca, cert, key, client });
  writeFileSync(file, `{ device: ${nameOf(client)}, switch: www, mqtt: ${mqttKeys} }`);
  return spawn(process.execPath, [join(ROOT, 'device/main.ts'), 'run', '--config', file]);
}

async function end(child: ChildProcessWithoutNullStreams): Promise<void> {
  const ended = once(child, 'close');
  child.kill('SIGKILL');
  await ended;
}

const heardIds = new Set<string>();

/** The device has come, or has sent a command that is not the repeat of one: nobody answers here. */
function published(ear: MqttClient, client: Client, leaf: 'presence' | 'command'): Promise<void> {
  return new Promise((resolve) => {
    const hear = (topic: string, payload: Buffer): void => {
      if (topic !== `dashover/v1/devices/${nameOf(client)}/${leaf}`) return;
      const { online, id } = JSON.parse(payload.toString()) as { readonly online?: boolean; readonly id?: string };
      if (leaf === 'presence' ? online !== true : id === undefined || heardIds.has(id)) return;
      if (id !== undefined) heardIds.add(id);
      ear.off('message', hear);
      resolve();
    };
    ear.on('message', hear);
  });
}

async function starts(ear: MqttClient, start: Start): Promise<string> {
  const ways: Record<string, () => Promise<number>> = {
    [BARE]: async () => {
      const beganMs = performance.now();
      await once(spawn(process.execPath, ['--eval', '0']), 'close');
      return performance.now() - beganMs;
    },
  };
  for (const client of CLIENTS) {
    ways[called(client)] = async () => {
      const heard = published(ear, client, 'presence');
      const beganMs = performance.now();
      const child = start(client);
      await heard;
      const ms = performance.now() - beganMs;
      await end(child);
      return ms;
    };
  }
  return table('From the start of the process until the broker has its first message', await inTurn(ways, STARTS));
}

async function presses(ear: MqttClient, start: Start): Promise<string> {
  const ways: Record<string, () => Promise<number>> = {};
  const children: ChildProcessWithoutNullStreams[] = [];
  for (const client of CLIENTS) {
    const there = published(ear, client, 'presence');
    const child = start(client);
    children.push(child);
    await there;
    ways[called(client)] = async () => {
      const heard = published(ear, client, 'command');
      const beganMs = performance.now();
      // A failover takes the place of an unanswered one at once, and each press is a message of its own.
      child.stdin.write('hold\n');
      await heard;
      return performance.now() - beganMs;
    };
  }
  try {
    return table('From a gesture until the command has passed the broker', await inTurn(ways, PRESSES));
  } finally {
    await Promise.all(children.map(end));
  }
}

async function idles(ear: MqttClient, start: Start): Promise<readonly string[]> {
  const bare = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1e9)']);
  const children = [bare];
  for (const client of CLIENTS) {
    const there = published(ear, client, 'presence');
    children.push(start(client));
    await there;
  }
  try {
    await sleep(REST_MS);
    const before = children.map(cpuMs);
    await sleep(IDLE_MS);
    const names = [BARE, ...CLIENTS.map(called)];
    const rows = (figure: (child: ChildProcessWithoutNullStreams, at: number) => number): Row[] =>
      children.map((child, at) => ({ what: names[at] ?? '', ms: [figure(child, at)] }));
    // Bare Node does nothing at all: a ratio to it would be one to zero.
    const cpu = rows((child, at) => cpuMs(child) - (before[at] ?? 0)).slice(1);
    return [
      table('Memory while idle and connected (RSS)', rows(rssMb), 'MB'),
      table(`CPU time in ${IDLE_MS / 1_000} s of being idle and connected`, cpu),
    ];
  } finally {
    await Promise.all(children.map(end));
  }
}

function rssMb({ pid }: ChildProcessWithoutNullStreams): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kilobytes) * 1_024) / BYTES_PER_MB;
}

/** What its threads together have run, of the scheduler's own account in nanoseconds. */
function cpuMs({ pid }: ChildProcessWithoutNullStreams): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const ranNs = threads.map((id) => Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0]));
  return ranNs.reduce((sum, ns) => sum + ns, 0) / 1e6;
}
