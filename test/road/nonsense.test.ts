import mqtt from 'mqtt';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { RefusalMessage } from '../../shared/messages.ts';
import { PREFIX_DEFAULT, topics } from '../../shared/topics.ts';
import { DEVICE, SWITCH } from '../world/world-file.ts';
import { openRoad, type Road, until } from './road.ts';

let road: Road;
beforeAll(async () => {
  road = await openRoad({ insyncAfterMs: 150 });
});
afterEach(() => road.reset());
afterAll(() => road[Symbol.asyncDispose]());

const OPEN = topics.switchCommand(SWITCH);
const OF_DEVICE = topics.deviceCommand(DEVICE);

interface Nonsense {
  readonly what: string;
  readonly payload: string | Buffer;
  readonly topic?: string;
  readonly code?: string;
  readonly says: RegExp;
}

const NONSENSE: readonly Nonsense[] = [
  {
    what: "a console's default message",
    payload: '{\n  "message": "Hello from AWS IoT console"\n}',
    says: /unknown field "message"/,
  },
  { what: 'an unknown word', payload: 'fallover', says: /^"fallover" is not a command\./ },
  {
    what: 'a word in capitals',
    payload: 'FAILOVER',
    says: /^"FAILOVER" is not a command\. Send it in small letters: failover\./,
  },
  {
    what: 'a megabyte',
    payload: Buffer.alloc(1_048_576, 'x'),
    says: /^The message has 1048576 bytes; a command has at most 4096\./,
  },
  {
    what: 'one byte more than a command may have',
    payload: `{"command":"failover","reason":"${'x'.repeat(4_097 - 34)}"}`,
    says: /^The message has 4097 bytes/,
  },
  {
    what: 'binary',
    payload: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0xff]),
    says: /^The message is 8 bytes of binary data, not text\./,
  },
  { what: 'a JSON array', payload: '["failover"]', says: /^"\[\\"failover\\"\]" is not a command\./ },
  { what: 'a JSON string', payload: '"failover"', says: /is not a command\./ },
  { what: 'a number', payload: '1', says: /^"1" is not a command\./ },
  { what: 'JSON that is cut off', payload: '{"command":"failov', says: /begins like JSON but is not/ },
  { what: 'an unknown field', payload: '{"command":"failover","colour":"red"}', says: /unknown field "colour"/ },
  {
    what: 'a field of the wrong type',
    payload: '{"command":"failover","ageMs":"1 s"}',
    says: /ageMs is "1 s"; write a number/,
  },
  {
    what: 'an unknown switch',
    payload: 'failover',
    topic: topics.switchCommand('nope'),
    code: 'unknown-switch',
    says: /^There is no switch "nope"\. Name one of these: www\.$/,
  },
  {
    what: 'another switch than that of the topic',
    payload: '{"command":"failover","switch":"nope"}',
    says: /nope/,
  },
  {
    what: 'a position that does not exist',
    payload: '{"command":"failover","to":"moon"}',
    code: 'unknown-position',
    says: /moon.*maintenance/,
  },
  {
    what: 'a failover to primary',
    payload: '{"command":"failover","to":"primary"}',
    code: 'unknown-position',
    says: /primary/,
  },
  {
    what: 'an unknown device',
    payload: 'failover',
    topic: topics.deviceCommand('attic'),
    code: 'unknown-device',
    says: /^There is no device "attic" in dashover\.yaml\. Add the device/,
  },
  { what: 'an unknown word from a device', payload: 'stop', topic: OF_DEVICE, says: /^"stop" is not a command\./ },
  {
    what: 'an unknown switch from a device',
    payload: '{"command":"failover","switch":"nope","id":"n-1"}',
    topic: OF_DEVICE,
    code: 'not-allowed',
    says: /nope/,
  },
];

