import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePort, lastingPort, listen, listenOn, listenPair } from './ports.ts';

test('a port that is free is taken, one that is not is replaced', async () => {
  const first = createServer();
  const second = createServer();
  const wish = await freePort();
  expect(await listen(first, wish)).toBe(wish);
  const other = await listen(second, wish);
  expect(other).not.toBe(wish);
  expect(await freePort(wish)).not.toBe(wish);
  first.close();
  second.close();
});

test('listening on exactly one port rejects when it is taken', async () => {
  const first = createServer();
  const port = await listen(first);
  await expect(listenOn(createServer(), port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  first.close();
});

test('a port that lasts is given to nobody who asks for any', async () => {
  const port = await lastingPort();
  expect(port).toBeLessThan(32_768);
  const server = createServer();
  expect(await listen(server, port)).toBe(port);
  server.close();
});

test('a pair has the same port for UDP and TCP; when either is taken, both move', async () => {
  const udp = createSocket('udp4');
  udp.bind(0, '127.0.0.1');
  await once(udp, 'listening');
  const taken = udp.address().port;
  const tcp = createServer();
  const pair = await listenPair(tcp, taken);
  expect(pair.port).not.toBe(taken);
  expect(pair.udp.address().port).toBe(pair.port);
  expect(tcp.address()).toMatchObject({ port: pair.port });
  const second = createServer();
  const next = await listenPair(second, pair.port);
  expect(next.port).not.toBe(pair.port);
  for (const server of [tcp, second]) server.close();
  for (const socket of [udp, pair.udp, next.udp]) socket.close();
});
