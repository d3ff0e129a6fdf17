import { afterEach, expect, test, vi } from 'vitest';
import type { InboundMessage, OutboundMessage } from '../../cloud/ports.ts';
import { Fault } from '../../shared/faults.ts';
import { JobMessage, RefusalMessage } from '../../shared/messages.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { makeEndpoint, type TestEndpoint, type TestEndpointOptions } from './endpoint.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  while (open.length > 0) await open.pop()?.[Symbol.asyncDispose]();
});

async function start(options: TestEndpointOptions = {}): Promise<TestEndpoint> {
  const endpoint = await makeEndpoint(options);
  open.push(endpoint);
  return endpoint;
}

const WWW = 'switches/www/command';
const LOBBY = 'devices/lobby/command';

function says(payload: string | object | Uint8Array, topic = WWW, more: Partial<InboundMessage> = {}): InboundMessage {
  const bytes =
    payload instanceof Uint8Array
      ? payload
      : Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
  return { topic, payload: bytes, retained: false, ...more };
}

function on(endpoint: TestEndpoint, topic: string): OutboundMessage[] {
  return endpoint.published.filter((message) => message.topic === topic);
}

function refusalsOn(endpoint: TestEndpoint, topic: string): RefusalMessage[] {
  return on(endpoint, topic).flatMap(({ payload }) => {
    const parsed = RefusalMessage.safeParse(JSON.parse(payload));
    return parsed.success ? [parsed.data] : [];
  });
}

const jobsOf = (endpoint: TestEndpoint) => endpoint.engine.jobs({ limit: 200 });

test.for([
  ['the bare word', 'failover'],
  ['the word between blanks', ' failover\n'],
  ['JSON', { command: 'failover', reason: 'the site is down' }],
])('%s on the open topic is one job, stored when the promise resolves', async ([, payload]) => {
  const endpoint = await start();
  await endpoint.hear(says(payload ?? ''));
  const [job, ...others] = await jobsOf(endpoint);
  expect(others).toEqual([]);
  expect(job).toMatchObject({
    lane: 'www',
    sender: WWW,
    data: { command: 'failover', to: 'maintenance', automatic: false, trigger: { kind: 'mqtt', actor: WWW, id: null } },
  });
  expect(refusalsOn(endpoint, 'errors')).toEqual([]);
});

test('the same id twice from one sender is one job; from another sender it is another command', async () => {
  const endpoint = await start({ gated: true });
  await endpoint.hear(says({ command: 'failover', id: 'one' }));
  await endpoint.hear(says({ command: 'failover', id: 'one' }));
  expect(await jobsOf(endpoint)).toHaveLength(1);
  await endpoint.hear(says({ command: 'failover', id: 'one', switch: 'www' }, LOBBY));
  const [job] = await jobsOf(endpoint);
  expect(job?.data.joined).toMatchObject([{ kind: 'button', actor: 'lobby', id: 'one' }]);
});

const mistakes: readonly [string, string | object | Uint8Array, string, RegExp][] = [
  ["the console's default message", '{\n  "message": "Hello from AWS IoT console"\n}', WWW, /command.*"message"/],
  ['an unknown word', 'fallover', WWW, /"fallover" is not a command/],
  ['a payload of 1 MB', Buffer.alloc(1_048_576, 'x'), WWW, /1048576 bytes.*at most 4096/],
  ['binary', Buffer.from([0xff, 0xfe, 0, 1]), WWW, /4 bytes of binary/],
  ['a JSON array', '["failover"]', WWW, /is not a command/],
  ['half of a JSON object', '{"command":"failover"', WWW, /begins like JSON/],
  ['an unknown field', { command: 'failover', colour: 'red' }, WWW, /unknown field "colour"/],
  ['an unknown switch', 'failover', 'switches/nope/command', /no switch "nope"/],
  ['a position that does not exist', { command: 'failover', to: 'moon' }, WWW, /no position "moon"/],
  ['a failover to primary', { command: 'failover', to: 'primary' }, WWW, /does not go to "primary"/],
  ['a restore to elsewhere', { command: 'restore', to: 'maintenance' }, WWW, /does not go to "maintenance"/],
  ['another switch than the topic', { command: 'failover', switch: 'api' }, WWW, /names the switch "api".*"www"/],
  ['an override without proof of who it is', { command: 'failover', override: ['drift'] }, WWW, /proved who they are/],
  ['an override of what cannot be', { command: 'failover', override: ['held'] }, WWW, /"held".*cannot be passed over/],
  [
    'a date far ahead of our clock',
    { command: 'failover', issuedAt: '2999-01-01T00:00:00Z' },
    WWW,
    /ahead of this endpoint's clock/,
  ],
  ['an unknown device', 'failover', 'devices/cellar/command', /no device "cellar"/],
];

