import { existsSync } from 'node:fs';
import { Command as Program, CommanderError } from 'commander';
import { systemClock } from '../shared/system-clock.ts';
import { readBootTime } from './adapters/boot-clock.ts';
import type { Finding } from './adapters/check-finding.ts';
import { GpioProblem } from './adapters/gpio-chip.ts';
import { makeTerminalLamp } from './adapters/lamp-terminal.ts';
import { isJournal, makeLineLog } from './adapters/log-lines.ts';
import { randomIds } from './adapters/random-ids.ts';
import { beFound } from './adapters/running.ts';
import { openSupervisor } from './adapters/sd-notify.ts';
import { runButton } from './app.ts';
import { ConfigProblems } from './config/problems.ts';
import { ledWiring } from './config/gpio.ts';
import { readButtonConfig, readLedConfig } from './config/read.ts';
import type { ButtonConfig } from './config/schema.ts';
import { darken, openFront } from './front.ts';
import { mqttOptions, openRoads } from './roads.ts';
import manifest from './package.json' with { type: 'json' };

const EXIT_DONE = 0;
const EXIT_NOT_DONE = 1;
const EXIT_WRONG_USE = 2;
const FILE_DEFAULT = 'button.yaml';

interface Flags {
  readonly config?: string;
  readonly url?: string;
  readonly switch?: string;
  readonly device?: string;
  readonly verbose?: boolean;
}

interface CheckFlags extends Flags {
  readonly json?: boolean;
  readonly drill: boolean;
}

/** From the file and the flags; without `--config`, button.yaml is read where it exists. */
function configure(flags: Flags): ButtonConfig {
  const flagsSuffice = flags.url !== undefined && flags.switch !== undefined && flags.device !== undefined;
  const file = flags.config ?? (flagsSuffice && !existsSync(FILE_DEFAULT) ? undefined : FILE_DEFAULT);
  return readButtonConfig(file, flags, process.env);
}

const sinceBootMs = (): number | undefined => readBootTime()?.sinceMs;

async function run(flags: Flags): Promise<number> {
  const config = configure(flags);
  const { stdin, stdout } = process;
  // A reader that has gone away (`| head`) is no reason to stop in the middle of a press.
  stdout.on('error', () => undefined);
  const colour = stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '';
  const terminal = makeTerminalLamp({ stdout, colour, clock: systemClock });
  const journal = isJournal(process.env['JOURNAL_STREAM'], stdout.fd);
  const log = makeLineLog((text) => terminal.say(text), { verbose: flags.verbose === true, journal });
  const warn = (text: string): void => log.warn({}, text);
  terminal.say(`Button "${config.device}" of the switch "${config.switch}": ${meanings(config)}.`);
  const { input, lamp } = await openFront(config, { stdin, terminal, warn });
  const roads = await openRoads(config, process.env, warn);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  const { broker } = mqttOptions(config);
  const twice = `Another process of this machine connects as "${broker.clientId}" already: the broker will throw one of them out again and again.`;
  const systemd = await openSupervisor(process.env, process.pid, systemClock, warn);
  const supervisor = beFound(broker, process.pid, systemd, () => warn(twice));
  const ports = { clock: systemClock, sinceBootMs, ids: randomIds, ...roads, input, lamp, log, supervisor };
  const stopped = await runButton(config, ports, stop.signal);
  return stopped === 'ended-badly' ? EXIT_NOT_DONE : EXIT_DONE;
}

/** `hold failover, click-hold restore, click shows the state`. */
function meanings({ buttons }: ButtonConfig): string {
  return buttons
    .map(({ gestures }, at) => {
      const words = Object.entries(gestures).map(([gesture, command]) => `${gesture} = ${String(command)}`);
      return `${buttons.length > 1 ? `button ${at + 1}: ` : ''}${[...words, 'click = show the state'].join(', ')}`;
    })
    .join('; ');
}

