import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import type { CommandName, CommandOptions } from '../../shared/command.ts';
import type { Job, State } from '../../shared/messages.ts';
import type { JournalPage } from './audit-chain.ts';
import { CliFailure } from './failure.ts';
import { ask, checkEndpoint, mayBeHeard, type Answer, type Endpoint } from './http.ts';

/** A lost answer is asked for again, under the same id: it stays one job. */
const SENDS_MAX = 3;
const RESEND_MS = 300;

/** The endpoint's HTTP API. Every method throws a CliFailure that says in words why not. */
export interface Api {
  states(): Promise<readonly State[]>;
  state(name: string): Promise<State>;
  /** Where a failover of the switch goes when nobody says; undefined for an endpoint that does not tell. */
  failoverTo(name: string): Promise<string | undefined>;
  /** The job, which a guard may have refused: its status says. */
  command(name: string, command: CommandName, options: CommandOptions): Promise<Job>;
  /** `hold`, `release`, `alerts/clear` on a switch, `cancel` on a job: what follows from it, in a sentence. */
  post(path: string, body?: object): Promise<{ readonly text: string }>;
  /** With `waitMs`, answers when the job has ended or after that time. */
  job(id: string, waitMs?: number): Promise<Job>;
  jobs(query: Readonly<Record<string, string | undefined>>): Promise<readonly Job[]>;
  /** Rows of the journal after that number, oldest first, and what the first of all follows. */
  journal(after: number, limit: number): Promise<JournalPage>;
}

export function makeApi(given: Endpoint): Api {
  const endpoint = checkEndpoint(given);
  const get = async (path: string, waitMs = 0): Promise<unknown> =>
    bodyOf(await ask(endpoint, 'GET', path, { waitMs }));
  return {
    states: async () => {
      const { State } = await import('../../shared/messages.ts');
      const body = await get('/api/switches');
      return listAt(body, 'switches').map((item) => read(State, item));
    },
    state: async (name) => {
      const { State } = await import('../../shared/messages.ts');
      return read(State, await get(`/api/switches/${encodeURIComponent(name)}`));
    },
    failoverTo: async (name) => {
      const { status, body } = await ask(endpoint, 'GET', '/api/access');
      const switches = status === 200 ? fieldOf(body, 'switches') : [];
      const one = Array.isArray(switches) ? switches.find((item) => fieldOf(item, 'switch') === name) : undefined;
      const position = fieldOf(one, 'failoverTo');
      return typeof position === 'string' ? position : undefined;
    },
    command: async (name, command, options) => {
      const { Job } = await import('../../shared/messages.ts');
      return read(Job, await send(endpoint, `/api/switches/${encodeURIComponent(name)}/${command}`, options));
    },
    post: async (path, body = {}) => {
      const answer = bodyOf(await ask(endpoint, 'POST', path, { body }));
      return { ...(answer as object), text: textOf(answer) };
    },
    job: async (id, waitMs) => {
      const { Job } = await import('../../shared/messages.ts');
      const wait = waitMs === undefined ? '' : `?wait=${Math.round(waitMs / 1_000)}s`;
      return read(Job, await get(`/api/jobs/${encodeURIComponent(id)}${wait}`, waitMs));
    },
    jobs: async (query) => {
      const { Job } = await import('../../shared/messages.ts');
      const search = new URLSearchParams();
      for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, value);
      return listAt(await get(`/api/jobs?${search.toString()}`), 'jobs').map((item) => read(Job, item));
    },
    journal: async (after, limit) => {
      const { JournalPage } = await import('./audit-chain.ts');
      return read(JournalPage, await get(`/api/audit?after=${after}&limit=${limit}`));
    },
  };
}

async function send(endpoint: Endpoint, path: string, options: CommandOptions): Promise<unknown> {
  const startedMs = performance.now();
  const id = randomUUID();
  let heard = false;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const ageMs = Math.round(performance.now() - startedMs);
      const answer = await ask(endpoint, 'POST', path, { body: { ...options, id, ageMs } });
      // A refusal that is on record is a job as well.
      return isJob(answer.body) ? answer.body : bodyOf(answer);
    } catch (error) {
      if (!(error instanceof CliFailure) || error.code !== 'endpoint-away') throw error;
      heard ||= mayBeHeard(error);
      if (attempt >= SENDS_MAX) throw heard ? withoutAnswer(error) : error;
      await sleep(RESEND_MS * attempt);
    }
  }
}

/** What was asked may be done although nobody has said so. */
function withoutAnswer({ code, message, cause }: CliFailure): CliFailure {
  const sentence = `${message} It may have taken the command all the same.`;
  return new CliFailure(code, sentence, 'See "dashover jobs" when it answers again, before you send it once more.', {
    cause,
  });
}

function bodyOf({ status, body }: Answer): unknown {
  if (status >= 200 && status < 300) return body;
  const error = fieldOf(body, 'error');
  const [code, message, hint] = ['code', 'message', 'hint'].map((key) => fieldOf(error, key));
  if (typeof code !== 'string' || typeof message !== 'string') throw strange(`answered ${status}`);
  const remedy = code === 'not-authenticated' ? ' Set DASHOVER_TOKEN to the secret of a token.' : '';
  throw new CliFailure(code, message, `${typeof hint === 'string' ? hint : ''}${remedy}`.trim());
}

function read<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  throw strange(`sent something unexpected${where === '' ? '' : ` at ${where}`}`);
}

function strange(what: string): CliFailure {
  return new CliFailure(
    'not-dashover',
    `The endpoint ${what}, which this version does not understand.`,
    'Check --url or DASHOVER_URL, and that both are of the same version.',
  );
}

function listAt(body: unknown, key: string): readonly unknown[] {
  const list = fieldOf(body, key);
  if (Array.isArray(list)) return list;
  throw strange(`sent no list of ${key}`);
}

function textOf(body: unknown): string {
  const text = fieldOf(body, 'text');
  if (typeof text === 'string') return text;
  throw strange('sent no sentence');
}

function isJob(body: unknown): boolean {
  return typeof fieldOf(body, 'status') === 'string' && typeof fieldOf(body, 'id') === 'string';
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}
