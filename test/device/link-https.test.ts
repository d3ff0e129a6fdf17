import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net';
import tls from 'node:tls';
import { describe, expect, test, vi } from 'vitest';
import { makeHttpsRoad } from '../../device/adapters/link-https.ts';
import type { Link, SecondRoad } from '../../device/core/ports.ts';
import type { Clock } from '../../shared/clock.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { openBroker } from './broker.ts';
import { startButton } from './button-in-test.ts';
import { openEndpoint } from './endpoint-real.ts';
import { openLine } from './line.ts';
import { hasMosquitto, openMosquitto } from './mosquitto.ts';
import { until } from './until.ts';

// On a machine that is busy with other things everything here takes its time.
vi.setConfig({ testTimeout: 60_000 });

const DEADLINE_MS = 3_000;
/** Nothing listens there. */
const NOWHERE = 'mqtt://127.0.0.1:1';

function roadTo(url: string, token: string, more: { ca?: string } = {}): { road: SecondRoad; warned: string[] } {
  const warned: string[] = [];
  const warn = (text: string): void => void warned.push(text);
  return {
    road: makeHttpsRoad({ url, token, device: 'lobby', switch: 'www', clock: systemClock, warn, ...more }),
    warned,
  };
}

const button = (second: SecondRoad, broker = NOWHERE, deadlineMs = DEADLINE_MS): ReturnType<typeof startButton> =>
  startButton(broker, deadlineMs, systemClock, { second });

test.concurrent('with the broker dead a press goes over HTTPS after a third of its deadline, and the lamp says so to the end', async () => {
  await using endpoint = await openEndpoint(NOWHERE, { gated: true });
  await using lobby = button(roadTo(endpoint.url, endpoint.token).road);
  await until('offline', () => lobby.lamp() === 'offline');
  lobby.press('hold');
  expect(lobby.lamp()).toBe('sent');
  await until('it runs', () => lobby.lamp() === 'moving');
  expect(lobby.lamps.at(-1)?.text).toContain('Told over HTTPS.');
  expect(lobby.said).toContain('Nobody has answered over MQTT: the failover is sent over HTTPS as well.');
  endpoint.finishJobs();
  await until('failed over', () => lobby.lamp() === 'maintenance');
  expect(lobby.lamps.at(-1)?.text).toMatch(/^www is at maintenance .*no connection to the broker/);
  const [job, ...others] = await endpoint.jobs();
  expect(others).toEqual([]);
  const ageMs = Date.parse(job?.acceptedAt ?? '') - Date.parse(job?.pressedAt ?? '');
  expect(ageMs).toBeGreaterThanOrEqual(DEADLINE_MS / 3);
  // The revision that the failover made has been seen: the way back is not stale.
  lobby.press('click-hold');
  await until('restored', () => lobby.lamp() === 'primary');
  expect((await endpoint.jobs()).map(({ command, status }) => [command, status])).toEqual([
    ['failover', 'succeeded'],
    ['restore', 'succeeded'],
  ]);
});

test.concurrent('a press that is withdrawn while its request is under way is off the line at once', async () => {
  // No time passes: only the withdrawal can end it.
  const still: Clock = {
    ...systemClock,
    sleep: (_ms, signal) => new Promise((resolve) => signal?.addEventListener('abort', () => resolve())),
  };
  const asked = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => asked.resolve());
    socket.once('close', () => gone.resolve());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const road = makeHttpsRoad({ url, token: 'x', device: 'lobby', switch: 'www', clock: still, warn: () => undefined });
  const withdrawn = new AbortController();
  const sending = road.send({ command: 'failover', switch: 'www', id: 'f' }, withdrawn.signal);
  await asked.promise;
  withdrawn.abort();
  expect(await sending).toMatchObject({ kind: 'unknown' });
  await gone.promise;
  server.close();
});

