import type { Command } from 'commander';
import type { CommandName, CommandOptions } from '../../shared/command.ts';
import type { Api } from './api.ts';
import { CliFailure } from './failure.ts';
import { endInWords, follow, stepTeller } from './follow.ts';
import { openApi, overHttp, reasonOption, theSwitch, type EndpointOptions } from './options.ts';
import { confirm, isInteractive, plain, say, sayJson } from './terminal.ts';

interface MoveOptions extends EndpointOptions {
  readonly reason?: string;
  readonly to?: string;
  readonly override?: readonly string[];
  readonly wait: boolean;
  readonly yes?: boolean;
}

/** A command that becomes a job: failover, restore, drill. */
export function registerMove(program: Command, name: CommandName, summary: string): Command {
  return overHttp(
    program
      .command(name)
      .summary(summary)
      .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`),
  )
    .argument('[switch]', 'which one; not needed when there is only one')
    .option(
      '--to <position>',
      name === 'restore' ? 'primary, or before: the records as the failover found them' : 'another position',
    )
    .addOption(reasonOption())
    .option('--override <guard...>', 'guards to pass over: probe-failed, drift')
    .option('--no-wait', 'return when the job is accepted')
    .option(
      '--yes',
      name === 'drill' ? 'for scripts that say it everywhere: a drill never asks' : 'do not ask on a terminal',
    )
    .action(async (named: string | undefined, options: MoveOptions) => move(name, named, options));
}

async function move(command: CommandName, named: string | undefined, options: MoveOptions): Promise<void> {
  const api = await openApi(options);
  const name = await theSwitch(api, named);
  const asks = command !== 'drill' && options.yes !== true && options.json !== true && isInteractive();
  if (asks && !(await confirm(await question(api, command, name, options.to)))) {
    throw new CliFailure('not-confirmed', 'Nothing was sent.', 'Answer y to go ahead, or say --yes.');
  }
  const accepted = await api.command(name, command, commandOptions(options));
  const quiet = options.json === true;
  if (options.wait && !quiet && accepted.status !== 'refused') say(`${plain(accepted.text)} (job ${accepted.id})`);
  const job = options.wait ? await follow(api, accepted, quiet ? () => {} : stepTeller()) : accepted;
  if (quiet) sayJson(job);
  else say(endInWords(job));
  const done = job.status === 'succeeded' || (!options.wait && ['waiting', 'queued', 'running'].includes(job.status));
  // What happened is said already; only the exit code is left to tell.
  if (!done) process.exitCode = 1;
}

/** `Move www from primary to maintenance?`, with how things are above it. */
async function question(api: Api, command: CommandName, name: string, to: string | undefined): Promise<string> {
  const state = await api.state(name);
  const usual = command === 'restore' ? 'primary' : await api.failoverTo(name);
  const held = state.hold === null ? '' : ` It is held by ${state.hold.by}.`;
  const where = to ?? usual ?? 'its failover position';
  return `${plain(`${state.text}${held}`)}\n${plain(`Move ${state.switch} from ${state.position} to ${where}?`)}`;
}

function commandOptions({ reason, to, override }: MoveOptions): CommandOptions {
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(to === undefined ? {} : { to }),
    ...(override === undefined ? {} : { override: [...override] }),
  };
}
