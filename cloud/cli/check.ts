import type { Command } from 'commander';
import { urlInWords } from '../../shared/url-in-words.ts';
import type { Config } from '../config/read.ts';
import type { Finding } from './check-finding.ts';
import { CliFailure } from './failure.ts';
import { storeInWords } from './open-store.ts';
import { CONFIG_DEFAULT, example, jsonOption } from './options.ts';
import { paint, plain, say, sayJson } from './terminal.ts';

/** What nobody can know before the emergency, said so that nobody takes a clean check for it. */
const NOT_TRIED =
  'Not tried: whether the credentials may change these records. Route 53 has no dry run; a failover in daylight tells.';

interface CheckOptions {
  readonly config: string;
  readonly offline?: boolean;
  readonly json?: boolean;
}

type Switch = Config['switches'][number];

export function registerCheck(program: Command): void {
  const command = program
    .command('check')
    .summary('is dashover.yaml right, and does Route 53 agree')
    .description(
      'Checks the configuration, and what can be known before the emergency: the zones, the live records and whether each move could be made now, protections, the name servers, the probes. Reads, and never changes anything. Exit 1 when a failover would fail.',
    )
    .option('--config <file>', 'the configuration', CONFIG_DEFAULT)
    .option('--offline', 'only the configuration; no AWS credentials needed')
    .addOption(jsonOption())
    .action(check);
  example(command, 'dashover check --config /etc/dashover/dashover.yaml --offline');
}

async function check({ config: path, offline, json }: CheckOptions): Promise<void> {
  const { readConfig } = await import('../config/read.ts');
  const config = readConfig(path, process.env);
  if (json !== true) say(summary(config));
  const { findings, notTried } = offline === true ? { findings: [], notTried: [] } : await online(config);
  if (json === true) {
    sayJson({ config: config.path, switches: config.switches.map(({ name }) => name), findings, notTried });
  } else {
    for (const finding of findings) say(findingInWords(finding));
    for (const text of notTried) say(paint('dim', `  ${text}`));
  }
  if (!findings.some(({ level }) => level === 'fail')) return;
  // To a program the findings say it all.
  if (json === true) process.exitCode = 1;
  else {
    throw new CliFailure('check-failed', 'Not everything could be checked or is right.', 'See the lines marked ✗.');
  }
}

async function online(config: Config): Promise<{ findings: readonly Finding[]; notTried: readonly string[] }> {
  const { checkOnline } = await import('./check-online.ts');
  return { findings: await checkOnline(config, process.env), notTried: [NOT_TRIED] };
}

/** What was understood, in a few lines. Nothing of it is a secret. */
function summary(config: Config): string {
  const { http, mqtt, tokens, triggers, devices, switches, automation, notify } = config;
  const listen = `${http.listen.host.includes(':') ? `[${http.listen.host}]` : http.listen.host}:${http.listen.port}`;
  return [
    `${paint('green', '✓')} ${config.path} is in order.`,
    ...switches.map(switchInWords),
    `  listens on ${listen}, stores in ${storeInWords(config.store)}`,
    mqtt ? `  MQTT at ${urlInWords(mqtt.url)}, below ${mqtt.prefix}` : '  no MQTT',
    `  ${[count(tokens, 'token'), count(triggers, 'trigger'), count(devices, 'device')].join(', ')}; automation ${automation.mode}`,
    notify.length === 0
      ? '  tells nobody: there is nothing under notify'
      : `  tells ${notify.map(({ name }) => name).join(', ')}`,
  ].join('\n');
}

function switchInWords({ name, title, zone, positions, failoverTo }: Switch): string {
  const called = title === name ? name : `${name} (${title})`;
  return plain(`  ${called} in zone ${zone}: ${Object.keys(positions).join(', ')}; failover goes to ${failoverTo}`);
}

function count(items: readonly unknown[], noun: string): string {
  return `${items.length} ${noun}${items.length === 1 ? '' : 's'}`;
}

function findingInWords({ switch: name, level, text }: Finding): string {
  const marks = { ok: paint('green', '✓'), warn: paint('yellow', '!'), fail: paint('red', '✗') };
  return `${marks[level]} ${name ?? 'endpoint'}: ${plain(text)}`;
}