test.concurrent('the press that another one has taken the place of is withdrawn from the second road', async () => {
  const sent: { readonly command: string; readonly withdrawn: AbortSignal | undefined }[] = [];
  const second: SecondRoad = {
    send(command, withdrawn) {
      sent.push({ command: command.command, withdrawn });
      return new Promise(() => undefined);
    },
    ask: async () => null,
    look: async () => null,
    close: async () => undefined,
  };
  await using lobby = button(second);
  await until('offline', () => lobby.lamp() === 'offline');
  lobby.press('hold');
  await until('the failover is under way', () => sent.length === 1);
  expect(sent[0]?.withdrawn?.aborted).toBe(false);
  lobby.press('click-hold');
  expect(sent[0]?.withdrawn?.aborted).toBe(true);
  await until('the restore is under way', () => sent.length === 2);
  expect(sent[1]).toMatchObject({ command: 'restore' });
  expect(sent[1]?.withdrawn?.aborted).toBe(false);
});

test.concurrent('a press that arrives on both roads is one job', async () => {
  await using endpoint = await openEndpoint(NOWHERE);
  let arrived = 0;
  // A road that leads to the endpoint and not back.
  const link: Link = {
    open: (on) => on({ kind: 'up', text: 'Connected.' }),
    async send(command) {
      arrived += 1;
      await endpoint.hear('devices/lobby/command', JSON.stringify(command));
      return { kind: 'taken' };
    },
    tellFault: () => undefined,
    close: async () => undefined,
  };
  const { road } = roadTo(endpoint.url, endpoint.token);
  await using lobby = startButton(NOWHERE, DEADLINE_MS, systemClock, { second: road, link });
  lobby.press('hold');
  await until('failed over', () => lobby.lamp() === 'maintenance');
  expect(arrived).toBeGreaterThan(0);
  expect(await endpoint.jobs()).toMatchObject([{ command: 'failover', status: 'succeeded' }]);
});

test.concurrent('an answer over MQTT in time leaves the second road alone', async () => {
  await using broker = await openBroker();
  await using endpoint = await openEndpoint(broker.url);
  await using lobby = button(roadTo('http://127.0.0.1:1', endpoint.token).road, broker.url, 60_000);
  await until('at primary', () => lobby.lamp() === 'primary');
  lobby.press('hold');
  await until('failed over', () => lobby.lamp() === 'maintenance');
  expect(lobby.said.join('\n')).not.toContain('HTTPS');
});

test.concurrent('a press accepted over MQTT is followed over HTTPS when the broker dies', async () => {
  await using broker = await openBroker();
  await using endpoint = await openEndpoint(broker.url, { gated: true });
  await using lobby = button(roadTo(endpoint.url, endpoint.token).road, broker.url, 60_000);
  await until('at primary', () => lobby.lamp() === 'primary');
  lobby.press('hold');
  await until('it runs', () => lobby.lamp() === 'moving');
  await broker.away();
  endpoint.finishJobs();
  await until('failed over', () => lobby.lamp() === 'maintenance');
  expect(lobby.lamps.at(-1)?.text).toContain('no connection to the broker');
});

test.concurrent('with everything dead a press is not delivered, visibly, and nothing of it arrives later', async () => {
  await using broker = await openBroker();
  await using endpoint = await openEndpoint(broker.url);
  await using line = await openLine(Number(new URL(endpoint.url).port));
  await broker.away();
  line.cut();
  const { road } = roadTo(`http://127.0.0.1:${line.port}`, endpoint.token);
  await using lobby = button(road, broker.url, 1_500);
  await until('offline', () => lobby.lamp() === 'offline');
  lobby.press('hold');
  await until('not delivered', () => lobby.lamp() === 'not-delivered');
  await line.whole();
  await broker.back();
  // A question made now comes after whatever the old request could still have carried.
  expect(await road.look()).toMatchObject({ position: 'primary' });
  lobby.press('click-hold');
  await until('the restore', () => lobby.said.some((text) => text.includes('already')) || lobby.lamp() === 'primary');
  expect((await endpoint.jobs()).map(({ command }) => command)).toEqual(['restore']);
});

