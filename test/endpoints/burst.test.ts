import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Job, JobMessage } from '../../shared/messages.ts';
import { topics } from '../../shared/topics.ts';
import { chainFrom, follow, JournalEntry } from '../../cloud/cli/audit-chain.ts';
import { FIRST_HASH } from '../../cloud/store/journal.ts';
import { ownPostgresMissing, startOwnPostgres } from '../postgres.ts';
import type { PostgresServer } from '../postgres-server.ts';
import { isUnfinished, until } from '../road/road.ts';
import { DEVICE } from '../world/world-file.ts';
import { openPair, type One, type Pair } from './pair.ts';

const SWITCHES = ['a', 'b', 'c', 'd', 'e', 'f'];
/** By three senders: one at a button, one at each endpoint's HTTP. */
const COMMANDS = { button: 334, first: 333, second: 333 } as const;
const COMMANDS_ALL = 1_000;
/** As many of one sender's commands are under way at once. */
const AT_ONCE = 10;
/** Between two sendings of one command: 0.3, 0.6 … 2.4 s, because a repeat costs the endpoint an answer. */
const REPEAT_MS = { min: 300, max: 2_400 } as const;

let pair: Pair;
/** What each command was first answered: the job that it made or joined. */
const accepted = new Map<string, string>();
let refused503 = 0;

interface Asked {
  readonly id: string;
  readonly switch: string;
  readonly command: string;
}

type Sender = keyof typeof COMMANDS;

function commandsOf(sender: Sender): readonly Asked[] {
  return Array.from({ length: COMMANDS[sender] }, (_, at) => ({
    id: `${sender}-${at}`,
    switch: SWITCHES[at % SWITCHES.length] ?? '',
    command: ['failover', 'drill', 'restore'][(at * 7 + sender.length) % 3] ?? '',
  }));
}

const restMs = (sendings: number): number => Math.min(REPEAT_MS.max, REPEAT_MS.min * 2 ** sendings);

/** Repeats until there is a job; a refusal is a job, too. */
async function overHttp(one: One, { id, switch: name, command }: Asked): Promise<string> {
  for (let sendings = 0; ; sendings++) {
    const answer = await one
      .api(`/api/switches/${name}/${command}`, { id, expiresInMs: 600_000 })
      .catch(() => undefined);
    if (answer?.status === 503) refused503 += 1;
    const job = answer && ((await answer.json()) as Partial<Job>);
    if (job?.id !== undefined) return job.id;
    await new Promise((resolve) => setTimeout(resolve, restMs(sendings)));
  }
}

/** The jobs that the button was told of, by the ids of its commands; each message is read once. */
const replies = new Map<string, string>();
let read = 0;

function replyTo(id: string): string | undefined {
  for (; read < pair.heard.length; read++) {
    const message = pair.heard[read];
    if (message?.topic !== topics.deviceReplies(DEVICE)) continue;
    const { job } = JobMessage.parse(JSON.parse(message.text));
    for (const sent of [job.trigger, ...job.joined]) if (sent.id !== null) replies.set(sent.id, job.id);
  }
  return replies.get(id);
}

async function overMqtt(asked: Asked): Promise<string> {
  for (let sendings = 0; ; sendings++) {
    await pair.say({ ...asked, expiresInMs: 600_000 }, topics.deviceCommand(DEVICE));
    const job = await until('an answer', () => replyTo(asked.id), restMs(sendings)).catch(() => undefined);
    if (job !== undefined) return job;
  }
}

async function send(sender: Sender, by: (asked: Asked) => Promise<string>): Promise<void> {
  const left = [...commandsOf(sender)];
  const work = async (): Promise<void> => {
    for (let asked = left.shift(); asked; asked = left.shift()) accepted.set(asked.id, await by(asked));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

let server: PostgresServer;

describe.skipIf(ownPostgresMissing)(
  'PostgreSQL crashes and starts again in the middle of a burst of 1,000 commands',
  () => {
    beforeAll(async () => {
      server = await startOwnPostgres();
      pair = await openPair({ switches: SWITCHES, server });
      await until('one of them is at the broker', () => pair.speakers().length === 1);
    });
    afterAll(async () => {
      await pair?.[Symbol.asyncDispose]();
      await server?.end();
    });

    test('every command that was accepted has one job that ends; meanwhile the answer is 503, and all comes back by itself', async () => {
      const sending = Promise.all([
        send('button', overMqtt),
        send('first', (asked) => overHttp(pair.first, asked)),
        send('second', (asked) => overHttp(pair.second, asked)),
      ]);
      await until('the burst is under way', () => accepted.size > COMMANDS_ALL / 3, 60_000);
      await server.crash();
      await until('both say that the store is away', async () => {
        const answers = await Promise.all([pair.first.api('/api/jobs'), pair.second.api('/api/jobs')]);
        return answers.every(({ status }) => status === 503);
      });
      const alive = await Promise.all([pair.first.api('/healthz'), pair.second.api('/healthz')]);
      expect(alive.map(({ status }) => status)).toEqual([200, 200]);
      await until('commands are refused', () => refused503 > 0);
      await server.start();
      await until('somebody is at the broker again', () => pair.speakers().length === 1);
      // The senders go on by themselves; once more in the middle, for connections that break without a pause.
      await until('the burst goes on', () => accepted.size > (COMMANDS_ALL * 2) / 3, 60_000);
      await pair.space.terminate();
      await sending;

      expect(accepted.size).toBe(COMMANDS_ALL);
      const unfinished = 'select count(*)::integer as count from job where finished_at_ms is null';
      await until('every job has ended', async () => (await pair.space.ask(unfinished))[0]?.['count'] === 0, 60_000);
      const jobs = new Map<string, Job>();
      for (const id of new Set(accepted.values())) jobs.set(id, await pair.second.job(id));
      expect([...jobs.values()].filter(isUnfinished)).toEqual([]);
      // Nothing twice: no two jobs for one id of one sender, and each id leads to the job that it was first answered.
      const twice = await pair.space.ask(
        'select sender, command_id from job where command_id is not null group by sender, command_id having count(*) > 1',
      );
      expect(twice).toEqual([]);
      const known = await pair.space.ask('select command_id, job_id from command');
      expect(new Map(known.map(({ command_id, job_id }) => [command_id, job_id]))).toEqual(accepted);
      // Two processes have written one journal.
      let chain = chainFrom({ seq: 0, hash: FIRST_HASH });
      for (let after = -1; after !== chain.rows;) {
        after = chain.rows;
        const page = (await (await pair.first.api(`/api/audit?after=${after}&limit=1000`)).json()) as {
          entries: unknown[];
        };
        for (const entry of page.entries) chain = follow(chain, JournalEntry.parse(entry));
      }
      expect(chain.broken).toBeNull();
      expect(chain.rows).toBeGreaterThan(accepted.size);
      // What each job says that it changed, and no more, has changed.
      const switched = await pair.space.ask(
        'select count(*)::integer as count from job where data like \'%"outcome":"switched"%\'',
      );
      expect(pair.world.route53.changes).toBe(switched[0]?.['count']);
    }, 180_000);
  },
);
