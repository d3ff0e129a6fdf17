import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Broker } from '../../device/adapters/broker-connection.ts';
import type { Finding } from '../../device/adapters/check-finding.ts';
import { checkRoad } from '../../device/adapters/check-road.ts';
import { connect } from '../../device/adapters/mqtt-connection.ts';
import type { Clock } from '../../shared/clock.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { startButton } from './button-in-test.ts';
import { playEndpoint } from './endpoint-played.ts';
import { openLine } from './line.ts';
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

  const roads = [
    ['over MQTT 5', 'mqtt', 'port'],
    ['over TLS with a client certificate', 'mqtts', 'securePort'],
    ['over a websocket', 'ws', 'websocketPort'],
    ['over a websocket with TLS and a client certificate', 'wss', 'secureWebsocketPort'],
  ] as const;
  const to = (scheme: string, port: number): Partial<Broker> & { url: string } => {
    const { ca, cert, key } = mosquitto;
    return { url: `${scheme}://127.0.0.1:${port}`, ...(/^(mqtts|wss)$/.test(scheme) && { ca, cert, key }) };
  };

  test.for(roads)('%s a hold moves the switch', async ([, scheme, port]) => {
    await using endpoint = await playEndpoint(`mqtt://127.0.0.1:${mosquitto.port}`, 'obedient');
    await using button = startButton(to(scheme, mosquitto[port]), MINUTE_MS);
    await until('at primary', () => button.lamp() === 'primary');
    expect(button.said.join('\n')).toContain('over MQTT 5.');
    button.press('hold');
    await until('failed over', () => button.lamp() === 'maintenance');
    expect(endpoint.heard).toHaveLength(1);
  });

  test.for(roads)(
    '%s a press into a cut line is given up at its deadline, and does not come out of it later',
    async ([, scheme, port]) => {
      await using line = await openLine(mosquitto[port]);
      await using endpoint = await playEndpoint(`mqtt://127.0.0.1:${mosquitto.port}`, 'obedient');
      await using button = startButton(to(scheme, line.port), 1_500);
      await until('at primary', () => button.lamp() === 'primary');
      line.cut();
      button.press('hold');
      await until('not delivered', () => button.lamp() === 'not-delivered');
      expect(button.lamps.at(-1)?.text).toContain('sent once, never accepted');
      await line.whole();
      const ups = (): number => button.said.filter((text) => text.startsWith('Connected to')).length;
      await until('the button is back', () => ups() === 2);
      // A press made now comes after whatever the old one could still have sent.
      button.press('triple');
      await until('the drill', () => endpoint.heard.some(({ command }) => command === 'drill'));
      expect(endpoint.heard.map(({ command }) => command)).toEqual(['drill']);
    },
  );

  test('a wrong road is told in words, with what to do', async () => {
    const { securePort, websocketPort, secureWebsocketPort, port, ca, cert, key } = mosquitto;
    const wrong: readonly [Partial<Broker> & { url: string }, string][] = [
      [{ url: `mqtts://127.0.0.1:${securePort}` }, 'give it as mqtt.ca'],
      [{ url: `mqtts://127.0.0.1:${securePort}`, ca }, 'mqtt.cert and mqtt.key'],
      [{ url: `mqtts://127.0.0.1:${port}`, ca }, 'The broker'],
      [{ url: `mqtts://127.0.0.1:${securePort}`, ca: '/none.pem' }, 'does not exist'],
      [{ url: `wss://127.0.0.1:${secureWebsocketPort}` }, 'give it as mqtt.ca'],
      [{ url: `wss://127.0.0.1:${secureWebsocketPort}`, ca }, 'mqtt.cert and mqtt.key'],
      [{ url: `wss://127.0.0.1:${websocketPort}`, ca }, 'The TLS handshake failed'],
      // The same place by another name, which is not in the certificate.
      [{ url: `wss://[::ffff:127.0.0.1]:${secureWebsocketPort}`, ca, cert, key }, 'is for another host name'],
    ];
    for (const [broker, words] of wrong) {
      await using button = startButton(broker, MINUTE_MS);
      await until(`${words} for ${JSON.stringify(broker)}`, () =>
        button.lamps.some(({ text }) => text.includes(words)),
      );
      expect(button.lamp()).toBe('offline');
    }
  });

  test('the query of a URL, where a secret may be, is never said', async () => {
    const there = `ws://127.0.0.1:${mosquitto.websocketPort}/mqtt`;
    await using button = startButton(`${there}?token=SECRET`, MINUTE_MS);
    await until('connected', () => button.said.includes(`Connected to ${there}?… over MQTT 5.`));
    await using lost = startButton('ws://127.0.0.1:1/mqtt?token=SECRET', MINUTE_MS);
    await until('no connection', () => lost.lamps.some(({ text }) => text.includes('No connection to')));
    expect(lost.lamps.at(-1)?.text).toContain('No connection to ws://127.0.0.1:1/mqtt?….');
    expect(JSON.stringify([button.said, button.lamps, lost.said, lost.lamps])).not.toContain('SECRET');
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
