import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { command, settle, signIn, signOut, startSession } from '../../cloud/dashboard/page/session.js';
import { follow } from '../../cloud/dashboard/page/events.js';
import type { Model } from '../../cloud/dashboard/page/model.js';

interface Sent {
  readonly path: string;
  readonly ageMs: number | undefined;
  readonly atMs: number;
  readonly signal: AbortSignal;
}

let sent: Sent[];
let model: Model;

/** A connection that died unseen: what is sent stays on its way until whoever sent it gives up. */
function sentIntoNowhere(path: string, { body, signal }: RequestInit): Promise<Response> {
  if (!signal) throw new Error(`${path} has no limit`);
  const { ageMs } = JSON.parse(typeof body === 'string' ? body : '{}') as { ageMs?: number };
  sent.push({ path, ageMs, atMs: performance.now(), signal });
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('given up')));
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    const over = new AbortController();
    setTimeout(() => over.abort(), ms);
    return over.signal;
  });
  sent = [];
  vi.stubGlobal('sessionStorage', { getItem: () => null, setItem: () => undefined, removeItem: () => undefined });
  vi.stubGlobal('addEventListener', () => undefined);
  vi.stubGlobal('document', { addEventListener: () => undefined });
  vi.stubGlobal('fetch', sentIntoNowhere);
  startSession((next) => (model = next));
  signIn('token');
});
afterEach(() => {
  signOut('');
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const posts = (): readonly Sent[] => sent.filter(({ path }) => path.startsWith('/api/switches/'));
const asked = (): string | undefined => model.asked.get('www')?.kind;

test('on a connection that died unseen, each try of a command is given up after 5 s, and all of them after its minute', async () => {
  const beganMs = performance.now();
  const over = command('www', 'Failover', 'failover', {});
  await vi.advanceTimersByTimeAsync(4_900);
  expect(posts().map(({ signal }) => signal.aborted)).toEqual([false]);
  expect(asked()).toBe('sending');
  await vi.advanceTimersByTimeAsync(57_000);
  expect(asked(), 'the controls are free again').toBe('undelivered');
  await over;
  expect(posts().length).toBeGreaterThan(8);
  expect(posts().every(({ signal }) => signal.aborted)).toBe(true);
  for (const { ageMs, atMs } of posts()) expect(ageMs).toBe(Math.round(atMs - beganMs));
});

test('what is asked once, a hold or a release, is not waited for longer than 5 s', async () => {
  const over = settle('www', 'Hold', '/api/switches/www/hold', {});
  await vi.advanceTimersByTimeAsync(5_100);
  expect(asked()).toBe('undelivered');
  expect(posts().map(({ path, signal }) => [path, signal.aborted])).toEqual([['/api/switches/www/hold', true]]);
  await over;
});

test('whoever signs out takes along what was sent and not answered', async () => {
  const over = Promise.all([
    command('www', 'Failover', 'failover', {}),
    settle('www', 'Hold', '/api/switches/www/hold', {}),
  ]);
  signOut('');
  await over;
  expect(posts().map(({ signal }) => signal.aborted)).toEqual([true, true]);
  expect(model.asked.size).toBe(0);
});

test('a connection that is made into nowhere is called lost within 5 s, and tried again', async () => {
  await vi.advanceTimersByTimeAsync(5_100);
  expect(model.link.kind).toBe('lost');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(sent.map(({ path }) => path)).toEqual(['/api/access', '/api/access']);
});

test('a stream that never begins ends, and one that has begun may last', async () => {
  const signal = new AbortController().signal;
  signOut('');
  const nowhere = follow('/api/events', { signal }, 40_000, () => undefined).catch(String);
  await vi.advanceTimersByTimeAsync(40_100);
  expect(await nowhere).toContain('given up');

  const heard: string[] = [];
  let begun: AbortSignal | null | undefined;
  let say: ReadableStreamDefaultController<Uint8Array> | undefined;
  vi.stubGlobal('fetch', async (_path: string, init: RequestInit) => {
    begun = init.signal;
    return new Response(new ReadableStream({ start: (controller) => (say = controller) }));
  });
  const stream = follow('/api/events', { signal }, 40_000, (event) => heard.push(event));
  for (let n = 0; n < 3; n++) {
    await vi.advanceTimersByTimeAsync(30_000);
    say?.enqueue(new TextEncoder().encode('event: state\ndata: {}\n\n'));
  }
  await vi.advanceTimersByTimeAsync(0);
  expect(begun?.aborted).toBe(false);
  say?.close();
  await stream;
  expect(heard).toEqual(['state', 'state', 'state']);
});
