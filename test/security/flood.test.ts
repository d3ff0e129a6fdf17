import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { makeEndpoint, SECRETS, type TestEndpoint, TRIGGER_ID } from '../intake/endpoint.ts';

const HEAD = `POST /api/switches/www/failover HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${SECRETS.ops}\r\nContent-Type: application/json\r\n`;
let endpoint: TestEndpoint;
let url: URL;
const sockets: Socket[] = [];

beforeEach(async () => {
  endpoint = await makeEndpoint();
  url = new URL(await endpoint.listen());
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await endpoint[Symbol.asyncDispose]();
});

async function open(): Promise<Socket> {
  const socket = connect(Number(url.port), url.hostname);
  socket.on('error', () => socket.destroy());
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** Resolves when more can be sent, or never will. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ['drain', 'close', 'error'] as const) socket.once(event, () => resolve());
  });
}

/** What everything here must leave possible. */
async function rightCommand(): Promise<number> {
  const authorization = `Bearer ${SECRETS.ops}`;
  const answer = await fetch(new URL('/api/switches/www/drill', url), { method: 'POST', headers: { authorization } });
  await answer.arrayBuffer();
  return answer.status;
}

describe('while a right command is accepted', () => {
  test(
    '200 connections send a byte a second, and are told after ten seconds that this is too slow',
    {
      timeout: 60_000,
    },
    async () => {
      const slow = await Promise.all(Array.from({ length: 200 }, open));
      // Half of them are slow with their headers, the other half with their body.
      for (const socket of slow.slice(100)) socket.write(`${HEAD}Content-Length: 1000\r\n\r\n`);
      const answers = slow.map(() => '');
      const closed = slow.map((socket, index) => {
        socket.on('data', (chunk) => (answers[index] += chunk.toString()));
        return once(socket, 'close');
      });
      const slowly = Buffer.from(`${HEAD}X-Slow: ${'x'.repeat(200)}`);
      let sent = 0;
      const dripping = setInterval(() => {
        for (const socket of slow) if (socket.writable) socket.write(slowly.subarray(sent, sent + 1));
        sent++;
      }, 1_000);
      try {
        expect(await rightCommand()).toBe(202);
        await vi.waitFor(() => expect(sent).toBeGreaterThan(3), { timeout: 20_000 });
        expect(await rightCommand()).toBe(202);
        await Promise.all(closed);
        expect(await rightCommand()).toBe(202);
      } finally {
        clearInterval(dripping);
      }
      expect(new Set(answers.map((text) => text.split('\r\n')[0]))).toEqual(new Set(['HTTP/1.1 408 Request Timeout']));
      expect((await endpoint.engine.jobs({ limit: 10 })).filter(({ data }) => data.command !== 'drill')).toEqual([]);
    },
  );

  test('10,000 wrong secrets come from the same address, and are told to slow down', { timeout: 60_000 }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    const guess = async (index: number): Promise<number> => {
      const path = index % 2 === 0 ? '/api/switches/www/failover' : `/trigger/${TRIGGER_ID}`;
      const headers = { authorization: `Bearer guess-${index}` };
      const sent = request(new URL(path, url), { method: 'POST', agent, headers });
      sent.end();
      const [answer] = (await once(sent, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
      answer.resume();
      await once(answer, 'end');
      return answer.statusCode;
    };
    const statuses: number[] = [];
    for (let batch = 0; batch < 10_000; batch += 500) {
      const guesses = Promise.all(Array.from({ length: 500 }, (_, index) => guess(batch + index)));
      expect(await rightCommand()).toBe(202);
      statuses.push(...(await guesses));
    }
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(10);
    // Strangers must not fill the journal: fifty are told singly, the rest is counted.
    expect((await endpoint.store.journal(0, 1_000)).filter(({ kind }) => kind === 'refused').length).toBeLessThan(200);
    agent.destroy();
  });

  test.for([
    ['announced', '/api/switches/www/failover', true],
    ['streamed', '/api/switches/www/failover', false],
    ['announced', `/trigger/${TRIGGER_ID}`, true],
    ['streamed', `/trigger/${TRIGGER_ID}`, false],
  ] as const)('a body of a gigabyte, %s, to %s is refused at the limit', async ([, path, announced]) => {
    const secret = path.startsWith('/trigger') ? SECRETS.trigger : SECRETS.ops;
    const size = 1_024 ** 3;
    const socket = await open();
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    const length = announced ? `Content-Length: ${size}` : 'Transfer-Encoding: chunked';
    socket.write(`${HEAD.replace('/api/switches/www/failover', path).replace(SECRETS.ops, secret)}${length}\r\n\r\n`);
    const piece = Buffer.alloc(64 * 1_024, 120);
    const chunk = announced ? piece : Buffer.concat([Buffer.from('10000\r\n'), piece, Buffer.from('\r\n')]);
    let sent = 0;
    while (sent < size && socket.writable) {
      sent += piece.length;
      if (!socket.write(chunk)) await drained(socket);
    }
    if (!socket.closed) await once(socket, 'close');
    expect(answer.split('\r\n')[0]).toBe('HTTP/1.1 413 Payload Too Large');
    // Refused, and not read to its end: what is on its way in the sockets' buffers is all that was sent in vain.
    expect(sent).toBeLessThan(64 * 1_024 ** 2);
    expect(await rightCommand()).toBe(202);
    expect((await endpoint.engine.jobs({ limit: 10 })).filter(({ data }) => data.command !== 'drill')).toEqual([]);
  });
});
