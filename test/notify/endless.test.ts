import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { openWebhook } from '../../cloud/adapters/webhook.ts';
import { makePlayedClock } from '../engine/clock.ts';
import { NOTICE, noticeMessage, SECRETS, TRIGGER } from './samples.ts';

test('a receiver that says 200 and never ends its answer has the message, and is not told again', async () => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write('thank');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const clock = makePlayedClock(Date.parse(NOTICE.at));
  const webhook = openWebhook({ url: `http://127.0.0.1:${port}/`, secrets: [SECRETS.webhook], clock });
  try {
    const receipt = await webhook.deliver(noticeMessage(TRIGGER), AbortSignal.timeout(5_000));
    expect(receipt).toEqual({ kind: 'delivered' });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
