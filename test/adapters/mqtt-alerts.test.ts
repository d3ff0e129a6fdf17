import { once } from 'node:events';
import tls from 'node:tls';
import { expect, test } from 'vitest';
import { connectionFaultInWords } from '../../cloud/adapters/mqtt-words.ts';
import { ALERTS, LINES_OF_C, openAlertingBroker } from '../tls-alerts.ts';

/** What a connection fails with when the broker answers with this alert. */
async function faultOf(alert: number): Promise<unknown> {
  using broker = await openAlertingBroker(alert);
  const socket = tls.connect({ host: '127.0.0.1', port: broker.port });
  const [error] = (await once(socket, 'error')) as unknown[];
  return error;
}

test.for([[40, 'does it ask for a client certificate (mqtt.cert, mqtt.key)?'] as const, ...ALERTS])(
  'a broker that says alert %i of TLS is understood',
  async ([alert, words]) => {
    const text = connectionFaultInWords(await faultOf(alert));
    expect(text).toContain(words);
    expect(text).not.toMatch(LINES_OF_C);
  },
);
