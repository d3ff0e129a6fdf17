import type { Command } from 'commander';
import type { State } from '../../shared/messages.ts';
import { example, openApi, overHttp, type EndpointOptions } from './options.ts';
import { paint, plain, say, sayJson, table } from './terminal.ts';
import { timeInWords } from './times.ts';

export function registerStatus(program: Command): void {
  const command = overHttp(
    program
      .command('status')
      .summary('where the switches are')
      .description('Where the switches are, since when, and by whom.'),
  )
    .argument('[switch]', 'one of them')
    .action(async (named: string | undefined, options: EndpointOptions) => {
      const api = await openApi(options);
      const states = named === undefined ? await api.states() : [await api.state(named)];
      if (options.json === true) sayJson(named === undefined ? { switches: states } : states[0]);
      else say(statesInWords(states));
    });
  example(command, 'dashover status\ndashover status www --json');
}

function statesInWords(states: readonly State[]): string {
  const [only, ...others] = states;
  if (!only) return 'This token sees no switch.';
  if (others.length === 0) return stateInWords(only);
  const rows = states.map((state) => [
    state.switch,
    state.position === 'moving' ? `${state.from ?? '?'} → ${state.to ?? '?'}` : state.position,
    state.automation,
    state.alerts.length === 0 ? '-' : String(state.alerts.length),
    state.text,
  ]);
  return table(['SWITCH', 'POSITION', 'AUTOMATION', 'ALERTS', 'STATE'], rows);
}

/** The sentence first, then what a person may want to know more exactly. */
function stateInWords(state: State): string {
  const { hold, alerts, by } = state;
  const lines: [string, string][] = [
    ['position', state.since === null ? state.position : `${state.position}, since ${timeInWords(state.since)}`],
    ['automation', state.automation],
    ['revision', String(state.revision)],
  ];
  if (by) lines.push(['by', `${by.actor} (${by.trigger}), job ${by.job}`]);
  if (hold) {
    const until = hold.until === null ? 'until released' : `until ${timeInWords(hold.until)}`;
    lines.push(['hold', `${hold.by}, ${until}${hold.reason === null ? '' : `: ${hold.reason}`}`]);
  }
  for (const alert of alerts)
    lines.push([
      'alert',
      `${alert.title}, since ${timeInWords(alert.since)}${alert.acknowledged ? ', acknowledged' : ''}`,
    ]);
  if (state.job !== null) lines.push(['job', state.job]);
  if (state.cachesUntil !== null)
    lines.push(['caches', `may keep the old answer until ${timeInWords(state.cachesUntil)}`]);
  const details = lines.map(([name, text]) => `  ${paint('dim', name.padEnd(10))}  ${plain(text)}`);
  return [paint('bold', plain(state.text)), ...details].join('\n');
}
