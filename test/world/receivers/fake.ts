import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How the next request is answered, whatever it says: with a status, or (`hang`) never. */
type Weather = { readonly status: number; readonly retryAfter?: string } | 'hang';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Said {
  readonly status: number;
  readonly body: string;
}

export interface Fake extends AsyncDisposable {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** Every request, oldest first, also those that weather ate. */
  readonly asked: Asked[];
  /** What the API would have refused, in words. */
  readonly wrong: string[];
  /** Asked before each request; undefined lets it through. */
  weather: (request: Asked) => Weather | undefined;
}

/** A server whose `answer` is the API's own; weather comes first, as it does. */
export async function openFake(answer: (request: Asked, wrong: string[]) => Said): Promise<Fake> {
  const asked: Asked[] = [];
  const wrong: string[] = [];
  async function hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await read(request);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([key, value]) => [key, String(value)]));
    const one: Asked = { method: request.method ?? '', path: request.url ?? '', headers, body };
    asked.push(one);
    const weather = fake.weather(one);
    if (weather === 'hang') return;
    if (weather) {
      if (weather.retryAfter !== undefined) response.setHeader('retry-after', weather.retryAfter);
      response.writeHead(weather.status).end('weather');
      return;
    }
    const said = answer(one, wrong);
    response.writeHead(said.status).end(said.body);
  }
  const server = createServer((request, response) => void hear(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const fake: Fake = {
    url: `http://127.0.0.1:${port}`,
    asked,
    wrong,
    weather: () => undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** JSON, or undefined when it is none. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