test.concurrent('what is wrong with the second road is said, and does not take the first one its chance', async () => {
  await using broker = await openBroker();
  await using endpoint = await openEndpoint(broker.url);
  const { road } = roadTo(endpoint.url, 'not-the-token-of-lobby');
  await using lobby = button(road, broker.lineUrl, 9_000);
  await until('at primary', () => lobby.lamp() === 'primary');
  broker.cut();
  lobby.press('hold');
  await until('the token is said to be wrong', () => lobby.said.some((text) => text.includes('refuses over HTTPS')));
  expect(lobby.lamp()).toBe('sent');
  await broker.whole();
  await until('failed over', () => lobby.lamp() === 'maintenance');
  expect(lobby.said.join('\n')).not.toContain('not-the-token-of-lobby');
});

test.concurrent('a refusal by the endpoint ends the press on both roads', async () => {
  await using endpoint = await openEndpoint(NOWHERE);
  const { road } = roadTo(endpoint.url, endpoint.token);
  const stale = await road.send({ command: 'restore', switch: 'www', id: 'r1', ifRevision: 4_711 });
  expect(stale).toMatchObject({ kind: 'answered', reply: { type: 'finished', job: { error: { code: 'stale' } } } });
  const unknown = await road.send({ command: 'failover', switch: 'api', id: 'r2' });
  expect(unknown).toMatchObject({ kind: 'not-sent', text: expect.stringContaining('api') });
});

const sent = async (url: string, ageMs = 0) =>
  roadTo(url, 'x').road.send({ command: 'failover', switch: 'www', id: 'f', ageMs, expiresInMs: 2_000 });

test.concurrent('each way to fail is a sentence, and says whether the press may have arrived', async () => {
  let said = '200 OK';
  const page = createServer((socket) => {
    socket.on('error', () => undefined);
    const rest = 'Content-Length: 4\r\nConnection: close\r\n\r\nhi!\n';
    socket.once('data', () => socket.end(`HTTP/1.1 ${said}\r\n${rest}`));
  }).listen(0, '127.0.0.1');
  const rude = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.destroy());
  }).listen(0, '127.0.0.1');
  await Promise.all([once(page, 'listening'), once(rude, 'listening')]);
  const urlOf = (server: typeof page): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await sent('http://127.0.0.1:1')).toMatchObject({
    kind: 'not-sent',
    text: expect.stringContaining('nothing listens there'),
  });
  expect(await sent(urlOf(page))).toMatchObject({
    kind: 'unknown',
    text: expect.stringContaining('not as an endpoint does: check https.url'),
  });
  expect(await sent(urlOf(rude))).toMatchObject({ kind: 'unknown' });
  expect(await sent(urlOf(rude), 2_000)).toMatchObject({ kind: 'not-sent', text: expect.stringContaining('too old') });
  // Of a proxy that has lost the endpoint nobody knows whether it lost it before or after the press.
  said = '502 Bad Gateway';
  expect(await sent(urlOf(page))).toMatchObject({ kind: 'unknown', text: expect.stringContaining('answered 502') });
  page.close();
  rude.close();
});

describe.skipIf(!hasMosquitto)('with TLS', () => {
  test('an endpoint of an authority that is not known is not believed, and with https.ca it is', async () => {
    // Only its certificate is borrowed.
    await using papers = await openMosquitto();
    await using endpoint = await openEndpoint(NOWHERE);
    const options = { cert: readFileSync(papers.cert), key: readFileSync(papers.key) };
    const front = tls.createServer(options, (near) => {
      const far = connectTcp(Number(new URL(endpoint.url).port), '127.0.0.1');
      near.on('error', () => far.destroy());
      far.on('error', () => near.destroy());
      near.pipe(far).pipe(near);
    });
    front.on('tlsClientError', () => undefined);
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
    const url = `https://127.0.0.1:${(front.address() as AddressInfo).port}`;
    const command = { command: 'failover', switch: 'www', id: 'f' } as const;
    const stranger = roadTo(url, endpoint.token);
    expect(await stranger.road.send(command)).toMatchObject({
      kind: 'not-sent',
      text: expect.stringContaining('https.ca'),
    });
    expect(await stranger.road.look()).toBeNull();
    expect(stranger.warned.join()).toContain('https.ca');
    expect(await endpoint.jobs()).toEqual([]);
    const known = roadTo(url, endpoint.token, { ca: papers.ca });
    expect(await known.road.send(command)).toMatchObject({ kind: 'answered', reply: { job: { command: 'failover' } } });
    front.close();
  });
});