test.for(mistakes)(
  '%s is answered in a sentence on errors, moves nothing and is acknowledged',
  async ([, payload, topic, words]) => {
    const endpoint = await start();
    await endpoint.hear(says(payload, topic));
    const [refusal, ...others] = refusalsOn(endpoint, 'errors');
    expect(others).toEqual([]);
    expect(refusal?.text).toMatch(words);
    expect(refusal?.error.hint).not.toBe('');
    const shown = JSON.parse(on(endpoint, 'errors')[0]?.payload ?? '{}') as object;
    expect(shown).toMatchObject({ topic, example: expect.stringContaining('failover') as string });
    expect(await jobsOf(endpoint)).toEqual([]);
    // The endpoint goes on, and the journal knows.
    await vi.waitFor(async () => {
      const journal = await endpoint.store.journal(0, 100);
      expect(journal.filter(({ kind }) => kind === 'refused')).toHaveLength(1);
    });
    await endpoint.hear(says('failover'));
    expect(await jobsOf(endpoint)).toHaveLength(1);
  },
);

test('a device that dashover.yaml does not have is told so on its own replies', async () => {
  const endpoint = await start();
  await endpoint.hear(says({ command: 'failover', id: 'press-1' }, 'devices/cellar/command'));
  expect(refusalsOn(endpoint, 'devices/cellar/replies')).toMatchObject([
    { id: 'press-1', error: { code: 'unknown-device' } },
  ]);
});

test.for([
  [
    'a device of several switches',
    'devices/roof/command',
    '{"command":"failover","switch":"www","reason":"maintenance"}',
  ],
  ['a device of one switch', LOBBY, '{"command":"failover","reason":"maintenance"}'],
  ['the open topic that only drills', WWW, '{"command":"drill","reason":"maintenance"}'],
] as const)('the example beside a refusal is one that %s may send', async ([, topic, example]) => {
  const endpoint = await start({ commands: ['drill'] });
  await endpoint.hear(says('nonsense', topic));
  expect(JSON.parse(on(endpoint, 'errors')[0]?.payload ?? '{}')).toMatchObject({ example });
  await endpoint.hear(says(example, topic));
  expect(await jobsOf(endpoint)).toHaveLength(1);
});

test('an empty payload is ignored: it is how a retained message is cleared', async () => {
  const endpoint = await start();
  await endpoint.hear(says(''));
  await endpoint.hear(says('', WWW, { retained: true }));
  expect(await jobsOf(endpoint)).toEqual([]);
  expect(on(endpoint, 'errors')).toEqual([]);
});

test('a retained command is refused, answered, and cleared at the broker', async () => {
  const endpoint = await start();
  await endpoint.hear(says('failover', WWW, { retained: true }));
  expect(await jobsOf(endpoint)).toEqual([]);
  expect(refusalsOn(endpoint, 'errors')).toMatchObject([{ text: expect.stringContaining('retained') as string }]);
  expect(on(endpoint, WWW)).toEqual([{ topic: WWW, payload: '', retain: true }]);
});

test('what the open topic may not ask for is refused by name', async () => {
  const endpoint = await start({ commands: ['drill'] });
  await endpoint.hear(says('failover'));
  expect(refusalsOn(endpoint, 'errors')).toMatchObject([{ error: { code: 'not-allowed' } }]);
  expect(refusalsOn(endpoint, 'errors')[0]?.text).toMatch(/may not ask for failover: mqtt\.commands allows drill/);
  await endpoint.hear(says('drill'));
  expect(await jobsOf(endpoint)).toHaveLength(1);
});

test('a device commands the switch that is its own without naming it, and hears of it on its replies', async () => {
  const endpoint = await start();
  await endpoint.hear(says({ command: 'failover', id: 'press-1', ageMs: 250 }, LOBBY));
  const [job] = await jobsOf(endpoint);
  expect(job).toMatchObject({ lane: 'www', sender: 'device:lobby' });
  expect(job?.data.trigger).toEqual({ kind: 'button', actor: 'lobby', id: 'press-1' });
  expect(job?.data.pressedAtMs).toBe((job?.acceptedAtMs ?? 0) - 250);
  await vi.waitFor(() => {
    const types = on(endpoint, 'devices/lobby/replies').map(
      ({ payload }) => JobMessage.parse(JSON.parse(payload)).type,
    );
    expect(types).toContain('accepted');
    expect(types).toContain('finished');
  });
});