test.each(NONSENSE)('$what is answered in a sentence and moves nothing', async ({ payload, topic = OPEN, ...want }) => {
  const { route53, endpoint } = road.world;
  const before = {
    changes: route53.changes,
    records: structuredClone(road.records()),
    pid: endpoint.pid(),
    jobs: (await road.jobs()).length,
    errors: road.on(topics.errors).length,
    replies: road.on(topics.deviceReplies(DEVICE)).length,
  };
  await road.say(payload, topic);
  await until('an answer on errors', () => road.on(topics.errors).length > before.errors);
  // Whatever else it may have set off is over when the next command has been carried out.
  await road.ended((await road.ask('restore')).id);

  const answers = road.on(topics.errors).slice(before.errors);
  expect(answers).toHaveLength(1);
  const answer = JSON.parse(answers[0] ?? '') as RefusalMessage & { topic: string; example: string };
  expect(RefusalMessage.parse(answer)).toMatchObject({ id: null, error: { code: want.code ?? 'malformed' } });
  expect(answer.text).toMatch(want.says);
  expect(answer.text).toMatch(/\.$/);
  expect(answer.text.length).toBeLessThan(400);
  expect(answer.text).toContain(answer.error.hint);
  expect(answer).toMatchObject({ topic, example: expect.stringContaining('failover') });

  const replies = road.on(topics.deviceReplies(DEVICE)).slice(before.replies);
  expect(replies.map((text) => RefusalMessage.parse(JSON.parse(text)).text)).toEqual(
    topic === OF_DEVICE ? [answer.text] : [],
  );
  expect(route53.changes).toBe(before.changes);
  expect(road.records()).toEqual(before.records);
  expect(endpoint.pid()).toBe(before.pid);
  expect(await road.jobs()).toHaveLength(before.jobs + 1);
});

test('a refused command keeps its id in the answer to its device', async () => {
  const before = road.on(topics.deviceReplies(DEVICE)).length;
  await road.say({ command: 'failover', id: 'press-7', colour: 'red' }, OF_DEVICE);
  const reply = await until('a reply', () => road.on(topics.deviceReplies(DEVICE))[before]);
  expect(RefusalMessage.parse(JSON.parse(reply))).toMatchObject({ type: 'refused', id: 'press-7' });
});

test('an empty message is how a retained one is cleared, and is no command', async () => {
  const errors = road.on(topics.errors).length;
  await road.say('');
  await road.say('what', OPEN);
  await until('the answer to the message after it', () => road.on(topics.errors).length > errors);
  expect(road.on(topics.errors)).toHaveLength(errors + 1);
});

test('a command that was retained before the endpoint started is refused, cleared, and moves nothing', async () => {
  const { route53 } = road.world;
  const before = { changes: route53.changes, jobs: (await road.jobs()).length, errors: road.on(topics.errors).length };
  await road.kill();
  await road.say('failover', OPEN, { retain: true });
  await road.start();
  const text = await until('an answer on errors', () => road.on(topics.errors)[before.errors]);
  const refusal = RefusalMessage.parse(JSON.parse(text));
  expect(refusal.error.code).toBe('expired');
  expect(refusal.text).toMatch(/^The command was retained: .+ It has been cleared\. .+\.$/);
  await until('it is cleared at the broker', async () => (await retainedAt(OPEN)) === undefined);

  // The next endpoint finds nothing: it is there to be obeyed, and has refused nothing more.
  await road.kill();
  await road.start();
  await road.ended((await road.ask('restore')).id);
  expect(road.on(topics.errors)).toHaveLength(before.errors + 1);
  expect(await road.jobs()).toHaveLength(before.jobs + 1);
  expect(route53.changes).toBe(before.changes);
});

/** What the broker gives somebody who subscribes now, or undefined. */
async function retainedAt(topic: string): Promise<string | undefined> {
  const client = await mqtt.connectAsync(road.world.broker.url, { reconnectPeriod: 0 });
  const probe = `${PREFIX_DEFAULT}/after-retained`;
  try {
    let found: string | undefined;
    const over = Promise.withResolvers<void>();
    client.on('message', (at, payload) => {
      if (at === probe) over.resolve();
      else found = payload.toString();
    });
    await client.subscribeAsync(`${PREFIX_DEFAULT}/${topic}`, { qos: 1 });
    // Retained messages come with the subscription; this one comes after them.
    await client.subscribeAsync(probe, { qos: 1 });
    await client.publishAsync(probe, 'now', { qos: 1 });
    await over.promise;
    return found;
  } finally {
    await client.endAsync(true);
  }
}
