import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import tls from 'node:tls';
import { expect, test } from 'vitest';
import { connectionFaultInWords } from '../../cloud/adapters/mqtt-words.ts';

/** What a connection fails with when the broker answers each greeting with this alert of TLS and nothing else. */
async function faultOf(alert: number): Promise<unknown> {
  const broker = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, alert])));
  }).listen(0, '127.0.0.1');
  await once(broker, 'listening');
  const { port } = broker.address() as AddressInfo;
  const socket = tls.connect({ host: '127.0.0.1', port });
  const [error] = (await once(socket, 'error')) as unknown[];
  broker.close();
  return error;
}

test.for([
  [40, 'does it ask for a client certificate (mqtt.cert, mqtt.key)?'],
  [42, 'The broker does not accept mqtt.cert'],
  [44, 'The broker says that mqtt.cert was revoked'],
  [45, 'The broker says that mqtt.cert has expired'],
  [46, 'The broker does not accept mqtt.cert'],
  [48, 'The broker does not trust the authority that signed mqtt.cert.'],
  [49, 'The broker does not accept mqtt.cert'],
  [70, 'The broker speaks only an old version of TLS'],
  [112, 'The broker knows no host of this name'],
  [116, 'The broker asks for a client certificate: set mqtt.cert and mqtt.key.'],
  [120, 'The broker does not speak MQTT on this port'],
  // Whatever else there may be is told in the words of TLS, and not with the line of a C file.
  [80, 'The connection failed: tlsv1 alert internal error.'],
] as const)('a broker that says alert %i of TLS is understood', async ([alert, words]) => {
  const text = connectionFaultInWords(await faultOf(alert));
  expect(text).toContain(words);
  expect(text).not.toMatch(/routines|\n|SSL alert number/);
});
