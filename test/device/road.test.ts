import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test, vi } from 'vitest';
import type { Clock } from '../../shared/clock.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { openBroker } from './broker.ts';
import { startButton } from './button-in-test.ts';
import { playEndpoint } from './endpoint-played.ts';
import { at, stateOf } from './samples.ts';
import { until } from './until.ts';

// On a machine that is busy with other things everything here takes its time.
vi.setConfig({ testTimeout: 60_000 });

const MINUTE_MS = 60_000;

// What a broker of MQTT 5 says, byte by byte.
const CONNACK = Buffer.from([0x20, 3, 0, 0, 0]);
const suback = (subscribe: Buffer): Buffer => Buffer.from([0x90, 5, subscribe[2] ?? 0, subscribe[3] ?? 0, 0, 1, 1]);
const TAKEN_OVER = Buffer.from([0xe0, 2, 0x8e, 0]);

test.concurrent('a hold moves the switch, and the lamp tells each step only when the endpoint has', async () => {
  await using broker = await openBroker();
  await using endpoint = await playEndpoint(broker.url, 'obedient');
  await using button = startButton(broker.url, MINUTE_MS);
  await until('at primary', () => button.lamp() === 'primary');
  button.press('hold');
  await until('failed over', () => button.lamp() === 'maintenance');
  const names = button.lamps.map(({ name }) => name);
  expect(names.slice(names.indexOf('primary'))).toEqual([
    'primary',
    'sent',
    'accepted',
    'moving',
    'moving',
    'maintenance',
  ]);
  expect(endpoint.heard).toMatchObject([{ command: 'failover', switch: 'www', expiresInMs: MINUTE_MS }]);
  expect(endpoint.heard[0]).not.toHaveProperty('ifRevision');
  // Nothing waits at the broker for an endpoint that comes later.
  await using late = await playEndpoint(broker.url, 'silent');
  await until('what the broker keeps', () => late.presences.length > 0);
  expect(late.heard).toEqual([]);
});

test.concurrent('a restore carries the revision that the lamp showed, a drill shows itself as one', async () => {
  await using broker = await openBroker();
  await using endpoint = await playEndpoint(broker.url, 'obedient');
  await using button = startButton(broker.url, MINUTE_MS);
  await endpoint.tell(stateOf('maintenance', { revision: 41 }));
  await until('failed over', () => button.lamp() === 'maintenance');
  button.press('click-hold');
  await until('restored', () => button.lamp() === 'primary');
  expect(endpoint.heard).toMatchObject([{ command: 'restore', ifRevision: 41 }]);
  button.press('triple');
  await until('drilled', () => button.lamp() === 'drill');
});

test.concurrent('a press with nobody there is not heard, is repeated under one id with growing age, and is heard when an endpoint comes back', async () => {
  await using broker = await openBroker();
  const silent = await playEndpoint(broker.url, 'silent');
  await silent.tell(stateOf('primary'));
  await using button = startButton(broker.url, MINUTE_MS);
  await until('at primary', () => button.lamp() === 'primary');
  button.press('hold');
  await until('two messages', () => silent.heard.length >= 2);
  expect(button.lamp()).toBe('sent');
  await silent[Symbol.asyncDispose]();
  await using endpoint = await playEndpoint(broker.url, 'obedient');
  await until('failed over', () => button.lamp() === 'maintenance');
  const all = [...silent.heard, ...endpoint.heard];
  expect(new Set(all.map(({ id }) => id)).size).toBe(1);
  const ages = all.map(({ ageMs }) => ageMs ?? -1);
  expect(ages).toEqual(ages.toSorted((one, two) => one - two));
  expect(ages.at(-1)).toBeGreaterThan(ages[0] ?? 0);
});

test.concurrent('a press while the broker is away is delivered when it returns within the deadline', async () => {
  await using broker = await openBroker();
  await using button = startButton(broker.url, MINUTE_MS);
  await until('connected', () => button.lamp() === 'armed');
  await broker.away();
  await until('offline', () => button.lamp() === 'offline');
  button.press('hold');
  expect(button.lamp()).toBe('sent');
  await broker.back();
  await using endpoint = await playEndpoint(broker.url, 'obedient');
  await until('failed over', () => button.lamp() === 'maintenance');
  expect(new Set(endpoint.heard.map(({ id }) => id)).size).toBe(1);
});

test.concurrent('a press while the broker is away longer than the deadline is dropped visibly, and never arrives', async () => {
  await using broker = await openBroker();
  await using button = startButton(broker.url, 1_000);
  await until('connected', () => button.lamp() === 'armed');
  await broker.away();
  await until('offline', () => button.lamp() === 'offline');
  button.press('hold');
  await until('not delivered', () => button.lamp() === 'not-delivered');
  expect(button.lamps.at(-1)?.text).toContain('was not heard within 1 s: it never left');
  await broker.back();
  await using endpoint = await playEndpoint(broker.url, 'obedient');
  await until('the button is back', () => endpoint.presences.some(({ online }) => online));
  // A press made now comes after whatever the old one could still have sent on this connection.
  button.press('triple');
  await until('the drill', () => endpoint.heard.length > 0);
  expect(endpoint.heard.map(({ command }) => command)).toEqual(['drill']);
});

