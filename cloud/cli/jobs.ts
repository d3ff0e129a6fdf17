import { InvalidArgumentError, Option, type Command } from 'commander';
import { example, openApi, overHttp, type EndpointOptions } from './options.ts';
import { say, sayJson, table } from './terminal.ts';
import { timeInWords } from './times.ts';

/** The endpoint gives at most this many at once. */
const LIMIT_MAX = 200;
const STATUSES = [
  'waiting',
  'queued',
  'running',
  'succeeded',
  'failed',
  'refused',
  'superseded',
  'expired',
  'cancelled',
];

interface JobsOptions extends EndpointOptions {
  readonly status?: string;
  readonly limit: number;
  readonly before?: string;
}

export function registerJobs(program: Command): void {
  const command = overHttp(
    program.command('jobs').summary('what was asked, newest first').description('The history of jobs, newest first.'),
  )
    .argument('[switch]', 'of one switch')
    .addOption(new Option('--status <status>', 'only these').choices(STATUSES))
    .option('--limit <count>', `how many, at most ${LIMIT_MAX}`, limitArgument, 20)
    .option('--before <id>', 'only those older than this job')
    .action(async (named: string | undefined, { status, limit, before, ...options }: JobsOptions) => {
      const api = await openApi(options);
      const jobs = await api.jobs({ switch: named, status, limit: String(limit), before });
      if (options.json === true) {
        sayJson({ jobs });
        return;
      }
      const rows = jobs.map((job) => [
        timeInWords(job.acceptedAt),
        job.id,
        job.switch,
        job.command,
        job.status,
        job.text,
      ]);
      say(
        rows.length === 0
          ? 'There are no such jobs.'
          : table(['ACCEPTED', 'ID', 'SWITCH', 'COMMAND', 'STATUS', 'JOB'], rows),
      );
    });
  example(command, 'dashover jobs www --status failed --limit 5');
}

function limitArgument(text: string): number {
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new InvalidArgumentError(`Write a whole number from 1 to ${LIMIT_MAX}.`);
}
