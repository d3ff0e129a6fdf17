import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Job, State } from '../../shared/messages.ts';

export const TOKEN = 'SECRET-ops-token-000002';
const AT = '2026-11-22T12:04:10.000Z';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly headers: IncomingMessage['headers'];
}

export interface FakeEndpoint extends AsyncDisposable {
  readonly url: string;
  readonly asked: Asked[];
  /** The environment in which the command line finds it. */
  readonly env: Readonly<Record<string, string>>;
}

type Answer = readonly [status: number, body: unknown];
export type Routes = Readonly<Record<string, (asked: Asked, times: number) => Answer | 'hang-up'>>;

/** An endpoint that answers per contract, over a real socket. Routes are `GET /api/…`. */
export async function fakeEndpoint(routes: Routes): Promise<FakeEndpoint> {
  const asked: Asked[] = [];
  const times = new Map<string, number>();
  const server = createServer((request, response) => {
    void answer(request, response, routes, asked, times);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    asked,
    env: { DASHOVER_URL: url, DASHOVER_TOKEN: TOKEN },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  routes: Routes,
  asked: Asked[],
  times: Map<string, number>,
): Promise<void> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  const path = request.url ?? '';
  const key = `${request.method} ${path.replace(/\?.*/, '')}`;
  const one: Asked = {
    method: request.method ?? '',
    path,
    headers: request.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
  asked.push(one);
  times.set(key, (times.get(key) ?? 0) + 1);
  const reply = routes[key]?.(one, times.get(key) ?? 1) ?? refusal(404, 'not-found', 'There is no such route.');
  if (reply === 'hang-up') {
    request.socket.destroy();
    return;
  }
  const allowed = request.headers.authorization === `Bearer ${TOKEN}`;
  const [status, body] = allowed ? reply : refusal(401, 'not-authenticated', 'The token is not known.');
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export function refusal(status: number, code: string, message: string): Answer {
  return [status, { error: { code, message, hint: 'Do the other thing.' } }];
}

export function state(change: Partial<State> = {}): State {
  return {
    text: 'Web site (www) is at primary, in the care of automation.',
    switch: 'www',
    position: 'primary',
    from: null,
    to: null,
    revision: 7,
    since: AT,
    asOf: AT,
    by: { trigger: 'cli', actor: 'ops', job: 'j0' },
    hold: null,
    automation: 'on',
    alerts: [],
    incident: null,
    job: null,
    cachesUntil: null,
    drift: null,
    ...change,
  };
}

export function job(change: Partial<Job> = {}): Job {
  return {
    text: 'www is moving from primary to maintenance.',
    id: 'j1',
    switch: 'www',
    command: 'failover',
    from: 'primary',
    to: 'maintenance',
    status: 'running',
    outcome: null,
    verified: null,
    trigger: { kind: 'cli', actor: 'ops', id: 'x' },
    joined: [],
    reason: null,
    revision: 7,
    acceptedAt: AT,
    startedAt: AT,
    finishedAt: null,
    pressedAt: null,
    cachesUntil: null,
    steps: [],
    error: null,
    ...change,
  };
}

export function step(name: string, text: string): Job['steps'][number] {
  return { name, status: 'succeeded', startedAt: AT, finishedAt: '2026-11-22T12:04:11.500Z', text, detail: null };
}

export const SUCCEEDED = {
  status: 'succeeded',
  outcome: 'switched',
  verified: true,
  finishedAt: AT,
  text: 'www moved from primary to maintenance.',
} as const;
