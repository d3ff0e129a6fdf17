import type { Command } from 'commander';
import type { Config } from '../config/read.ts';
import type { OpenRecordStore } from '../adapters/route53.ts';
import { CliFailure } from './failure.ts';
import { CONFIG_DEFAULT, example, jsonOption } from './options.ts';
import { paint, plain, say, sayJson } from './terminal.ts';

/** Route 53 answers in tenths of a second; the account's rate limit may cost a few. */
const READ_MS_MAX = 15_000;

interface CheckOptions {
  readonly config: string;
  readonly offline?: boolean;
  readonly json?: boolean;
}

type Switch = Config['switches'][number];

interface Finding {
  readonly switch: string;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly text: string;
}

export function registerCheck(program: Command): void {
  const command = program
    .command('check')
    .summary('is dashover.yaml right, and does Route 53 agree')
    .description(
      'Checks the configuration, and reads (never changes) each switch in Route 53: whether its zone can be seen, and which position its live records equal.',
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
  const findings = offline === true ? [] : await look(config);
  if (json === true) sayJson({ config: config.path, switches: config.switches.map(({ name }) => name), findings });
  else for (const finding of findings) say(findingInWords(finding));
  if (findings.some(({ level }) => level === 'fail')) {
    throw new CliFailure('check-failed', 'Not everything could be checked or is right.', 'See the lines marked ✗.');
  }
}

/** What was understood, in a few lines. Nothing of it is a secret. */
function summary(config: Config): string {
  const { http, mqtt, tokens, triggers, devices, switches, automation } = config;
  const listen = `${http.listen.host.includes(':') ? `[${http.listen.host}]` : http.listen.host}:${http.listen.port}`;
  return [
    `${paint('green', '✓')} ${config.path} is in order.`,
    ...switches.map(switchInWords),
    `  listens on ${listen}, stores in ${config.store.path}`,
    mqtt ? `  MQTT at ${mqtt.url}, below ${mqtt.prefix}` : '  no MQTT',
    `  ${[count(tokens, 'token'), count(triggers, 'trigger'), count(devices, 'device')].join(', ')}; automation ${automation.mode}`,
  ].join('\n');
}

function switchInWords({ name, title, zone, positions, failoverTo }: Switch): string {
  const called = title === name ? name : `${name} (${title})`;
  return plain(`  ${called} in zone ${zone}: ${Object.keys(positions).join(', ')}; failover goes to ${failoverTo}`);
}

function count(items: readonly unknown[], noun: string): string {
  return `${items.length} ${noun}${items.length === 1 ? '' : 's'}`;
}

async function look(config: Config): Promise<readonly Finding[]> {
  const [{ openRecordStore }, { silentLog }] = await Promise.all([
    import('../adapters/route53.ts'),
    import('../../shared/log.ts'),
  ]);
  await using records = await openRecordStore({ ...config.route53, log: silentLog });
  const findings: Finding[] = [];
  // One after the other: the account's five requests a second are shared with the endpoint.
  for (const one of config.switches) findings.push(await lookAt(one, records));
  return findings;
}

async function lookAt(one: Switch, records: OpenRecordStore): Promise<Finding> {
  const [{ isFault }, { reading }, { namesToRead }] = await Promise.all([
    import('../../shared/faults.ts'),
    import('../jobs/reading.ts'),
    import('../jobs/records.ts'),
  ]);
  const signal = AbortSignal.timeout(READ_MS_MAX);
  try {
    const zone = await records.zone(one.zone, signal);
    const outside = namesOutside(one, zone.name);
    if (outside !== undefined) {
      return {
        switch: one.name,
        level: 'fail',
        text: `${outside} is not in the zone ${zone.name}; correct the zone or the name.`,
      };
    }
    const live = reading(await records.read(one.zone, namesToRead(one.positions, one.zone), signal), one);
    const place = `in the ${zone.private ? 'private' : 'public'} zone ${zone.name}`;
    switch (live.kind) {
      case 'position':
        return { switch: one.name, level: 'ok', text: `the live records ${place} equal ${live.position}.` };
      case 'drifted':
        return {
          switch: one.name,
          level: 'warn',
          text: `the live records ${place} equal no position: ${live.differences.join('; ')}.`,
        };
      case 'unknown':
        return { switch: one.name, level: 'fail', text: `the live records could not be read: ${live.why}` };
    }
  } catch (error) {
    if (isFault(error)) return { switch: one.name, level: 'fail', text: `${error.message} ${error.hint}` };
    throw error;
  }
}

function namesOutside({ positions }: Switch, zone: string): string | undefined {
  const names = Object.values(positions).flatMap((sets) => sets.map(({ name }) => name));
  return names.find((name) => name !== zone && !name.endsWith(`.${zone}`));
}

function findingInWords({ switch: name, level, text }: Finding): string {
  const marks = { ok: paint('green', '✓'), warn: paint('yellow', '!'), fail: paint('red', '✗') };
  return `${marks[level]} ${name}: ${plain(text)}`;
}
