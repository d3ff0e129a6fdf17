import type { Command } from 'commander';
import type { Job } from '../../shared/messages.ts';
import { endInWords, stepInWords } from './follow.ts';
import { example, openApi, overHttp, type EndpointOptions } from './options.ts';
import { paint, plain, say, sayJson } from './terminal.ts';
import { timeInWords } from './times.ts';

export function registerJob(program: Command): void {
  const command = overHttp(
    program.command('job').summary('one job, step by step').description('One job with its timeline.'),
  )
    .argument('<id>', 'its id, as "dashover jobs" shows it')
    .action(async (id: string, options: EndpointOptions) => {
      const api = await openApi(options);
      const job = await api.job(id);
      if (options.json === true) sayJson(job);
      else say(jobInWords(job));
    });
  example(command, 'dashover job 01933b5e-8d2a-7c41-9f3e-5b6a7c8d9e0f');
}

function jobInWords(job: Job): string {
  const { trigger, reason, acceptedAt, finishedAt } = job;
  const lines: [string, string][] = [
    ['asked by', `${trigger.actor} (${trigger.kind})${reason === null ? '' : `: ${reason}`}`],
    ['accepted', timeInWords(acceptedAt)],
    ...job.joined.map((other): [string, string] => [
      'joined by',
      `${other.actor} (${other.kind}), ${timeInWords(other.at)}`,
    ]),
  ];
  if (finishedAt !== null) lines.push(['ended', timeInWords(finishedAt)]);
  if (job.cachesUntil !== null) lines.push(['caches', `may keep the old answer until ${timeInWords(job.cachesUntil)}`]);
  const details = lines.map(([name, text]) => `  ${paint('dim', name.padEnd(9))}  ${plain(text)}`);
  return [endInWords(job), ...details, ...job.steps.map((step) => `  ${stepInWords(step)}`)].join('\n');
}
