import mqtt from 'mqtt';
import { afterEach, expect, test, vi } from 'vitest';
import { openBus } from '../../cloud/adapters/mqtt.ts';
import { limitsOf, makeWindow } from '../../cloud/adapters/mqtt-window.ts';
import { replyToOf } from '../../cloud/intake/mqtt-replies.ts';
import { jobMessages, type MqttBody, stateMessage } from '../../cloud/jobs/announce.ts';
import type { Bus } from '../../cloud/ports.ts';
import { connect } from '../../device/adapters/mqtt-connection.ts';
import { makeMqttLink } from '../../device/adapters/link-mqtt.ts';
import { randomIds } from '../../device/adapters/random-ids.ts';
import { silentLog } from '../../shared/log.ts';
import { JobMessage, State } from '../../shared/messages.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { ENDPOINT_SUBSCRIPTIONS } from '../../shared/topics.ts';
import { startAedes } from '../adapters/mqtt-brokers.ts';
import { makePlayedClock } from '../engine/clock.ts';
import { problemsOf, SMALL } from '../config/example.ts';
import { makeEndpoint } from '../intake/endpoint.ts';
import { makeWorld } from '../jobs/lane-driver.ts';

/** What AWS IoT Core allows: it closes the connection of whoever asks for more. */
const SLASHES_MAX = 7;
const TOPIC_BYTES_MAX = 256;
const PAYLOAD_BYTES_MAX = 128 * 1_024;
const FILTERS_MAX = 8;
/** As deep as the configuration lets it be. */
const PREFIX = 'acme/europe/dns/v1';

const parts: AsyncDisposable[] = [];
afterEach(async () => {
  while (parts.length > 0) await parts.pop()?.[Symbol.asyncDispose]();
});

