import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import mqtt from 'mqtt';
import type { World } from '../world/world.ts';
import { askDevice, post, setNoDelay } from './accept.ts';
import { type Row, table } from './figures.ts';
import type { Account, Flood, Order } from './flooder.ts';

/** Each flood is begun and ended this often, the others and the quiet in between; it lasts some seconds. */
const ROUNDS = 6;
/** Commands over each road in one round of a flood, one after the other, that count. */
const COMMANDS = 40;
const WARM_UP = 5;
/** Nobody waits for an answer that never comes. */
const ANSWER_MS_MAX = 30_000;

const CASES: readonly { readonly what: string; readonly floods: readonly Flood[] }[] = [
  { what: 'alone', floods: [] },
  { what: 'beside 200 connections that send a byte a second', floods: ['slow'] },
  { what: 'beside 10,000 wrong secrets a minute', floods: ['guesses'] },
  { what: 'beside bodies of 1 GB, one after the other', floods: ['body'] },
  { what: 'beside all of these at once', floods: ['slow', 'guesses', 'body'] },
];

/**
 * How long a right command takes until its answer, alone and in each flood of the street, over HTTP and as a device over
 * MQTT. One endpoint is flooded and left alone in turn; the floods come from another process, over sockets.
 */
export async function benchFlood(world: World): Promise<string> {
  const { file } = world;
  const client = await mqtt.connectAsync(file.mqtt);
  setNoDelay(client);
  await client.subscribeAsync(`dashover/v1/devices/${file.device}/replies`, { qos: 1 });
  const flooder = fork(fileURLToPath(new URL('flooder.ts', import.meta.url)));
  const found = CASES.map(({ what, floods }) => ({
    what,
    floods,
    http: [] as number[],
    mqtt: [] as number[],
    accounts: [] as Account[],
  }));
  const command = { ageMs: 120_000 };
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const { floods, http, mqtt: words, accounts } of found) {
        await say(flooder, { url: file.http, trigger: file.triggers.failover, floods });
        for (let at = -WARM_UP; at < COMMANDS; at += 1) {
          const overHttp = await post(`${file.http}/api/switches/${file.switch}/failover`, world, command);
          const overMqtt = await askDevice(client, world, { command: 'failover', ...command });
          if (at < 0) continue;
          http.push(overHttp);
          words.push(overMqtt);
        }
        await acceptsDrill(world);
        accounts.push((await say(flooder, 'stop')) as Account);
      }
    }
  } finally {
    flooder.disconnect();
    await Promise.all([client.endAsync(true), once(flooder, 'exit')]);
  }
  const rows = (road: 'http' | 'mqtt'): Row[] => found.map(({ what, [road]: ms }) => ({ what, ms }));
  const same = 'decided, stored, refused as too old, until its answer';
  return [
    table(`A right command over HTTP (${same})`, rows('http')),
    table(`A right command of a device over MQTT (${same})`, rows('mqtt')),
    'In the midst of each flood a drill was accepted, every time. What each flood was:',
    ...found.filter(({ floods }) => floods.length > 0).map(accountInWords),
    '',
  ].join('\n');
}

async function say(flooder: ChildProcess, order: Order | 'stop'): Promise<unknown> {
  const answer = once(flooder, 'message', { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
  flooder.send(order);
  const [said] = (await answer) as [unknown];
  return said;
}

/** What is measured is refused as too old, so that nothing runs beside it; that a right command begins is seen by this. */
async function acceptsDrill({ file }: World): Promise<void> {
  const headers = { authorization: `Bearer ${file.tokens.ops}` };
  const answer = await fetch(`${file.http}/api/switches/${file.switch}/drill`, { method: 'POST', headers });
  const job = (await answer.json()) as { readonly id: string; readonly text: string };
  if (answer.status !== 202) throw new Error(`A drill was answered ${answer.status}: ${JSON.stringify(job)}`);
  const ended = await fetch(`${file.http}/api/jobs/${job.id}?wait=30s`, { headers });
  const { status, text } = (await ended.json()) as { readonly status: string; readonly text: string };
  if (status !== 'succeeded') throw new Error(`A drill was accepted and did not succeed: ${text}`);
}

interface Told {
  readonly what: string;
  readonly floods: readonly Flood[];
  readonly accounts: readonly Account[];
}

function accountInWords({ what, floods, accounts }: Told): string {
  const sum = (figure: (account: Account) => number): number => accounts.reduce((all, one) => all + figure(one), 0);
  const seconds = sum((one) => one.seconds);
  const aMinute = (figure: (account: Account) => number): string =>
    Math.round((sum(figure) / seconds) * 60).toLocaleString('en');
  const words: Readonly<Record<Flood, string>> = {
    slow: `${Math.min(...accounts.map((one) => one.slow))} slow connections open`,
    guesses: `${aMinute((one) => one.guesses)} wrong secrets answered a minute`,
    body: `${aMinute((one) => one.bodies)} bodies begun a minute`,
  };
  return `  ${what}: ${floods.map((flood) => words[flood]).join(', ')} (${seconds.toFixed(0)} s in all).`;
}