async function check(flags: CheckFlags): Promise<number> {
  const config = configure(flags);
  const findings: Finding[] = [];
  const tell = (finding: Finding): void => {
    findings.push(finding);
    if (flags.json !== true) process.stdout.write(`${inWords(finding)}\n`);
  };
  tell({ name: 'config', ok: true, text: `${config.device}, for the switch ${config.switch}: ${meanings(config)}.` });
  const { checkButton } = await import('./check.ts');
  for await (const finding of checkButton(config, flags)) tell(finding);
  const ok = findings.every((finding) => finding.ok !== false);
  if (flags.json === true) process.stdout.write(`${JSON.stringify({ ok, findings }, null, 2)}\n`);
  return ok ? EXIT_DONE : EXIT_NOT_DONE;
}

function inWords({ name, ok, text }: Finding): string {
  const mark = ok === null ? '-' : ok ? 'ok' : 'BAD';
  return `${mark.padEnd(4)}${name.padEnd(10)}${text}`;
}

/** For whatever stops a button that could not say goodbye, such as the unit's ExecStopPost. */
async function dark({ config = FILE_DEFAULT }: Flags): Promise<number> {
  const { chip, leds } = readLedConfig(config, process.env);
  await darken({ chip, leds: leds && ledWiring(leds) });
  return EXIT_DONE;
}

function program(finished: (code: number) => void): Program {
  const top = new Program('dashover-button')
    .description('A button that fails a site over in Route 53, and a lamp that tells what the endpoint has confirmed.')
    .version(manifest.version)
    .showHelpAfterError('(dashover-button --help tells the commands and options)')
    .exitOverride();
  const command = (name: string, text: string): Program =>
    top
      .command(name)
      .description(text)
      .option('--config <file>', `the configuration (default: ${FILE_DEFAULT} here, where it exists)`)
      .exitOverride();
  const overMqtt = (name: string, text: string): Program =>
    command(name, text)
      .option('--url <url>', 'the broker, in place of mqtt.url')
      .option('--switch <name>', 'the switch, in place of the key of that name')
      .option('--device <name>', 'the name of this button, in place of the key of that name');
  overMqtt('run', 'run the button: a GPIO line or the keyboard for a finger, LEDs and the terminal for a lamp')
    .option('--verbose', 'tell every attempt')
    .addHelpText('after', example('run --config /etc/dashover-button/button.yaml'))
    .action(async (flags: Flags) => finished(await run(flags)));
  overMqtt('check', 'check lines, LEDs, clock, certificates and the whole road to the endpoint, and explain each')
    .option('--no-drill', 'do not send the endpoint a drill at the end; it changes nothing, and is recorded')
    .option('--json', 'print JSON, for programs')
    .addHelpText('after', example('check --config /etc/dashover-button/button.yaml'))
    .action(async (flags: CheckFlags) => finished(await check(flags)));
  command('dark', 'turn the LEDs dark, after a button that could not do so itself')
    .addHelpText('after', example('dark --config /etc/dashover-button/button.yaml'))
    .action(async (flags: Flags) => finished(await dark(flags)));
  return top;
}

function example(words: string): string {
  return `\nExample:\n  dashover-button ${words}\n`;
}

/** The exit code: 0 done, 1 what was asked for did not happen, 2 wrong use or configuration. */
async function main(): Promise<number> {
  let code = EXIT_DONE;
  try {
    await program((finished) => (code = finished)).parseAsync();
    return code;
  } catch (error) {
    // Commander has printed its own sentence; help and version are no mistake.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_DONE : EXIT_WRONG_USE;
    if (!(error instanceof ConfigProblems || error instanceof GpioProblem)) throw error;
    const isConfig = error instanceof ConfigProblems;
    if (process.argv.includes('--json')) {
      const told = { code: isConfig ? 'config' : 'gpio', message: error.message };
      process.stdout.write(`${JSON.stringify({ error: told }, null, 2)}\n`);
    } else {
      process.stderr.write(`${error.message}\n`);
    }
    return isConfig ? EXIT_WRONG_USE : EXIT_NOT_DONE;
  }
}

// A terminal in raw mode and a half-open socket keep a process alive; all that had to be said has been.
process.exit(await main());