test('endpoint and button stay within QoS 1, 7 slashes, 256 bytes of topic, 128 KB and 8 filters in a SUBSCRIBE', async () => {
  const broker = await startAedes();
  parts.push(broker);
  const subscribes: { readonly topic: string; readonly qos: number }[][] = [];
  broker.aedes.on('subscribe', (filters) => void subscribes.push(filters));
  const published: { readonly topic: string; readonly qos: number; readonly bytes: number }[] = [];
  broker.aedes.on('publish', ({ topic, qos, payload }, client) => {
    if (client) published.push({ topic, qos, bytes: payload.length });
  });
  let bus: (Bus & AsyncDisposable) | undefined;
  const endpoint = await makeEndpoint({
    publish: (message) => bus?.publish(message) ?? Promise.reject(new Error('the bus is not open yet')),
  });
  parts.push(endpoint);
  const common = {
    prefix: PREFIX,
    version: '0.1.0',
    clock: systemClock,
    ids: { next: () => 'session', random: () => 0 },
  };
  const opened = openBus({
    ...common,
    url: broker.url,
    clientId: 'dashover-endpoint',
    subscriptions: ENDPOINT_SUBSCRIPTIONS,
    onMessage: endpoint.hear,
    onConnect: () => endpoint.engine.wake('mqtt'),
    log: silentLog,
  });
  bus = opened;
  parts.push(opened);
  await vi.waitFor(() => expect(opened.status().connected).toBe(true), { timeout: 5_000 });
  const link = makeMqttLink({
    ...common,
    broker: { url: broker.url, clientId: 'lobby' },
    connect,
    device: 'lobby',
    switch: 'www',
    commands: ['failover'],
    ids: randomIds,
    random: () => 0,
  });
  const heard: string[] = [];
  link.open((event) => void heard.push(event.kind));
  parts.push({ [Symbol.asyncDispose]: () => link.close() });
  await vi.waitFor(() => expect(heard).toContain('up'), { timeout: 5_000 });
  await link.send({ command: 'failover', id: 'p1' });
  const person = await mqtt.connectAsync(broker.url);
  parts.push({ [Symbol.asyncDispose]: () => person.endAsync(true) });
  await person.publishAsync(`${PREFIX}/switches/www/command`, 'nonsense', { qos: 1, retain: true });
  await vi.waitFor(() => expect(published.some(({ topic }) => topic.endsWith('/errors'))).toBe(true), {
    timeout: 5_000,
  });

  expect(published.some(({ topic }) => topic.endsWith('lobby/presence'))).toBe(true);
  expect(subscribes.length).toBeGreaterThanOrEqual(2);
  expect(subscribes.filter((filters) => filters.length > FILTERS_MAX)).toEqual([]);
  expect(subscribes.flat().filter(({ qos }) => qos > 1)).toEqual([]);
  expect(published.filter(({ qos, bytes }) => qos > 1 || bytes > PAYLOAD_BYTES_MAX)).toEqual([]);
  const topics = [...published.map(({ topic }) => topic), ...subscribes.flat().map(({ topic }) => topic)];
  expect(topics.filter((topic) => topic.split('/').length - 1 > SLASHES_MAX)).toEqual([]);
  // A retained message reaches no wildcard there: the button asks for its switch and itself by name.
  const buttons = subscribes.filter((filters) => filters.some(({ topic }) => topic.includes('replies')));
  expect(buttons.flat().filter(({ topic }) => /[+#]/.test(topic))).toEqual([]);
});

test.for<readonly [string, string, number, boolean]>([
  ['of seven slashes', 'a/b/c/d/e/f/g/h', 10, true],
  ['of eight slashes', 'a/b/c/d/e/f/g/h/i', 10, false],
  ['of 256 bytes', 'x'.repeat(256), 10, true],
  ['of 257 bytes', 'é'.repeat(128) + 'x', 10, false],
  ['with 4 KiB of correlation data', 'people/me', 4_096, true],
  ['with more correlation data', 'people/me', 4_097, false],
])('a response topic %s is answered only if the broker would take the answer', ([, responseTopic, bytes, answered]) => {
  const message = { topic: 'switches/www/command', payload: Buffer.from('drill'), retained: false, responseTopic };
  const replies = replyToOf({ ...message, correlationData: Buffer.alloc(bytes) }, undefined, PREFIX);
  expect(replies.map(({ topic }) => topic)).toEqual(answered ? [responseTopic] : []);
});

test('a hundred messages a second is all that is sent to AWS IoT, and as many as are not acknowledged', async () => {
  const clock = makePlayedClock();
  const window = makeWindow(clock, new AbortController().signal);
  window.limit(limitsOf('mqtts://example-ats.iot.eu-west-1.amazonaws.com:8883', undefined));
  let sent = 0;
  let unacknowledged = 0;
  let most = 0;
  for (let count = 0; count < 400; count += 1) {
    void window.pass(new AbortController().signal, async () => {
      sent += 1;
      most = Math.max(most, ++unacknowledged);
      await clock.sleep(5_000, new AbortController().signal);
      unacknowledged -= 1;
    });
  }
  await clock.advance(999);
  expect(sent).toBe(100);
  await clock.advance(20_000);
  expect([sent, most]).toEqual([400, 100]);
  expect(limitsOf('mqtts://broker.example.net', 20)).toEqual({ atOnce: 20, gapMs: 0 });
});

test('a job whose steps hold more than 128 KB is told without their details, and where to find them', () => {
  const world = makeWorld();
  world.press('failover');
  const row = world.running();
  if (!row) throw new Error('nothing runs');
  const read = { name: 'read', status: 'succeeded', text: 'Read 400 record sets.', startedAtMs: 1, finishedAtMs: 2 };
  const steps = [{ ...read, detail: { live: Array.from({ length: 400 }, () => 'x'.repeat(400)) } }];
  const large = { ...row, steps } as typeof row;
  for (const { body } of jobMessages('finished', large, world.nowMs())) {
    const { payload } = body as MqttBody;
    expect(Buffer.byteLength(payload)).toBeLessThan(PAYLOAD_BYTES_MAX);
    const { job } = JobMessage.parse(JSON.parse(payload));
    expect(job.steps.map(({ text }) => text)).toEqual(['Read 400 record sets.']);
    expect(JSON.stringify(job.steps[0]?.detail)).toContain(`/api/jobs/${row.id}`);
  }
});

test('a state with more drift than 128 KB tells the first of it, and how much more there is', () => {
  const differences = Array.from({ length: 500 }, (_, index) => `TXT ${index} is ${'x'.repeat(400)}.`);
  const state = { ...makeWorld().state(), drift: { differences } };
  const { payload } = stateMessage(state).body as MqttBody;
  expect(Buffer.byteLength(payload)).toBeLessThan(PAYLOAD_BYTES_MAX);
  const told = State.parse(JSON.parse(payload)).drift as { differences: string[] };
  expect(told.differences[0]).toBe(differences[0]);
  expect(told.differences.at(-1)).toMatch(/^and \d+ more/);
});

test('a prefix and a client id whose topics would be too long are refused by the configuration', () => {
  const long = 'x'.repeat(128);
  const url = "url: 'mqtts://b'";
  expect(problemsOf(`${SMALL}mqtt: { ${url}, prefix: '${long}', clientId: '${long}' }\n`).join()).toMatch(
    /mqtt\.clientId .*276 bytes.*at most 256/,
  );
  expect(problemsOf(`${SMALL}mqtt: { ${url}, prefix: '${'é'.repeat(128)}' }\n`).join()).toMatch(/mqtt\.prefix .*256/);
  expect(problemsOf(`${SMALL}mqtt: { ${url}, prefix: '${long}', clientId: '${'x'.repeat(100)}' }\n`)).toEqual([]);
  expect(TOPIC_BYTES_MAX).toBe(256);
});
