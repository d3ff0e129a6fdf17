import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import mqtt from 'mqtt';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openBus } from '../../cloud/adapters/mqtt.ts';
import type { Bus, InboundMessage } from '../../cloud/ports.ts';
import { silentLog } from '../../shared/log.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { ENDPOINT_SUBSCRIPTIONS } from '../../shared/topics.ts';
import { makeEndpoint, SECRETS, type TestEndpoint, TRIGGER_ID } from '../intake/endpoint.ts';
import { makeChance } from '../sim/chance.ts';
import { startBroker } from '../world/broker.ts';
import { mayBeCommand, strangeBodies } from './strangeness.ts';

/** `DASHOVER_FUZZ=100000` for a long night. */
const COUNT = Number(process.env['DASHOVER_FUZZ'] ?? 1_000);
const SEED = Number(process.env['DASHOVER_FUZZ_SEED'] ?? 20_261_122);
const BATCH = 500;
const TIMEOUT_MS = 30_000 + COUNT * 20;
/** Beyond what is remembered on purpose (jobs, journal), a leak of a kilobyte a message would show. */
const GROWTH_BYTES_MAX = 32 * 1_024 * 1_024 + COUNT * 600;

const parts: AsyncDisposable[] = [];
const rejections: unknown[] = [];
const note = (error: unknown): void => void rejections.push(error);
beforeEach(() => {
  rejections.length = 0;
  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);
});
afterEach(async () => {
  while (parts.length > 0) await parts.pop()?.[Symbol.asyncDispose]();
  process.off('unhandledRejection', note);
  process.off('uncaughtException', note);
});

function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

const jobsOf = async (endpoint: TestEndpoint): Promise<number> => (await endpoint.engine.jobs({ limit: 1 })).length;

interface Answer {
  readonly status: number;
  readonly text: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 16 });

async function post(url: string, secret: string, type: string, body: Buffer): Promise<Answer> {
  const headers = { authorization: `Bearer ${secret}`, 'content-type': type, 'content-length': body.length };
  const sent = request(url, { method: 'POST', agent, headers });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [AsyncIterable<Buffer> & { statusCode?: number }];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  return { status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() };
}

const ROUTES = [
  '/api/switches/www/failover',
  '/api/switches/www/restore',
  '/api/switches/www/drill',
  '/api/switches/www/hold',
  '/api/switches/www/release',
  '/api/switches/www/alerts/clear',
  '/api/devices/lobby/command',
  '/api/jobs/x/cancel',
  `/trigger/${TRIGGER_ID}`,
  '/trigger/x',
  '/webhooks/datadog/www',
  '/webhooks/datadog/www/failover',
  '/webhooks/datadog/www/restore',
] as const;
const TYPES = ['application/json', 'application/x-www-form-urlencoded', 'text/plain', 'application/json; charset=x'];

test(
  `HTTP: ${COUNT} strange bodies on every route (seed ${SEED}): each is answered, none with 5xx, and who may do nothing moves nothing`,
  {
    timeout: TIMEOUT_MS,
  },
  async () => {
    const endpoint = await makeEndpoint();
    parts.push(endpoint);
    const url = await endpoint.listen();
    const chance = makeChance(SEED);
    // The reader may do nothing, and datadog nothing on other roads; a wrong secret opens nothing at all.
    const secrets = [SECRETS.reader, 'wrong-secret', SECRETS.lobby.toUpperCase()];
    let heapAtFirst = 0;
    for (let done = 0; done < COUNT; done += BATCH) {
      const answers = await Promise.all(
        strangeBodies(SEED + done, BATCH).map((body) =>
          post(url + chance.pick(ROUTES), chance.pick(secrets), chance.pick(TYPES), body),
        ),
      );
      expect(answers.filter(({ status }) => status < 400 || status >= 500)).toEqual([]);
      expect(answers.filter(({ text }) => !text.startsWith('{"error":{"code":"'))).toEqual([]);
      if (done === 0) heapAtFirst = heapBytes();
    }
    expect(await jobsOf(endpoint)).toBe(0);
    expect(rejections).toEqual([]);
    expect(heapBytes() - heapAtFirst).toBeLessThan(GROWTH_BYTES_MAX);
  },
);

test(
  `HTTP: of ${COUNT} bodies from who may do all (seed ${SEED}), only what is a command makes a job`,
  {
    timeout: TIMEOUT_MS,
  },
  async () => {
    const endpoint = await makeEndpoint();
    parts.push(endpoint);
    const url = await endpoint.listen();
    const route = `${url}/api/switches/www/drill`;
    const heapAtFirst = heapBytes();
    let taken = 0;
    for (let done = 0; done < COUNT; done += BATCH) {
      const bodies = strangeBodies(SEED + 1 + done, BATCH);
      const answers = await Promise.all(bodies.map((body) => post(route, SECRETS.ops, 'application/json', body)));
      expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
      const wrong = bodies.filter((body, index) => answers[index]?.status === 202 && !mayBeCommand(body, false));
      expect(wrong.map(String)).toEqual([]);
      taken += answers.filter(({ status }) => status === 202).length;
    }
    // The oracle is not empty: some of it were commands.
    expect(taken).toBeGreaterThan(0);
    expect(rejections).toEqual([]);
    expect(heapBytes() - heapAtFirst).toBeLessThan(GROWTH_BYTES_MAX);
  },
);

