import { expect, test } from 'vitest';
import { checkTls } from '../../device/adapters/check-tls.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { ALERTS, LINES_OF_C, openAlertingBroker } from '../tls-alerts.ts';

test.for([[40, 'The broker refused the TLS handshake: set mqtt.cert and mqtt.key'] as const, ...ALERTS])(
  'a broker that says alert %i of TLS is understood',
  async ([alert, words]) => {
    using broker = await openAlertingBroker(alert);
    const found = await checkTls({ url: `mqtts://127.0.0.1:${broker.port}`, clientId: 'x' }, systemClock);
    expect(found.ok).toBe(false);
    expect(found.text).toContain(words);
    expect(found.text).not.toMatch(LINES_OF_C);
  },
);