test.for([
  ['a command that it may not give', { command: 'drill', id: 'a' }, 'lobby', 'not-allowed'],
  ['a switch that is not its own', { command: 'failover', switch: 'api', id: 'a' }, 'lobby', 'not-allowed'],
  ['no switch where it may move several', { command: 'failover', id: 'a' }, 'roof', 'malformed'],
  ['an unknown field', { command: 'failover', id: 'a', speed: 1 }, 'lobby', 'malformed'],
] as const)('a device that sends %s is answered on its replies, by id', async ([, payload, device, code]) => {
  const endpoint = await start();
  await endpoint.hear(says(payload, `devices/${device}/command`));
  expect(refusalsOn(endpoint, `devices/${device}/replies`)).toMatchObject([{ id: 'a', error: { code } }]);
  expect(refusalsOn(endpoint, 'errors')).toMatchObject([{ id: null, error: { code } }]);
  expect(await jobsOf(endpoint)).toEqual([]);
});

test('a refusal names the id of its command, however its characters are stored', async () => {
  const endpoint = await start();
  const id = '😀'.repeat(128);
  await endpoint.hear(says({ command: 'failover', id, colour: 'red' }, LOBBY));
  expect(refusalsOn(endpoint, 'devices/lobby/replies')).toMatchObject([{ id }]);
});

test('a command older than it may be is a refused job, and its sender hears of it', async () => {
  const endpoint = await start();
  await endpoint.hear(says({ command: 'failover', id: 'late', ageMs: 60_001 }, LOBBY));
  await endpoint.hear(says({ command: 'failover', issuedAt: new Date(Date.now() - 61_000).toISOString() }));
  const jobs = await jobsOf(endpoint);
  expect(jobs.map(({ status, data }) => [status, data.error?.code])).toEqual([
    ['refused', 'expired'],
    ['refused', 'expired'],
  ]);
  await vi.waitFor(() => expect(on(endpoint, 'devices/lobby/replies')).not.toEqual([]), { timeout: 5_000 });
});

test('what the broker may keep for so long only is not begun later than that, whatever the command says', async () => {
  const endpoint = await start();
  const left = { expiresInS: 5 };
  await endpoint.hear(says({ command: 'failover', id: 'fresh' }, LOBBY, left));
  await endpoint.hear(says({ command: 'restore', id: 'brief', expiresInMs: 2_000 }, LOBBY, left));
  await endpoint.hear(says({ command: 'failover', id: 'last' }, LOBBY, { expiresInS: 0 }));
  const long = { command: 'failover', switch: 'api', id: 'pressed', ageMs: 20_000, expiresInMs: 600_000 };
  await endpoint.hear(says(long, 'devices/roof/command', left));
  const jobs = await jobsOf(endpoint);
  const goodFor = jobs.map(({ acceptedAtMs, data }) => [data.trigger.id, (data.expiresAtMs ?? 0) - acceptedAtMs]);
  expect(Object.fromEntries(goodFor)).toMatchObject({ fresh: 5_000, pressed: 5_000, brief: 2_000, last: 1_000 });
});

test('a response topic is answered with its correlation data: the job, and a refusal', async () => {
  const endpoint = await start();
  const more = { responseTopic: 'people/me', correlationData: Buffer.from('42') };
  await endpoint.hear(says('failover', WWW, more));
  await endpoint.hear(says('nonsense', WWW, more));
  const types = (): string[] =>
    on(endpoint, 'people/me').map(({ payload }) => (JSON.parse(payload) as { type: string }).type);
  const wanted = expect.arrayContaining(['accepted', 'finished', 'refused']) as string[];
  await vi.waitFor(() => expect(types()).toEqual(wanted), { timeout: 5_000 });
  const answers = on(endpoint, 'people/me');
  expect(answers.every(({ whole, correlationData }) => whole === true && String(correlationData) === '42')).toBe(true);
});

test.for(['dashover/v1/devices/lobby/replies', 'dashover/v1/switches/www/state', 'a/+/b', '$SYS/x', ''])(
  'a stranger cannot have us write to %s',
  async (responseTopic) => {
    const endpoint = await start();
    await endpoint.hear(says('nonsense', WWW, { responseTopic }));
    expect(endpoint.published.map(({ topic }) => topic).filter((topic) => !topic.endsWith('/state'))).toEqual([
      'errors',
    ]);
  },
);

