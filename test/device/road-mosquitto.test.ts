import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Broker } from '../../device/adapters/broker-connection.ts';
import type { Finding } from '../../device/adapters/check-finding.ts';
import { checkRoad } from '../../device/adapters/check-road.ts';
import { connect } from '../../device/adapters/mqtt-connection.ts';
import type { Clock } from '../../shared/clock.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { startButton } from './button-in-test.ts';
import { playEndpoint } from './endpoint-played.ts';
import { hasMosquitto, type Mosquitto, openMosquitto } from './mosquitto.ts';
import { until } from './until.ts';

const MINUTE_MS = 60_000;
/** What is waited for is not waited for long. */
const hasty: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 1_000), signal) };

/** Mosquitto is what people run; it speaks MQTT 5, which the embedded broker does not. */
describe.skipIf(!hasMosquitto)('with Mosquitto', () => {
  let mosquitto: Mosquitto;
  beforeAll(async () => {
    mosquitto = await openMosquitto();
  });
  afterAll(() => mosquitto[Symbol.asyncDispose]());

  const roads: readonly [string, (it: Mosquitto) => Partial<Broker> & { url: string }][] = [
    ['over MQTT 5', ({ port }) => ({ url: `mqtt://127.0.0.1:${port}` })],
    ['over a websocket', ({ websocketPort }) => ({ url: `ws://127.0.0.1:${websocketPort}` })],
    [
      'over TLS with a client certificate',
      ({ securePort, ca, cert, key }) => ({ url: `mqtts://127.0.0.1:${securePort}`, ca, cert, key }),
    ],
  ];

  test.for(roads)('a hold moves the switch %s', async ([, road]) => {
    await using endpoint = await playEndpoint(`mqtt://127.0.0.1:${mosquitto.port}`, 'obedient');
    await using button = startButton(road(mosquitto), MINUTE_MS);
    await until('at primary', () => button.lamp() === 'primary');
    expect(button.said.join('\n')).toContain('over MQTT 5.');
    button.press('hold');
    await until('failed over', () => button.lamp() === 'maintenance');
    expect(endpoint.heard).toHaveLength(1);
  });

  test('a wrong road is told in words, with what to do', async () => {
    const { securePort, port, ca } = mosquitto;
    const wrong: readonly [Partial<Broker> & { url: string }, string][] = [
      [{ url: `mqtts://127.0.0.1:${securePort}` }, 'give it as mqtt.ca'],
      [{ url: `mqtts://127.0.0.1:${securePort}`, ca }, 'mqtt.cert and mqtt.key'],
      [{ url: `mqtts://127.0.0.1:${port}`, ca }, 'The broker'],
      [{ url: `mqtts://127.0.0.1:${securePort}`, ca: '/none.pem' }, 'does not exist'],
    ];
    for (const [broker, words] of wrong) {
      await using button = startButton(broker, MINUTE_MS);
      await until(`${words} for ${JSON.stringify(broker)}`, () =>
        button.lamps.some(({ text }) => text.includes(words)),
      );
      expect(button.lamp()).toBe('offline');
    }
  });

  test('a device that may not read is not told that it may: Mosquitto takes its subscriptions all the same', async () => {
    const url = `mqtt://127.0.0.1:${mosquitto.port}`;
    await using endpoint = await playEndpoint(url, 'obedient');
    const road = { prefix: 'dashover/v1', device: 'lobby', switch: 'www', clock: hasty, connect };
    const broker = { url, clientId: 'lobby', username: 'deaf' };
    const told = new Map<string, Finding>();
    const drill = { id: 'a-drill', must: true };
    for await (const one of checkRoad({ ...road, broker }, { running: false, drill })) told.set(one.name, one);
    expect(endpoint.heard).toHaveLength(1);
    expect(told.get('topics')?.text).not.toContain('may read');
    expect(told.get('endpoint')).toMatchObject({
      ok: false,
      text: expect.stringContaining('let this device read there'),
    });
    expect(told.get('drill')).toMatchObject({
      ok: false,
      text: expect.stringContaining('read dashover/v1/devices/lobby/replies'),
    });
  });

  test('a second button of the same name is noticed and said', async () => {
    const road = { url: `mqtt://127.0.0.1:${mosquitto.port}` };
    await using first = startButton(road, MINUTE_MS);
    await using second = startButton(road, MINUTE_MS);
    const told = (): boolean =>
      [...first.said, ...second.said].some((text) => text.includes('run one button as "lobby"'));
    await until('somebody says so', told);
    expect([first.lamp(), second.lamp()]).not.toContain('off');
  });
});
