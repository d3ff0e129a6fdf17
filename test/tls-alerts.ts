import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** Alerts of TLS by their numbers (RFC 8446, section 6), and what both programs say of a broker that answers with one. */
export const ALERTS: readonly (readonly [number, string])[] = [
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
];

/** Nothing of a C file may be in a sentence for a person. */
export const LINES_OF_C = /routines|\n|SSL alert number/;

/** A broker that answers each greeting with this alert of TLS and nothing else. Resolves to its port on 127.0.0.1. */
export async function openAlertingBroker(alert: number): Promise<{ readonly port: number } & Disposable> {
  const broker = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, alert])));
  }).listen(0, '127.0.0.1');
  await once(broker, 'listening');
  return { port: (broker.address() as AddressInfo).port, [Symbol.dispose]: () => void broker.close() };
}