test('a body that is no UTF-8 is refused in a sentence, not stored with its bytes replaced', async () => {
  const endpoint = await makeEndpoint();
  parts.push(endpoint);
  const url = await endpoint.listen();
  const body = Buffer.concat([Buffer.from('{"reason":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
  const answer = await post(`${url}/api/switches/www/drill`, SECRETS.ops, 'application/json', body);
  expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('The body is not text in UTF-8.')]);
  expect(await jobsOf(endpoint)).toBe(0);
});

const TOPICS = ['switches/www/command', 'devices/lobby/command', 'devices/lobby/presence', 'devices/roof/command'];
const STRANGE_TOPICS = [
  'switches/nope/command',
  'switches/www/command/x',
  'switches//command',
  'devices/__proto__/command',
  'devices/nobody/presence',
  'switches/constructor/command',
];

test(
  `MQTT: ${COUNT} strange messages through a broker (seed ${SEED}): all are acknowledged, and only commands make jobs`,
  {
    timeout: TIMEOUT_MS,
  },
  async () => {
    const broker = await startBroker();
    parts.push(broker);
    let bus: (Bus & AsyncDisposable) | undefined;
    const endpoint = await makeEndpoint({
      publish: (message) => bus?.publish(message) ?? Promise.reject(new Error('the bus is not open yet')),
    });
    parts.push(endpoint);
    const acknowledged: InboundMessage[] = [];
    const opened = openBus({
      url: broker.url,
      clientId: 'endpoint',
      prefix: 'dashover/v1',
      subscriptions: ENDPOINT_SUBSCRIPTIONS,
      version: '0.1.0',
      onMessage: async (message) => {
        await endpoint.hear(message);
        acknowledged.push(message);
      },
      onConnect: () => endpoint.engine.wake('mqtt'),
      clock: systemClock,
      ids: { next: () => 'session', random: () => 0 },
      log: silentLog,
    });
    bus = opened;
    parts.push(opened);
    await vi.waitFor(() => expect(opened.status().connected).toBe(true), { timeout: 5_000 });
    const stranger = await mqtt.connectAsync(broker.url, { reconnectPeriod: 0 });
    parts.push({ [Symbol.asyncDispose]: () => stranger.endAsync(true) });

    const chance = makeChance(SEED);
    let heapAtFirst = 0;
    let commands = 0;
    for (let done = 0; done < COUNT; done += BATCH) {
      acknowledged.length = 0;
      const sent = strangeBodies(SEED + 2 + done, BATCH).map((body) => ({
        topic: chance.happens(0.8) ? chance.pick(TOPICS) : chance.pick(STRANGE_TOPICS),
        body,
      }));
      await Promise.all(
        sent.map(({ topic, body }) =>
          stranger.publishAsync(`dashover/v1/${topic}`, body, { qos: 1, retain: chance.happens(0.05) }),
        ),
      );
      const heard = sent.filter(({ topic }) => /^(switches|devices)\/[^/]*\/(command|presence)$/.test(topic)).length;
      await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThanOrEqual(heard), { timeout: 20_000 });
      commands += sent.filter(({ topic, body }) => topic.endsWith('/command') && mayBeCommand(body, true)).length;
      if (done === 0) heapAtFirst = heapBytes();
    }
    const jobs = await endpoint.engine.jobs({ limit: 100 });
    expect(jobs.length).toBeGreaterThan(0);
    expect(jobs.length).toBeLessThanOrEqual(commands);
    expect(jobs.filter(({ lane }) => lane !== 'www' && lane !== 'api')).toEqual([]);
    expect(rejections).toEqual([]);
    expect(opened.status()).toEqual({ connected: true, reason: null });
    expect(heapBytes() - heapAtFirst).toBeLessThan(GROWTH_BYTES_MAX);
  },
);

test(
  `MQTT: ${COUNT} strange messages that are no command (seed ${SEED}) move nothing`,
  {
    timeout: TIMEOUT_MS,
  },
  async () => {
    const endpoint = await makeEndpoint();
    parts.push(endpoint);
    const chance = makeChance(SEED);
    for (let done = 0; done < COUNT; done += BATCH) {
      const bodies = strangeBodies(SEED + 3 + done, BATCH).filter((body) => !mayBeCommand(body, true));
      await Promise.all(
        bodies.map((payload) =>
          endpoint.hear({
            topic: chance.pick([...TOPICS, ...STRANGE_TOPICS]),
            payload,
            retained: chance.happens(0.1),
            ...(chance.happens(0.2) && { responseTopic: payload.toString('latin1'), correlationData: payload }),
          }),
        ),
      );
    }
    expect(await jobsOf(endpoint)).toBe(0);
    expect(rejections).toEqual([]);
  },
);
