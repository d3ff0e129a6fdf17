import { describe, expect, test, vi } from 'vitest';
import { type ButtonProcess, startProcess } from './button-process.ts';
import { openEndpoint } from './endpoint-real.ts';
import { openLine } from './line.ts';
import { brokerMissing, type Mosquitto, openMosquitto } from './mosquitto.ts';
import { until } from './until.ts';

const TITLE = { mqtt: 'MQTT.js', 'aws-iot': 'the AWS IoT client' } as const;

const plain = ({ port }: Mosquitto): string => `mqtt://127.0.0.1:${port}`;

/**
 * What any MQTT client under the button has to keep, with real processes: the program as it is shipped, Mosquitto with
 * mutual TLS, and the real door of the endpoint. The AWS client never lets its process end, one more reason for its own.
 */
export function holdsRoadPromises(client: keyof typeof TITLE): void {
  vi.setConfig({ testTimeout: 60_000, maxConcurrency: 3 });

  const button = (broker: Mosquitto, settings: object = {}, mqtt: object = {}): Promise<ButtonProcess> => {
    const { securePort, ca, cert, key } = broker;
    const url = `mqtts://127.0.0.1:${securePort}`;
    return startProcess({ mqtt: { url, ca, cert, key, client, ...mqtt }, ...settings });
  };

  describe.skipIf(brokerMissing)(`with Mosquitto, mutual TLS and ${TITLE[client]}`, { concurrent: true }, () => {
    test('a press moves the switch, the lamp tells each step when the endpoint has, and a stop says goodbye', async () => {
      await using broker = await openMosquitto();
      await using endpoint = await openEndpoint(plain(broker), { gated: true });
      await using lobby = await button(broker);
      await lobby.shows('PRIMARY');
      expect(lobby.out()).toContain(client === 'aws-iot' ? 'over MQTT 5, by the AWS IoT client.' : 'over MQTT 5.');
      lobby.press('hold');
      await lobby.shows('MOVING');
      endpoint.finishJobs();
      await lobby.shows('FAILED OVER');
      expect(lobby.lamps().slice(lobby.lamps().indexOf('PRIMARY'))).toEqual(
        lobby.lamps().includes('HEARD')
          ? ['PRIMARY', 'NOT HEARD YET', 'HEARD', 'MOVING', 'FAILED OVER']
          : ['PRIMARY', 'NOT HEARD YET', 'MOVING', 'FAILED OVER'],
      );
      expect(await endpoint.jobs()).toMatchObject([{ command: 'failover', status: 'succeeded' }]);
      await until('online', () => endpoint.online() === true);
      expect(await lobby.kill('SIGTERM')).toBe(0);
      await until('offline', () => endpoint.online() === false);
      expect(lobby.lamps().at(-1)).toBe('OFF');
      // A dead line is noticed within a minute; and no user is made up where none is configured.
      const keepalive = client === 'aws-iot' ? 30 : 20;
      expect(broker.log()).toMatch(new RegExp(`as lobby \\(p5, c1, k${keepalive}\\)`));
    });

    test('a press while the broker is away longer than the deadline is dropped visibly, and never arrives', async () => {
      await using broker = await openMosquitto();
      await using endpoint = await openEndpoint(plain(broker));
      await using lobby = await button(broker, { deadlineMs: 1_000 });
      await lobby.shows('PRIMARY');
      await broker.stop();
      await lobby.shows('OFFLINE');
      lobby.press('hold');
      await lobby.shows('NOT DELIVERED');
      expect(lobby.out()).toContain('it never left');
      await broker.start();
      await until('the endpoint hears the button', () => broker.log().split('as lobby').length > 2, 30_000);
      await vi.waitFor(
        async () => {
          // A press made now comes after whatever the old one could still have sent.
          if ((await endpoint.jobs()).length === 0) lobby.press('click-hold');
          expect((await endpoint.jobs()).at(-1)?.finishedAt).toBeTruthy();
        },
        { timeout: 30_000, interval: 500 },
      );
      expect(new Set((await endpoint.jobs()).map(({ command }) => command))).toEqual(new Set(['restore']));
    });

    test('a press while the broker restarts is one job when it is back', async () => {
      await using broker = await openMosquitto();
      await using endpoint = await openEndpoint(plain(broker));
      await using lobby = await button(broker);
      await lobby.shows('PRIMARY');
      await broker.stop();
      await lobby.shows('OFFLINE');
      lobby.press('hold');
      await lobby.shows('NOT HEARD YET');
      await broker.start();
      await lobby.shows('FAILED OVER');
      expect(await endpoint.jobs()).toMatchObject([{ command: 'failover', status: 'succeeded' }]);
    });

    test('a press while the broker is away and the endpoint is not goes over HTTPS, and the lamp says so at each step', async () => {
      await using broker = await openMosquitto();
      await using endpoint = await openEndpoint(plain(broker), { gated: true });
      const { url, token } = endpoint;
      await using lobby = await button(broker, { deadlineMs: 6_000, https: { url, token } });
      await lobby.shows('PRIMARY');
      await broker.stop();
      await lobby.shows('OFFLINE');
      lobby.press('hold');
      await lobby.shows('MOVING');
      expect(lobby.out()).toMatch(/^MOVING: .* Told over HTTPS\.$/m);
      endpoint.finishJobs();
      await lobby.shows('FAILED OVER');
      expect(lobby.out()).toMatch(/^FAILED OVER: www is at maintenance .*There is no connection to the broker/m);
      expect(await endpoint.jobs()).toMatchObject([{ command: 'failover', status: 'succeeded' }]);
    });

    test('a press into a frozen broker is not heard, and one job when it thaws', async () => {
      await using broker = await openMosquitto();
      await using endpoint = await openEndpoint(plain(broker));
      await using lobby = await button(broker);
      await lobby.shows('PRIMARY');
      broker.freeze();
      lobby.press('hold');
      await until('the button gives the connection up', () =>
        /did not acknowledge|before the broker acknowledged/.test(lobby.out()),
      );
      expect(lobby.lamps().at(-1)).toBe('NOT HEARD YET');
      broker.thaw();
      await lobby.shows('FAILED OVER');
      expect(await endpoint.jobs()).toMatchObject([{ command: 'failover', status: 'succeeded' }]);
    });

    test('a press whose acknowledgement is lost is sent again, and is one job', async () => {
      await using broker = await openMosquitto();
      await using line = await openLine(broker.securePort);
      await using endpoint = await openEndpoint(plain(broker));
      await using lobby = await button(broker, {}, { url: `mqtts://127.0.0.1:${line.port}` });
      await lobby.shows('PRIMARY');
      line.loseNextAnswer();
      lobby.press('hold');
      await lobby.shows('FAILED OVER');
      expect(lobby.lamps().slice(lobby.lamps().lastIndexOf('PRIMARY'))).not.toContain('REFUSED');
      expect(lobby.out()).toContain('waits for the connection');
      expect(await endpoint.jobs()).toMatchObject([{ command: 'failover', status: 'succeeded' }]);
    });

    test('a press into a cut line is given up at its deadline, and does not come out of it later', async () => {
      await using broker = await openMosquitto();
      await using line = await openLine(broker.securePort);
      await using endpoint = await openEndpoint(plain(broker));
      await using lobby = await button(broker, { deadlineMs: 1_500 }, { url: `mqtts://127.0.0.1:${line.port}` });
      await lobby.shows('PRIMARY');
      line.cut();
      lobby.press('hold');
      await lobby.shows('NOT DELIVERED');
      expect(lobby.out()).toContain('sent once, never accepted');
      await line.whole();
      const ups = (): number => lobby.out().split('Connected to').length - 1;
      await until('the button is back', () => ups() >= 2, 30_000);
      // A press made now comes after whatever the old one could still have sent.
      lobby.press('click-hold');
      await until('the restore', () => lobby.out().includes('restore'), 30_000);
      await vi.waitFor(async () => expect((await endpoint.jobs()).at(-1)?.finishedAt).toBeTruthy(), 15_000);
      expect((await endpoint.jobs()).map(({ command }) => command)).toEqual(['restore']);
    });

    test('a press that the broker forbids is said to be not sent, and what is forbidden', async () => {
      await using broker = await openMosquitto();
      await using endpoint = await openEndpoint(plain(broker));
      await using lobby = await button(broker, { deadlineMs: 2_000 }, { username: 'mute' });
      await lobby.shows('PRIMARY');
      lobby.press('hold');
      await lobby.shows('NOT DELIVERED');
      expect(lobby.out()).toContain('The broker does not allow this: check its access list');
      expect(lobby.out()).toContain('it never left');
      expect(await endpoint.jobs()).toEqual([]);
    });

    test('a second button of the same name is noticed and said', async () => {
      await using broker = await openMosquitto();
      await using first = await button(broker);
      await using second = await button(broker);
      const told = (): boolean => `${first.out()}${second.out()}`.includes('run one button as "lobby"');
      await until('somebody says so', told, 30_000);
      expect([first.lamps().at(-1), second.lamps().at(-1)]).not.toContain('OFF');
    });

    test('a wrong road is told in words, with what to do', async () => {
      await using broker = await openMosquitto();
      const { cert, key, ca, port } = broker;
      const wrong: readonly [object, string][] = [
        [{ url: `mqtts://127.0.0.1:${port}` }, 'The broker'],
        [{ url: 'mqtts://127.0.0.1:1' }, 'Nothing listens there'],
        [{ ca: undefined, cert, key }, 'give it as mqtt.ca'],
        [{ ca, cert, key: ca }, 'mqtt.key'],
      ];
      await Promise.all(
        wrong.map(async ([mqtt, words]) => {
          await using one = await button(broker, {}, mqtt);
          await until(`${words} for ${JSON.stringify(mqtt)}`, () => one.out().includes(words), 30_000);
          expect(one.lamps().at(-1)).toBe('OFFLINE');
        }),
      );
    });
  });
}
