import type { Command } from 'commander';
import { example, openApi, overHttp, theSwitch, type EndpointOptions } from './options.ts';
import { plain, say, sayJson, table } from './terminal.ts';
import { timeInWords } from './times.ts';

interface AlertOptions extends EndpointOptions {
  readonly clear?: string;
}

export function registerAlerts(program: Command): void {
  const command = overHttp(
    program
      .command('alerts')
      .summary('open alerts, and clearing them')
      .description('The open alerts; --clear closes one whose recovery will never come.'),
  )
    .argument('[switch]', 'of one switch')
    .option('--clear <key>', 'close the alert with this key')
    .action(async (named: string | undefined, options: AlertOptions) => {
      const api = await openApi(options);
      if (options.clear === undefined) {
        const states = named === undefined ? await api.states() : [await api.state(named)];
        const alerts = states.flatMap((state) => state.alerts.map((alert) => ({ switch: state.switch, ...alert })));
        if (options.json === true) sayJson({ alerts });
        else say(alerts.length === 0 ? 'No alert is open.' : alertsInWords(alerts));
        return;
      }
      const name = await theSwitch(api, named);
      const answer = await api.post(`/api/switches/${encodeURIComponent(name)}/alerts/clear`, { key: options.clear });
      if (options.json === true) sayJson(answer);
      else say(plain(answer.text));
    });
  example(command, 'dashover alerts\ndashover alerts www --clear url:www');
}

interface OpenAlert {
  readonly switch: string;
  readonly key: string;
  readonly since: string;
  readonly title: string;
  readonly acknowledged: boolean;
}

function alertsInWords(alerts: readonly OpenAlert[]): string {
  const rows = alerts.map((alert) => [
    alert.switch,
    timeInWords(alert.since),
    alert.acknowledged ? 'acknowledged' : 'open',
    alert.key,
    alert.title,
  ]);
  return table(['SWITCH', 'SINCE', 'STATUS', 'KEY', 'TITLE'], rows);
}