test('of a flood of nonsense fifty are answered and the rest is counted in one message, and so in the journal', async () => {
  const sleeps: (() => void)[] = [];
  const clock = {
    ...systemClock,
    sleep: (ms: number, signal?: AbortSignal) =>
      ms === 10_000 ? new Promise<void>((resolve) => sleeps.push(resolve)) : systemClock.sleep(ms, signal),
  };
  const endpoint = await start({ clock });
  for (let i = 0; i < 300; i++) await endpoint.hear(says(`nonsense ${i}`));
  expect(on(endpoint, 'errors')).toHaveLength(50);
  // A device that is known is heard all the same.
  await endpoint.hear(says('nonsense', LOBBY));
  expect(refusalsOn(endpoint, 'devices/lobby/replies')).toHaveLength(1);
  for (const end of sleeps) end();
  await vi.waitFor(() => expect(on(endpoint, 'errors')).toHaveLength(52), { timeout: 5_000 });
  expect(JSON.parse(on(endpoint, 'errors').at(-1)?.payload ?? '')).toMatchObject({ type: 'counted', count: 250 });
  await vi.waitFor(async () => {
    const journal = (await endpoint.store.journal(0, 1_000)).filter(({ kind }) => kind === 'refused');
    expect(journal).toHaveLength(51);
    expect(journal.at(-1)).toMatchObject({ detail: { count: 251 } });
  });
});

test('while the store is away the message stays unacknowledged, and nothing is said on errors', async () => {
  let away = false;
  const endpoint = await start({
    store: (store) => ({
      ...store,
      decide: (turn, rule) =>
        away ? Promise.reject(new Fault('store-unavailable', 'The database is away.')) : store.decide(turn, rule),
      record: (entry, atMs) =>
        away ? Promise.reject(new Fault('store-unavailable', 'The database is away.')) : store.record(entry, atMs),
    }),
  });
  away = true;
  await expect(endpoint.hear(says('failover'))).rejects.toMatchObject({ code: 'store-unavailable' });
  expect(on(endpoint, 'errors')).toEqual([]);
  // Nonsense is nonsense without a database too: it is acknowledged, or the broker would deliver it for ever.
  await endpoint.hear(says('nonsense'));
  expect(refusalsOn(endpoint, 'errors')).toHaveLength(1);
  away = false;
  await endpoint.hear(says('failover'));
  expect(await jobsOf(endpoint)).toHaveLength(1);
});

test('a mistake of ours is answered and acknowledged, not delivered for ever', async () => {
  const endpoint = await start({
    store: (store) => ({
      ...store,
      decide: (turn, rule) => (turn.question ? Promise.reject(new TypeError('oops')) : store.decide(turn, rule)),
    }),
  });
  await endpoint.hear(says({ command: 'failover', id: 'x' }));
  expect(refusalsOn(endpoint, 'errors')).toMatchObject([{ error: { code: 'internal-error' } }]);
});

test('a publish that hangs or fails does not hold the next message up', async () => {
  const endpoint = await start({ publish: () => new Promise(() => undefined) });
  await endpoint.hear(says('nonsense'));
  await endpoint.hear(says('failover'));
  expect(await jobsOf(endpoint)).toHaveLength(1);
});

test('presence is kept by session: a late will of an older one changes nothing', async () => {
  const endpoint = await start();
  const say = (said: object): Promise<void> => endpoint.hear(says(said, 'devices/lobby/presence'));
  await say({ online: true, session: 'a', version: '1.0.0', commands: ['failover'] });
  expect(endpoint.presence.of('lobby')).toMatchObject({ online: true, session: 'a', version: '1.0.0' });
  await say({ online: true, session: 'b', fault: 'The button is jammed.' });
  expect(endpoint.presence.of('lobby')?.fault).toBe('The button is jammed.');
  await say({ online: true, session: 'b' });
  expect(endpoint.presence.of('lobby')?.fault).toBeUndefined();
  await say({ online: false, session: 'a' });
  await say({ online: true, session: 'a' });
  await say({ online: false, session: 'from before our start' });
  expect(endpoint.presence.of('lobby')).toMatchObject({ online: true, session: 'b' });
  await say({ online: false, session: 'b' });
  expect(endpoint.presence.of('lobby')).toMatchObject({ online: false, session: 'b' });
  await endpoint.hear(says({ online: true, session: 'x' }, 'devices/cellar/presence'));
  expect(endpoint.presence.of('cellar')).toBeUndefined();
  await endpoint.hear(says('here I am', 'devices/lobby/presence'));
  expect(refusalsOn(endpoint, 'errors')).toMatchObject([{ text: expect.stringContaining('presence') as string }]);
});
