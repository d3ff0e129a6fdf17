import { InvalidArgumentError, Option, type Command } from 'commander';
import { parseDuration } from '../../shared/duration.ts';
import type { Api } from './api.ts';
import { wrongUse } from './failure.ts';

export const CONFIG_DEFAULT = 'dashover.yaml';
const URL_DEFAULT = 'http://127.0.0.1:8080';
const REASON_MAX = 256;

export interface EndpointOptions {
  readonly url: string;
  readonly token?: string;
  readonly json?: boolean;
}

/** What every command over the HTTP API takes. */
export function overHttp(command: Command): Command {
  return command
    .addOption(new Option('--url <url>', 'the endpoint').env('DASHOVER_URL').default(URL_DEFAULT))
    .addOption(
      new Option('--token <secret>', 'its token; the variable keeps it out of the process list').env('DASHOVER_TOKEN'),
    )
    .addOption(jsonOption());
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON, for programs');
}

export function reasonOption(): Option {
  return new Option('--reason <words>', `why, for the record (at most ${REASON_MAX} characters)`).argParser((text) => {
    const { length } = Array.from(text);
    if (length <= REASON_MAX) return text;
    throw new InvalidArgumentError(`It has ${length} characters; write at most ${REASON_MAX}.`);
  });
}

/** A duration as written, checked: the endpoint takes the same words. */
export function durationArgument(text: string): string {
  if (parseDuration(text) !== undefined) return text;
  throw new InvalidArgumentError('Write a duration such as 90s, 30m, 2h or 1d.');
}

export function example(command: Command, lines: string): Command {
  return command.addHelpText('after', `\nExample:\n${lines.replaceAll(/^/gm, '  ')}`);
}

export async function openApi({ url, token }: EndpointOptions): Promise<Api> {
  const { makeApi } = await import('./api.ts');
  return makeApi({ url, token });
}

/** The switch that is meant when none is named: the only one. */
export async function theSwitch(api: Api, named: string | undefined): Promise<string> {
  if (named !== undefined) return named;
  const states = await api.states();
  const [only, ...others] = states;
  if (only && others.length === 0) return only.switch;
  const names = states.map((state) => state.switch).join(', ');
  throw wrongUse(
    states.length === 0 ? 'This token sees no switch.' : `There are ${states.length} switches: ${names}.`,
    'Name the one that is meant.',
  );
}
