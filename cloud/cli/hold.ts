import type { Command } from 'commander';
import {
  durationArgument,
  example,
  openApi,
  overHttp,
  reasonOption,
  theSwitch,
  type EndpointOptions,
} from './options.ts';
import { plain, say, sayJson } from './terminal.ts';

interface HoldOptions extends EndpointOptions {
  readonly reason?: string;
  readonly for?: string;
}

export function registerHold(program: Command): void {
  const command = overHttp(
    program
      .command('hold')
      .summary('take a switch from automation')
      .description('Take a switch from automation: it is recorded, and moves nothing.'),
  )
    .argument('[switch]', 'which one; not needed when there is only one')
    .addOption(reasonOption())
    .option('--for <duration>', 'give it back after this time (default: when released)', durationArgument)
    .action(async (named: string | undefined, options: HoldOptions) => {
      const api = await openApi(options);
      const name = await theSwitch(api, named);
      const body = {
        ...(options.reason === undefined ? {} : { reason: options.reason }),
        ...(options.for === undefined ? {} : { for: options.for }),
      };
      const answer = await api.post(`/api/switches/${encodeURIComponent(name)}/hold`, body);
      if (options.json === true) sayJson(answer);
      else say(plain(answer.text));
    });
  example(command, 'dashover hold www --for 2h --reason "database migration"');
}
