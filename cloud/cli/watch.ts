import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { durationInWords } from '../../shared/duration.ts';
import type { Job, State } from '../../shared/messages.ts';
import type { Api } from './api.ts';
import { endInWords, isEnded, isPassing, stepTeller } from './follow.ts';
import { example, openApi, overHttp, type EndpointOptions } from './options.ts';
import { paint, plain, remark, say } from './terminal.ts';

const LOOK_EVERY_MS = 1_000;
const JOBS_MAX = 20;

export function registerWatch(program: Command): void {
  const command = overHttp(
    program
      .command('watch')
      .summary('live: states, jobs and their steps')
      .description('Says every change of state and every step as it happens, until Ctrl-C.'),
  )
    .argument('[switch]', 'one of them')
    .action(async (named: string | undefined, options: EndpointOptions) => {
      const api = await openApi(options);
      const stop = new AbortController();
      process.once('SIGINT', () => stop.abort());
      process.once('SIGTERM', () => stop.abort());
      await watch(api, named, options.json === true ? jsonTeller() : wordsTeller(), stop.signal);
    });
  example(command, 'dashover watch www');
}

interface Teller {
  state(state: State): void;
  job(job: Job): void;
  /** Between two looks: a line that the next one replaces. */
  meanwhile(states: readonly State[]): void;
}

async function watch(api: Api, named: string | undefined, teller: Teller, stop: AbortSignal): Promise<void> {
  // What had ended before we came is history, which "jobs" tells.
  const old = new Set(
    (await api.jobs({ switch: named, limit: String(JOBS_MAX) })).filter(isEnded).map((job) => job.id),
  );
  let away = false;
  while (!stop.aborted) {
    try {
      const states = named === undefined ? await api.states() : [await api.state(named)];
      const jobs = await api.jobs({ switch: named, limit: String(JOBS_MAX) });
      for (const job of jobs.toReversed()) if (!old.has(job.id)) teller.job(job);
      for (const job of jobs) if (isEnded(job)) old.add(job.id);
      // After the steps that led to it.
      for (const state of states) teller.state(state);
      teller.meanwhile(states);
      if (away) remark('The endpoint answers again.');
      away = false;
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (!away) remark(`${error.message} Trying again.`);
      away = true;
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal: stop }).catch((error: unknown) => {
      if (!stop.aborted) throw error;
    });
  }
}

function wordsTeller(): Teller {
  const states = new Map<string, string>();
  const jobs = new Map<string, { readonly steps: (job: Job) => void }>();
  let meanwhile = false;
  const clear = (): void => {
    if (meanwhile) process.stdout.write('\r\u001B[2K');
    meanwhile = false;
  };
  return {
    state: (state) => {
      if (states.get(state.switch) === state.text) return;
      states.set(state.switch, state.text);
      clear();
      say(`${state.asOf.slice(11, 19)}  ${paint('bold', plain(state.text))}`);
    },
    job: (job) => {
      clear();
      const known = jobs.get(job.id) ?? { steps: stepTeller('            ') };
      if (!jobs.has(job.id)) say(`${job.acceptedAt.slice(11, 19)}  ${job.command} accepted, job ${job.id}`);
      jobs.set(job.id, known);
      known.steps(job);
      if (isEnded(job)) say(`${(job.finishedAt ?? job.acceptedAt).slice(11, 19)}  ${endInWords(job)}`);
    },
    meanwhile: (now) => {
      clear();
      if (!process.stdout.isTTY) return;
      const left = now.flatMap(({ switch: name, cachesUntil }) => {
        const ms = cachesUntil === null ? 0 : Date.parse(cachesUntil) - Date.now();
        return ms > 0 ? [`${name}: caches let go in ${durationInWords(ms)}`] : [];
      });
      if (left.length === 0) return;
      process.stdout.write(paint('dim', left.join(', ').slice(0, process.stdout.columns - 1)));
      meanwhile = true;
    },
  };
}

/** One JSON object a line, in the shape of the MQTT messages: a state, or a job as it changes. */
function jsonTeller(): Teller {
  const told = new Map<string, string>();
  const tell = (key: string, content: string, line: object): void => {
    if (told.get(key) === content) return;
    told.set(key, content);
    say(JSON.stringify(line));
  };
  return {
    state: (state) => tell(`state ${state.switch}`, `${state.text} ${state.revision}`, { type: 'state', state }),
    job: (job) => {
      const type = isEnded(job) ? 'finished' : job.steps.length > 0 ? 'step' : 'accepted';
      const steps = job.steps.map(({ name, status }) => `${name} ${status}`);
      tell(`job ${job.id}`, JSON.stringify([job.status, steps]), { type, job });
    },
    meanwhile: () => {},
  };
}
