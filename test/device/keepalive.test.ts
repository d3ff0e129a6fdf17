import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { connect } from '../../device/adapters/mqtt-connection.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { listen } from './line.ts';

/** A CONNACK of MQTT 5 that asks for a sign of life each second. */
const WELCOME = Buffer.from([0x20, 0x06, 0x00, 0x00, 0x03, 0x13, 0x00, 0x01]);

test('a press into a line that turns out to be dead is reset with it, so that it does not come out of it later, and may have left', async () => {
  const closed = Promise.withResolvers<string>();
  const server = createServer((socket) => {
    socket.once('data', () => socket.write(WELCOME));
    socket.on('end', () => closed.resolve('an ordinary close, after which the kernel goes on delivering'));
    socket.on('error', (error) => closed.resolve('code' in error ? String(error.code) : error.message));
  });
  const port = await listen(server, 0);
  onTestFinished(() => void server.close());
  const broker = { url: `mqtt://127.0.0.1:${port}`, clientId: 'lobby' };
  const connection = await connect(broker, 5, undefined, () => undefined, systemClock);
  expect(await connection.opened).toBe(true);
  const fate = connection.publish({ topic: 'x', payload: 'press', retain: false }, 60_000);
  expect(await closed.promise).toBe('ECONNRESET');
  expect(await fate).toEqual({
    kind: 'unknown',
    text: 'The connection ended before the broker acknowledged the message.',
  });
  expect((await connection.ended).reason).toBe('The broker stopped answering.');
  await once(server.close(), 'close');
});
