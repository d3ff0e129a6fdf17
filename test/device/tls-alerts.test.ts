import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { checkTls } from '../../device/adapters/check-tls.ts';
import { systemClock } from '../../shared/system-clock.ts';

/** A broker that answers each greeting with this alert of TLS and nothing else. */
async function alertOf(code: number): Promise<string> {
  const broker = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, code])));
  }).listen(0, '127.0.0.1');
  await once(broker, 'listening');
  const { port } = broker.address() as AddressInfo;
  const found = await checkTls({ url: `mqtts://127.0.0.1:${port}`, clientId: 'x' }, systemClock);
  broker.close();
  expect(found.ok).toBe(false);
  return found.text;
}

test.for([
  [40, 'The broker refused the TLS handshake: set mqtt.cert and mqtt.key'],
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
] as const)('a broker that says alert %i of TLS is understood', async ([code, words]) => {
  const text = await alertOf(code);
  expect(text).toContain(words);
  expect(text).not.toMatch(/routines|\n|SSL alert number/);
});