test.concurrent('a press into a cut line is given up at its deadline, and does not come out of it later', async () => {
  await using broker = await openBroker();
  await using button = startButton(broker.lineUrl, 1_000);
  await using endpoint = await playEndpoint(broker.url, 'obedient');
  await until('at primary', () => button.lamp() === 'primary');
  broker.cut();
  button.press('hold');
  await until('not delivered', () => button.lamp() === 'not-delivered');
  expect(button.lamps.at(-1)?.text).toContain('sent once, never accepted');
  await broker.whole();
  await until('the button is back', () => endpoint.presences.filter(({ online }) => online).length >= 2);
  button.press('triple');
  await until('the drill', () => endpoint.heard.some(({ command }) => command === 'drill'));
  expect(endpoint.heard.map(({ command }) => command)).toEqual(['drill']);
});

test.concurrent('the opposite press takes the place of one that never left', async () => {
  await using broker = await openBroker();
  await using button = startButton(broker.url, MINUTE_MS);
  await until('connected', () => button.lamp() === 'armed');
  await broker.away();
  await until('offline', () => button.lamp() === 'offline');
  button.press('hold');
  button.press('click-hold');
  expect(button.said).toContain('The restore takes the place of the failover, which was never sent.');
  await broker.back();
  await using endpoint = await playEndpoint(broker.url, 'obedient');
  await until('restored', () => endpoint.heard.length > 0);
  expect(new Set(endpoint.heard.map(({ command }) => command))).toEqual(new Set(['restore']));
});

test.concurrent('presence says who is there and for what, and a stop says goodbye before the connection ends', async () => {
  await using broker = await openBroker();
  await using endpoint = await playEndpoint(broker.url, 'obedient');
  const button = startButton(broker.url, MINUTE_MS);
  await until('online', () => endpoint.presences.length > 0);
  await button.stop();
  await until('offline', () => endpoint.presences.length > 1);
  const [online, offline] = endpoint.presences;
  expect(online).toMatchObject({ online: true, commands: ['failover', 'restore', 'drill'] });
  expect(offline).toMatchObject({ online: false, session: online?.session });
  expect(button.lamp()).toBe('off');
});

test.concurrent('a second button of the same name is noticed and said, and the two do not throw each other out for ever', async () => {
  await using broker = await openBroker();
  await using endpoint = await playEndpoint(broker.url, 'obedient');
  await using first = startButton(broker.url, MINUTE_MS);
  await using second = startButton(broker.url, MINUTE_MS);
  const told = (): string[] =>
    [...first.said, ...second.said].filter((text) => text.includes('another client probably connects'));
  await until('somebody says so', () => told().length > 0, 12_000);
  expect(told()[0]).toContain('as "lobby"');
  expect(endpoint.presences.length).toBeLessThan(40);
});

test.concurrent('a broker of MQTT 5 that tells of the takeover is believed at once', async () => {
  let connects = 0;
  const broker = createServer((socket) => {
    socket.on('data', (packet) => {
      if (packet[0] === 0x10) connects += 1;
      socket.write(
        packet[0] === 0x10 ? CONNACK : packet[0] === 0x82 ? Buffer.concat([suback(packet), TAKEN_OVER]) : '',
      );
    });
    socket.on('error', () => socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(broker, 'listening');
  const sleepsMs: number[] = [];
  const sleep: Clock['sleep'] = (ms, signal) => {
    sleepsMs.push(ms);
    return systemClock.sleep(ms, signal);
  };
  const url = `mqtt://127.0.0.1:${(broker.address() as AddressInfo).port}`;
  await using button = startButton(url, MINUTE_MS, { ...systemClock, sleep });
  const told = (): boolean => button.said.some((text) => text.startsWith('Another client has connected as "lobby"'));
  await until('the button says so', told);
  await until('offline', () => button.lamp() === 'offline');
  // Coming back at once would throw the other one out again.
  await until('it keeps away for a while', () => sleepsMs.includes(30_000));
  expect(connects).toBe(1);
  broker.close();
});

test.concurrent('messages that cannot be read are said and change nothing, old replies are not believed', async () => {
  await using broker = await openBroker();
  await using endpoint = await playEndpoint(broker.url, 'silent');
  const old = {
    type: 'refused',
    text: 'An old refusal.',
    id: 'x',
    error: { code: 'held', message: '', hint: '', guard: null },
  };
  await endpoint.publish('devices/lobby/replies', JSON.stringify(old), true);
  await using button = startButton(broker.url, MINUTE_MS);
  await until('connected', () => button.lamp() === 'armed');
  await endpoint.publish('switches/www/state', '{"position":');
  await endpoint.publish('switches/www/state', '', true);
  await endpoint.publish('devices/lobby/replies', '[1]');
  await endpoint.publish('devices/lobby/replies', 'x'.repeat(200_000));
  await endpoint.tell(stateOf('primary', { asOf: at(3) }));
  await until('at primary', () => button.lamp() === 'primary');
  expect(button.said).not.toContain('An old refusal.');
});
