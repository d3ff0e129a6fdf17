import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openProber } from '../../cloud/adapters/probe.ts';
import type { Probe } from '../../cloud/ports.ts';
import { freePort, listen } from '../world/ports.ts';

const never = new AbortController().signal;

async function site(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  const port = await listen(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${port}`;
}

function probe(url: string, changed: Partial<Probe> = {}, signal: AbortSignal = never) {
  return openProber().probe({ url, expect: [200], timeoutMs: 2_000, ...changed }, signal);
}

test('a site that answers as expected is well', async () => {
  const at = await site((_, response) => response.end('hello'));
  expect(await probe(`http://${at}/health`)).toEqual({ ok: true, text: `http://${at}/health answered 200.` });
});

test('what is asked for in the query is asked, and never said: it may hold a secret', async () => {
  const asked: (string | undefined)[] = [];
  const at = await site((request, response) => {
    asked.push(request.url);
    response.writeHead(301, { location: `${request.url?.replace('/health', '/health/')}` }).end();
  });
  expect((await probe(`http://${at}/health?key=SECRET`)).text).toBe(
    `http://${at}/health?… answered 301 (to /health/?…), not 200.`,
  );
  expect(asked).toEqual(['/health?key=SECRET']);
  expect((await probe('http://127.0.0.1:1/?key=SECRET')).text).toMatch(/^http:\/\/127.0.0.1:1\/\?… does not answer/);
});

test('another status is not well, and both are named', async () => {
  const at = await site((_, response) => response.writeHead(500).end());
  expect(await probe(`http://${at}/`, { expect: [200, 503] })).toEqual({
    ok: false,
    text: `http://${at}/ answered 500, not 200 or 503.`,
  });
});

test('a redirect is an answer, and not followed', async () => {
  let requests = 0;
  const at = await site((_, response) => {
    requests += 1;
    response.writeHead(302, { location: '/elsewhere' }).end();
  });
  expect((await probe(`http://${at}/`)).text).toBe(`http://${at}/ answered 302 (to /elsewhere), not 200.`);
  expect((await probe(`http://${at}/`, { expect: [302] })).ok).toBe(true);
  expect(requests).toBe(2);
});

test('connectTo decides where the connection goes; the Host stays that of the URL', async () => {
  let host: string | undefined;
  const at = await site((request, response) => {
    ({ host } = request.headers);
    response.end();
  });
  expect((await probe('http://www.example.test/', { connectTo: at })).ok).toBe(true);
  expect(host).toBe('www.example.test');
  const [, port] = at.split(':');
  expect((await probe(`http://www.example.test:${port}/`, { connectTo: '127.0.0.1' })).ok).toBe(true);
});

test('HTTPS asks for the name of the URL (SNI), also where connectTo leads elsewhere', async () => {
  const hello = Promise.withResolvers<Buffer>();
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (bytes) => {
      hello.resolve(bytes);
      socket.destroy();
    });
  });
  const port = await listen(server);
  onTestFinished(() => void server.close());
  const { ok, text } = await probe('https://www.example.test/', { connectTo: `127.0.0.1:${port}` });
  expect(ok).toBe(false);
  expect(text).toContain(`https://www.example.test/ at 127.0.0.1:${port} does not answer`);
  expect((await hello.promise).includes('www.example.test')).toBe(true);
});

test('a page that never comes, or never ends, is given up after the time for all of it', async () => {
  const silent = await site(() => undefined);
  expect(await probe(`http://${silent}/`, { timeoutMs: 60 })).toEqual({
    ok: false,
    text: `http://${silent}/ did not answer within 60 ms.`,
  });
  const endless = await site((_, response) => void response.write('a little'));
  expect((await probe(`http://${endless}/`, { timeoutMs: 60 })).ok).toBe(false);
});

test('of a large page only the beginning is read', async () => {
  let written = 0;
  const at = await site((_, response) => {
    const more = (): void => {
      while (!response.destroyed && written < 1e9) {
        written += 65_536;
        if (!response.write(Buffer.alloc(65_536))) break;
      }
    };
    response.on('drain', more);
    more();
  });
  expect((await probe(`http://${at}/`)).ok).toBe(true);
  expect(written).toBeLessThan(1e8);
});

test('a page that breaks off is not well', async () => {
  const at = await site((_, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('half');
    response.destroy();
  });
  expect((await probe(`http://${at}/`)).ok).toBe(false);
});

test('a refused connection and an unknown host are told in words', async () => {
  const port = await freePort();
  expect((await probe(`http://127.0.0.1:${port}/`)).text).toBe(
    `http://127.0.0.1:${port}/ does not answer: the connection is refused.`,
  );
  expect((await probe('http://nowhere.invalid/')).text).toMatch(
    /does not answer: the host name (does not exist|could not)/,
  );
});

test('a probe that nobody waits for any more ends at once', async () => {
  const at = await site(() => undefined);
  const giveUp = new AbortController();
  const probing = probe(`http://${at}/`, { timeoutMs: 60_000 }, giveUp.signal);
  giveUp.abort();
  expect((await probing).ok).toBe(false);
});
