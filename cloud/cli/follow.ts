import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Step } from '../../shared/messages.ts';
import type { Api } from './api.ts';
import { CliFailure } from './failure.ts';
import { paint, plain, remark, say } from './terminal.ts';

/** Short, so that each step is told as it ends, and a proxy's idle limit is never met. */
const WAIT_MS = 1_000;
/** When the endpoint answers at once instead of waiting. */
const PAUSE_MS = 200;
/** An endpoint that is restarted in the middle of a job goes on with it; so do we. */
const AWAY_MS_MAX = 120_000;

/** Nobody is there, or it cannot say just now: an endpoint that is restarted, its database, the proxy in front of it. */
const PASSING = ['endpoint-away', 'not-dashover', 'stopping', 'store-unavailable'];

/** Whether asking again may help. */
export function isPassing(error: unknown): error is CliFailure {
  return error instanceof CliFailure && PASSING.includes(error.code);
}

export function isEnded(job: Job): boolean {
  return !['waiting', 'queued', 'running'].includes(job.status);
}

/** Waits until the job has ended; `onChange` sees it each time it is read. */
export async function follow(api: Api, first: Job, onChange: (job: Job) => void): Promise<Job> {
  let job = first;
  let answeredMs = performance.now();
  onChange(job);
  while (!isEnded(job)) {
    const askedMs = performance.now();
    try {
      job = await api.job(job.id, WAIT_MS);
      answeredMs = performance.now();
      onChange(job);
    } catch (error) {
      if (!isPassing(error) || performance.now() - answeredMs > AWAY_MS_MAX) throw error;
      if (answeredMs >= askedMs - PAUSE_MS)
        remark(`${error.message} Trying again; the job does not depend on this terminal.`);
      await sleep(WAIT_MS);
    }
    if (performance.now() - askedMs < PAUSE_MS) await sleep(PAUSE_MS);
  }
  return job;
}

/** Says each step once, as soon as it has ended. */
export function stepTeller(indent = '  '): (job: Job) => void {
  const told = new Set<string>();
  return (job) => {
    for (const step of job.steps) {
      if (step.status === 'running' || told.has(step.name)) continue;
      told.add(step.name);
      say(`${indent}${stepInWords(step)}`);
    }
  };
}

export function stepInWords(step: Step): string {
  const { name, text, startedAt, finishedAt } = step;
  const seconds =
    finishedAt === null ? '' : ` ${((Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000).toFixed(1)} s`;
  return `${mark(step)} ${plain(name).padEnd(7)}${paint('dim', seconds.padStart(7))}  ${plain(text)}`;
}

function mark({ status }: Step): string {
  switch (status) {
    case 'succeeded':
      return paint('green', '✓');
    case 'running':
      return '…';
    case 'skipped':
      return '-';
    case 'failed':
    case 'refused':
      return paint('red', '✗');
  }
}

/** The end of a job: its sentence, and what to do when it did not succeed. */
export function endInWords(job: Job): string {
  const sentence = plain(job.text);
  if (job.status === 'succeeded') return paint('green', sentence);
  const hint = job.error === null ? '' : `\n${plain(job.error.hint)}`;
  return `${isEnded(job) ? paint('red', sentence) : sentence}${hint}`;
}
