import type { Command } from 'commander';
import { CliFailure } from './failure.ts';
import { example, openApi, overHttp, reasonOption, theSwitch, type EndpointOptions } from './options.ts';
import { plain, say, sayJson } from './terminal.ts';

interface CancelOptions extends EndpointOptions {
  readonly job?: string;
  readonly reason?: string;
}

export function registerCancel(program: Command): void {
  const command = overHttp(
    program
      .command('cancel')
      .summary('stop a job before its change is sent')
      .description('Stop a job of a switch, as long as its change has not been sent.'),
  )
    .argument('[switch]', 'whose job; not needed when there is only one')
    .option('--job <id>', 'this job, whatever its switch')
    .addOption(reasonOption())
    .action(async (named: string | undefined, options: CancelOptions) => {
      const api = await openApi(options);
      const id = options.job ?? (await unfinished(api, await theSwitch(api, named)));
      const body = options.reason === undefined ? {} : { reason: options.reason };
      const answer = await api.post(`/api/jobs/${encodeURIComponent(id)}/cancel`, body);
      if (options.json === true) sayJson(answer);
      else say(plain(answer.text));
    });
  example(command, 'dashover cancel www');
}

/** The newest job of the switch that has not ended. */
async function unfinished(api: Awaited<ReturnType<typeof openApi>>, name: string): Promise<string> {
  const running = (await api.state(name)).job;
  if (running !== null) return running;
  const jobs = await api.jobs({ switch: name, limit: '20' });
  const waiting = jobs.find(({ status }) => ['waiting', 'queued', 'running'].includes(status));
  if (waiting) return waiting.id;
  throw new CliFailure('no-job', `The switch ${name} has no unfinished job.`, `See "dashover jobs ${name}".`);
}
