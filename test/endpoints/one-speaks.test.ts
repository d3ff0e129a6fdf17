import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Job, JobMessage } from '../../shared/messages.ts';
import { topics } from '../../shared/topics.ts';
import { endPostgres, postgresMissing } from '../postgres.ts';
import { until } from '../road/road.ts';
import { openPair, type One, type Pair } from './pair.ts';

let pair: Pair;

const one = (name: 'first' | 'second'): One => pair[name];
const other = (name: 'first' | 'second'): One => (name === 'first' ? pair.second : pair.first);

async function speaker(): Promise<'first' | 'second'> {
  return until('one of them is at the broker', () => {
    const [name, ...more] = pair.speakers();
    return more.length === 0 ? name : undefined;
  });
}

async function jobsOf(name: string, from: One): Promise<readonly Job[]> {
  return ((await (await from.api(`/api/jobs?switch=${name}`)).json()) as { jobs: Job[] }).jobs;
}

describe.skipIf(postgresMissing)('two endpoints on one PostgreSQL', () => {
  beforeAll(async () => {
    pair = await openPair({ switches: ['word', 'late-word', 'seen', 'stopped', 'handed-over'] });
  });
  afterAll(async () => {
    await pair?.[Symbol.asyncDispose]();
    await endPostgres();
  });

  test('one of them is connected to the broker, and both say that they are ready', async () => {
    await speaker();
    for (const each of [pair.first, pair.second]) {
      await until(`${each.name} is ready`, async () => (await each.api('/readyz')).ok);
    }
    expect(pair.speakers()).toHaveLength(1);
  });

  test('a bare word runs once, is answered once, and both know it', async () => {
    await speaker();
    await pair.say('failover', topics.switchCommand('word'));
    const ended = await until('the word is done', async () => (await jobsOf('word', pair.first))[0]);
    expect(await pair.ended(ended.id, pair.second)).toMatchObject({ status: 'succeeded', outcome: 'switched' });
    expect(await jobsOf('word', pair.second)).toHaveLength(1);
    expect(pair.batches('word')).toBe(1);
    const told = (): string[] =>
      pair.heard
        .filter(({ topic }) => topic === topics.jobs('word'))
        .map(({ text }) => JobMessage.parse(JSON.parse(text)).type);
    await until('its end is told', () => told().includes('finished'));
    expect(told().filter((type) => type !== 'step')).toEqual(['accepted', 'finished']);
  });

  test('an endpoint that was frozen does not run again what the other has heard meanwhile', async () => {
    const name = await speaker();
    const pid = one(name).process.pid() ?? Number.NaN;
    process.kill(pid, 'SIGSTOP');
    try {
      await until('the other is at the broker', () => pair.speakers().includes(other(name).name), 6_000);
      // To both: the connection of the frozen one still stands.
      await pair.say('failover', topics.switchCommand('late-word'));
      const job = await until('the word is a job', async () => (await jobsOf('late-word', other(name)))[0]);
      await pair.ended(job.id, other(name));
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await until('the late one has left the broker', () => !pair.speakers().includes(name));
    expect(await jobsOf('late-word', one(name))).toHaveLength(1);
  });

  test('a job of one endpoint is waited for, watched and told over MQTT through the other', async () => {
    const name = await speaker();
    const watching = new AbortController();
    const events = await other(name).api('/api/events');
    const seen: string[] = [];
    const reading = (async () => {
      for await (const bytes of events.body ?? []) {
        seen.push(Buffer.from(bytes).toString());
        if (watching.signal.aborted) return;
      }
    })();
    const job = await one(name).ask('seen', 'failover');
    const answer = await other(name).api(`/api/jobs/${job.id}?wait=10s`);
    expect(await answer.json()).toMatchObject({ id: job.id, status: 'succeeded' });
    await until('the end is among the events', () => /"status":"succeeded"/.test(seen.join('')));
    await until('the position is among the events', () =>
      /"switch":"seen","position":"maintenance"/.test(seen.join('')),
    );
    // And the other way round: told over MQTT by the one that did not run it.
    const back = await other(name).ask('seen', 'restore');
    await until('the restore is told over MQTT', () =>
      pair.heard.some(
        ({ topic, text }) => topic === topics.jobs('seen') && text.includes(back.id) && /finished/.test(text),
      ),
    );
    watching.abort();
    await one(name).ask('seen', 'drill');
    await reading;
  });

  test('an interrupt reaches a job that the other endpoint runs', async () => {
    const { route53 } = pair.world;
    route53.setInsyncAfter(Number.POSITIVE_INFINITY);
    const running = await pair.first.ask('stopped', 'failover');
    await until('its change is PENDING', async () =>
      (await pair.first.job(running.id)).steps.some(({ name, status }) => name === 'settle' && status === 'running'),
    );
    const back = await pair.second.ask('stopped', 'restore');
    await until('the failover gave way', async () => (await pair.second.job(running.id)).status === 'succeeded');
    route53.setInsyncAfter(0);
    route53.settle();
    expect(await pair.ended(back.id, pair.first)).toMatchObject({ status: 'succeeded' });
    expect((await pair.first.state('stopped')).position).toBe('primary');
  });

  test('SIGTERM hands over the job and the broker: the other goes on with both', async () => {
    const { route53 } = pair.world;
    const name = await speaker();
    route53.setInsyncAfter(Number.POSITIVE_INFINITY);
    const job = await one(name).ask('handed-over', 'failover');
    await until('its change is PENDING', async () =>
      (await one(name).job(job.id)).steps.some(({ name: step }) => step === 'settle'),
    );
    await one(name).process[Symbol.asyncDispose]();
    expect(await readFile(one(name).logFile, 'utf8')).toContain(`handed over: ${job.id}`);
    await until('the other is at the broker', () => pair.speakers().includes(other(name).name), 5_000);
    route53.setInsyncAfter(0);
    route53.settle();
    expect(await pair.ended(job.id, other(name))).toMatchObject({ status: 'succeeded', verified: true });
    expect(pair.batches('handed-over')).toBe(1);
    one(name).process.start();
    await one(name).process.ready();
  });
});
