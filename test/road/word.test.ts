import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import mqtt from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readCommand } from '../../shared/command.ts';
import { Job, JobMessage, State } from '../../shared/messages.ts';
import { PREFIX_DEFAULT, topics } from '../../shared/topics.ts';
import { dashover as run } from '../cli/run.ts';
import { ask } from '../world/dns/ask.ts';
import { MAINTENANCE_ADDRESS, MAINTENANCE_NAME, NAME, PRIMARY_ADDRESS, SWITCH } from '../world/world-file.ts';
import { isMissing, openRoad, type Road, until } from './road.ts';

let road: Road;
beforeAll(async () => {
  road = await openRoad({ insyncAfterMs: 150 });
});
afterEach(() => road.reset());
afterAll(() => road[Symbol.asyncDispose]());

const THERE = ['CREATE CNAME', 'DELETE A', 'DELETE AAAA'];
const BACK = ['CREATE A', 'CREATE AAAA', 'DELETE CNAME'];

async function moved(payload: string): Promise<Job> {
  return road.ended((await road.ask(payload)).id);
}

async function answers(type: 'A' | 'AAAA' | 'CNAME'): Promise<string[]> {
  const { answers } = await ask(road.world.file.dns, NAME, type);
  return (answers ?? []).map((answer) =>
    answer.type === 'A' || answer.type === 'AAAA' || answer.type === 'CNAME'
      ? `${answer.type} ${answer.data}`
      : answer.type,
  );
}

