import type { Command } from 'commander';
import { example, openApi, overHttp, reasonOption, theSwitch, type EndpointOptions } from './options.ts';
import { plain, say, sayJson } from './terminal.ts';

interface ReleaseOptions extends EndpointOptions {
  readonly reason?: string;
}

export function registerRelease(program: Command): void {
  const command = overHttp(
    program
      .command('release')
      .summary('give a switch back to automation')
      .description('Give a switch back to automation, and re-arm it when it has tripped. It never starts a restore.'),
  )
    .argument('[switch]', 'which one; not needed when there is only one')
    .addOption(reasonOption())
    .action(async (named: string | undefined, options: ReleaseOptions) => {
      const api = await openApi(options);
      const name = await theSwitch(api, named);
      const body = options.reason === undefined ? {} : { reason: options.reason };
      const answer = await api.post(`/api/switches/${encodeURIComponent(name)}/release`, body);
      if (options.json === true) sayJson(answer);
      else say(plain(answer.text));
    });
  example(command, 'dashover release www\ndashover release www --reason "migration done"');
}