describe('a word over MQTT', () => {
  test('moves A and AAAA to a CNAME in one atomic change, and another brings back exactly what was there', async () => {
    const { route53 } = road.world;
    const before = { records: structuredClone(road.records()), changes: route53.changes, batches: road.batches() };
    expect(await answers('A')).toEqual([`A ${PRIMARY_ADDRESS}`]);

    const there = await moved('failover');
    expect(there).toMatchObject({ status: 'succeeded', outcome: 'switched', verified: true, error: null });
    expect(route53.changes).toBe(before.changes + 1);
    expect(road.batches().slice(before.batches.length)).toEqual([THERE]);
    expect(await answers('CNAME')).toEqual([`CNAME ${MAINTENANCE_NAME}`]);
    expect((await answers('AAAA'))[0]).toBe(`CNAME ${MAINTENANCE_NAME}`);

    const back = await moved('restore');
    expect(back).toMatchObject({ status: 'succeeded', outcome: 'switched', verified: true, error: null });
    expect(route53.changes).toBe(before.changes + 2);
    expect(road.batches().slice(before.batches.length)).toEqual([THERE, BACK]);
    expect(road.records()).toEqual(before.records);
    expect(await answers('A')).toEqual([`A ${PRIMARY_ADDRESS}`]);
  });

  test.skipIf(isMissing('dig'))('is seen by dig', async () => {
    const [host = '', port = ''] = road.world.file.dns.split(':');
    const dig = async (): Promise<string[]> => {
      const { stdout } = await run([`@${host}`, '-p', port, NAME, '+short'], { command: ['dig'] });
      return stdout.trimEnd().split('\n');
    };
    expect(await dig()).toEqual([PRIMARY_ADDRESS]);
    await moved('failover');
    expect(await dig()).toEqual([`${MAINTENANCE_NAME}.`, MAINTENANCE_ADDRESS]);
    await moved('restore');
    expect(await dig()).toEqual([PRIMARY_ADDRESS]);
  });

  test('is told in sentences by job messages and the retained state, each of exactly the documented fields', async () => {
    const seen = road.heard.length;
    const { id } = await moved('failover');
    const states = (): State[] =>
      road.heard
        .slice(seen)
        .filter(({ topic }) => topic === topics.state(SWITCH))
        .map(({ text }) => JSON.parse(text) as State);
    await until('the state says maintenance', () => states().at(-1)?.position === 'maintenance');
    for (const state of states()) {
      expect(State.parse(state)).toEqual(state);
      expect(Object.keys(state)[0]).toBe('text');
      expect(state.text).toMatch(/^www .+\.$/);
    }
    expect(states().map(({ position }) => position)).toEqual(['moving', 'maintenance']);
    expect(states().at(-1)).toMatchObject({ job: null, by: { trigger: 'mqtt', job: id }, hold: { until: null } });

    const told = road.heard.slice(seen).filter(({ topic }) => topic === topics.jobs(SWITCH));
    const messages = told.map(({ text }) => JSON.parse(text) as JobMessage);
    for (const message of messages) {
      expect(JobMessage.parse(message)).toEqual(message);
      expect(Object.keys(message.job)[0]).toBe('text');
      expect(message.job.id).toBe(id);
      expect(message.job.text).toMatch(/^www .+\.$/);
    }
    expect(messages[0]?.type).toBe('accepted');
    expect(messages.at(-1)?.type).toBe('finished');
    const ended = messages.flatMap(({ job }) => job.steps).filter(({ finishedAt }) => finishedAt !== null);
    expect([...new Set(ended.map(({ name }) => name))]).toEqual([
      'guard',
      'read',
      'plan',
      'change',
      'settle',
      'verify',
    ]);
    for (const step of ended) expect(step.text).toMatch(/^[A-Z].+\.$/);
    expect(messages.at(-1)?.job.text).toMatch(/^www moved from primary to maintenance/);
  });

  test('leaves a retained state behind for whoever comes later', async () => {
    await moved('failover');
    await until('the state is told', () => road.on(topics.state(SWITCH)).at(-1)?.includes('"position": "maintenance"'));
    const late = await mqtt.connectAsync(road.world.broker.url, { reconnectPeriod: 0 });
    try {
      const given = Promise.withResolvers<{ text: string; retain: boolean }>();
      late.on('message', (_topic, payload, { retain }) => given.resolve({ text: payload.toString(), retain }));
      await late.subscribeAsync(`${PREFIX_DEFAULT}/${topics.state(SWITCH)}`, { qos: 1 });
      const { text, retain } = await given.promise;
      expect(retain).toBe(true);
      expect(State.parse(JSON.parse(text))).toMatchObject({ position: 'maintenance', switch: SWITCH });
      // Pretty-printed, the sentence first: a person reads it in a console.
      expect(text).toMatch(/^\{\n {2}"text": "www is at maintenance/);
    } finally {
      await late.endAsync(true);
    }
  });
});

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Sends these very bytes, as no HTTP client would allow them. */
async function raw(head: readonly string[], body: string | Buffer = ''): Promise<Answer> {
  const { hostname, port, host } = new URL(road.world.file.http);
  const socket = connect(Number(port), hostname);
  const [request = '', ...headers] = head;
  socket.write(`${[request, `Host: ${host}`, 'Connection: close', ...headers].join('\r\n')}\r\n\r\n`);
  socket.write(body);
  const answered = await text(socket);
  const [answerHead = '', answerBody = ''] = answered.split('\r\n\r\n');
  const status = Number(answerHead.split(' ')[1]);
  return { status, body: JSON.parse(answerBody.slice(answerBody.indexOf('{'), answerBody.lastIndexOf('}') + 1)) };
}

function trigger(which: 'failover' | 'restore'): readonly [string, string] {
  const { id, secret } = road.world.file.triggers[which];
  return [`POST /trigger/${id} HTTP/1.1`, `Authorization: CAAuth ${secret}`];
}

describe("an HTTP trigger, as Cloud Automator's", () => {
  test('does the same with CAAuth and Content-Length: 0', async () => {
    const before = { records: structuredClone(road.records()), batches: road.batches().length };
    for (const which of ['failover', 'restore'] as const) {
      const { status, body } = await raw([...trigger(which), 'Content-Length: 0']);
      expect(status).toBe(202);
      const accepted = Job.parse(body);
      expect(body).toEqual(accepted);
      expect(accepted.trigger.kind).toBe('http');
      expect(await road.ended(accepted.id)).toMatchObject({ status: 'succeeded', outcome: 'switched', verified: true });
    }
    expect(road.batches().slice(before.batches)).toEqual([THERE, BACK]);
    expect(road.records()).toEqual(before.records);
  });

  test.skipIf(isMissing('curl'))('does the same with curl, as its manual writes it', async () => {
    const { http, triggers } = road.world.file;
    const { id, secret } = triggers.failover;
    const words = ['-s', '-w', '\n%{http_code}', `${http}/trigger/${id}`, '-X', 'POST'];
    const headers = ['-H', `Authorization: CAAuth ${secret}`, '-H', 'Content-Length: 0'];
    const { stdout } = await run([...words, ...headers], { command: ['curl'] });
    const at = stdout.lastIndexOf('\n');
    expect(stdout.slice(at + 1)).toBe('202');
    const job = Job.parse(JSON.parse(stdout.slice(0, at)));
    expect(await road.ended(job.id)).toMatchObject({ status: 'succeeded', outcome: 'switched' });
  });

  const BODIES: readonly [string, string, string | Buffer][] = [
    ['broken JSON', 'application/json', '{"to":'],
    ['JSON that asks for something else', 'application/json', '{"command":"restore","to":"nowhere"}'],
    ['a form', 'application/x-www-form-urlencoded', 'a=b&c=d'],
    ['XML', 'text/xml', '<a/>'],
    ['binary of a type that is none', 'nonsense; ; ;', Buffer.from([0, 255, 1, 254])],
    ['a megabyte less a little', 'text/plain', Buffer.alloc(1_000_000, 'x')],
  ];

  test.each(BODIES)('takes no notice of a body: %s', async (_what, type, body) => {
    const changes = road.world.route53.changes;
    const head = [...trigger('restore'), `Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(body)}`];
    const answer = await raw(head, body);
    expect(answer.status).toBe(202);
    const job = await road.ended(Job.parse(answer.body).id);
    expect(job).toMatchObject({ command: 'restore', to: 'primary', status: 'succeeded', outcome: 'already-there' });
    expect(road.world.route53.changes).toBe(changes);
  });

  test('takes no notice of a chunked body without a type', async () => {
    const answer = await raw([...trigger('restore'), 'Transfer-Encoding: chunked'], '4\r\nwhat\r\n0\r\n\r\n');
    expect(answer.status).toBe(202);
    await road.ended(Job.parse(answer.body).id);
  });

  test('with a wrong secret or id does nothing, and says so', async () => {
    const jobs = (await road.jobs()).length;
    const { id, secret } = road.world.file.triggers.failover;
    const wrong = await raw([`POST /trigger/${id} HTTP/1.1`, 'Authorization: CAAuth wrong', 'Content-Length: 0']);
    expect(wrong).toMatchObject({ status: 401, body: { error: { code: 'not-authenticated' } } });
    const lost = await raw([
      `POST /trigger/${'0'.repeat(32)} HTTP/1.1`,
      `Authorization: CAAuth ${secret}`,
      'Content-Length: 0',
    ]);
    expect(lost).toMatchObject({ status: 404, body: { error: { code: 'unknown-trigger' } } });
    expect(JSON.stringify([wrong, lost])).not.toContain(secret);
    expect(await road.jobs()).toHaveLength(jobs);
  });
});

describe('a job over HTTP', () => {
  test('shows every step with its start and end, one after the other', async () => {
    const { id } = await moved('failover');
    const job = Job.parse(await road.job(id));
    expect(job.steps.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'guard succeeded',
      'read succeeded',
      'plan succeeded',
      'change succeeded',
      'settle succeeded',
      'verify succeeded',
    ]);
    const times = job.steps.flatMap(({ startedAt, finishedAt }) => [startedAt, finishedAt ?? 'none']);
    expect(times).toEqual(times.toSorted());
    expect([job.acceptedAt, job.startedAt]).toEqual([job.startedAt, job.acceptedAt]);
    expect((times[0] ?? '') >= (job.startedAt ?? '')).toBe(true);
    expect((times.at(-1) ?? '') <= (job.finishedAt ?? '')).toBe(true);
  });

  test('answers with ?wait when it has ended, or as it stands after that time', async () => {
    const { route53 } = road.world;
    route53.setInsyncAfter(Number.POSITIVE_INFINITY);
    const { id } = await road.ask('failover');
    await until('it waits for INSYNC', async () => (await road.job(id)).steps.at(-1)?.name === 'settle');
    const early = (await (await road.api(`/api/jobs/${id}?wait=1s`)).json()) as Job;
    expect(early).toMatchObject({ status: 'running', steps: [{}, {}, {}, {}, { name: 'settle', finishedAt: null }] });
    const late = road.api(`/api/jobs/${id}?wait=30s`);
    route53.settle();
    expect(await (await late).json()).toMatchObject({ status: 'succeeded', verified: true });
  });

  test('that is none is a 404 in words', async () => {
    const answer = await road.api('/api/jobs/nothing');
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({
      error: { code: 'unknown-job', message: 'There is no job "nothing".' },
    });
  });
});

test('the example of a right message that a refusal gives is one', async () => {
  await road.say('please');
  const [refusal = ''] = await until('a refusal', () => {
    const errors = road.on(topics.errors);
    return errors.length > 0 && errors;
  });
  const { example } = JSON.parse(refusal) as { example: string };
  expect(readCommand(Buffer.from(example)).command).toBe('failover');
});
