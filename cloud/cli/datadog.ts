import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { Config } from '../config/read.ts';
import type { DatadogPlan, Webhook } from './datadog-plan.ts';
import type { DatadogSetup } from './datadog-setup.ts';
import { baseUrl } from './base-url.ts';
import { wrongUse } from './failure.ts';
import { CONFIG_DEFAULT, example, jsonOption } from './options.ts';
import { paint, plain, remark, say, sayJson } from './terminal.ts';

interface Options {
  readonly config: string;
  readonly url?: string;
  readonly json?: boolean;
}

export function registerDatadog(program: Command): void {
  const command = program
    .command('datadog')
    .summary('what to set up in Datadog, so that its monitors move a switch')
    .description(
      "Prints what to set up in Datadog for a switch: the webhooks with headers and payload, the monitor's message, and the same as Terraform. Secrets are named, never printed.",
    )
    .argument('<switch>', 'which one')
    .option('--config <file>', 'the configuration', CONFIG_DEFAULT)
    .option('--url <url>', 'the endpoint, as Datadog reaches it (default: http.publicUrl)')
    .addOption(jsonOption())
    .action(async (name: string, options: Options) => {
      const { datadogSetup } = await import('./datadog-setup.ts');
      const { plan, warnings } = await readPlan(name, options);
      const setup = datadogSetup(plan);
      if (options.json === true) {
        sayJson({ ...setup, warnings });
        return;
      }
      say(inWords(setup));
      for (const warning of warnings) remark(`${paint('yellow', '!')} ${plain(warning)}`);
    });
  example(command, 'dashover datadog www --url https://dashover.example.com');
}

interface Planned {
  readonly plan: DatadogPlan;
  readonly warnings: readonly string[];
}

async function readPlan(name: string, { config: path, url }: Options): Promise<Planned> {
  const given = url === undefined ? undefined : baseOf(url);
  // Without the configuration at hand the URL is enough: Datadog is often set up from another machine.
  if (given !== undefined && path === CONFIG_DEFAULT && !existsSync(path)) return withoutConfig(name, given);
  const { readConfig } = await import('../config/read.ts');
  return planOf(name, readConfig(path, process.env), given);
}

function baseOf(url: string): string {
  const base = baseUrl(url);
  if (base !== undefined) return base;
  throw wrongUse(
    '--url is not an http or https URL without a user name and a query.',
    'Write it as https://dashover.example.com.',
  );
}

function withoutConfig(name: string, url: string): Planned {
  if (!/^[a-z0-9-]{1,40}$/.test(name)) {
    throw wrongUse(`${JSON.stringify(name.slice(0, 64))} is no name of a switch.`, 'Write the name of dashover.yaml.');
  }
  const plan: DatadogPlan = {
    name,
    url,
    failoverTo: 'its other position',
    token: null,
    names: [],
    origins: [],
    noData: 'alert',
    warn: 'ignore',
  };
  const missing = `There is no ${CONFIG_DEFAULT} here: whether it has the switch ${name} was not checked, and datadog: is taken as by default.`;
  return { plan, warnings: [missing, ...warningsOf(plan)] };
}

type Switch = Config['switches'][number];
type Token = Config['tokens'][number];

function planOf(name: string, config: Config, given: string | undefined): Planned {
  const settings = config.switches.find((known) => known.name === name);
  if (!settings) {
    const names = config.switches.map((known) => known.name).slice(0, 20);
    throw wrongUse(
      `There is no switch ${JSON.stringify(name.slice(0, 64))}.`,
      `Name one of these: ${names.join(', ')}.`,
    );
  }
  const { host, port } = config.http.listen;
  const listening = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const url = given ?? config.http.publicUrl ?? listening;
  const token = tokenFor(name, config.tokens);
  const names = [...new Set(Object.values(settings.positions).flatMap((sets) => sets.map((set) => set.name)))];
  const { noData, warn } = config.datadog;
  const plan: DatadogPlan = {
    name,
    url,
    failoverTo: settings.failoverTo,
    token: token?.name ?? null,
    names,
    origins: originsOf(settings, names),
    noData,
    warn,
  };
  const unreachable =
    given === undefined && config.http.publicUrl === undefined
      ? [`Datadog has to reach ${listening}: write http.publicUrl into dashover.yaml, or --url.`]
      : [];
  return { plan, warnings: [...unreachable, ...tokenWarnings(name, token), ...warningsOf(plan)] };
}

function warningsOf({ url }: DatadogPlan): readonly string[] {
  if (url.startsWith('https:')) return [];
  return [`${url} is not encrypted: the token would cross the network for everyone to read. Put a TLS proxy in front.`];
}

/** The narrowest token that Datadog may use for this switch. */
function tokenFor(name: string, tokens: readonly Token[]): Token | undefined {
  const usable = tokens.filter(
    ({ on, may, via }) =>
      (on.includes('*') || on.includes(name)) &&
      (via === undefined || via.includes('datadog')) &&
      (may.includes('*') || (may.includes('failover') && may.includes('restore'))),
  );
  return usable.find(({ via }) => via?.length === 1) ?? usable.find(({ via }) => via !== undefined) ?? usable[0];
}

function tokenWarnings(name: string, token: Token | undefined): readonly string[] {
  const entry = `{ name: datadog, secret: '\${DATADOG_TOKEN}', on: [${name}], may: [failover, restore], via: [datadog] }`;
  if (!token) return [`No token of dashover.yaml lets Datadog fail over and restore ${name}; add ${entry}.`];
  if (token.via !== undefined) return [];
  return [`The token "${token.name}" may do more than Datadog needs; better give Datadog its own: ${entry}.`];
}

/** Where the primary position leads, apart from the switched names themselves. */
function originsOf({ positions, probe }: Switch, names: readonly string[]): readonly string[] {
  const values = (positions['primary'] ?? [])
    .filter(({ type }) => type === 'A' || type === 'AAAA' || type === 'CNAME')
    .flatMap(({ values: own, alias }) => own ?? (alias ? [alias.name] : []));
  const connectTo = probe['primary']?.connectTo;
  return [...new Set([...values, ...(connectTo === undefined ? [] : [connectTo])])]
    .filter((value) => !names.includes(value))
    .slice(0, 5);
}

function inWords(setup: DatadogSetup): string {
  const { variable, webhooks, twoWebhooks, monitor } = setup;
  const never = monitor.never.length === 0 ? 'the switched name' : monitor.never.join(', ');
  return [
    heading('1. A custom variable, hidden from view (Integrations, Webhooks, Custom Variables)'),
    `   ${variable.name}: ${variable.value}`,
    heading('2. A webhook (Integrations, Webhooks, New)'),
    ...webhooks.map(webhookInWords),
    heading('3. A monitor'),
    `   Watch ${monitor.watch}. Never watch ${never}: it leads elsewhere as soon as the switch has moved,`,
    '   so its monitor recovers although the origin is still down. Put this into its message:',
    '',
    indent(setup.message),
    heading("Or: two webhooks with Datadog's default payload, where the URL is the direction"),
    '   Groups and monitors cannot be told apart there: the first recovery of any of them counts for all.',
    ...twoWebhooks.map((webhook) => `\n${webhookInWords(webhook)}`),
    '',
    indent(setup.twoWebhooksMessage),
    heading('The first way as Terraform'),
    setup.terraform,
  ]
    .join('\n')
    .trim();
}

function heading(text: string): string {
  return `\n${paint('bold', text)}\n`;
}

function webhookInWords({ name, url, payload, headers, encodeAsForm }: Webhook): string {
  return [
    `   Name            ${name}`,
    `   URL             ${url}`,
    `   Custom headers  ${JSON.stringify(headers)}`,
    `   Encode as form  ${encodeAsForm ? 'on' : 'off'}`,
    payload === null
      ? "   Payload         Datadog's default: leave it empty"
      : `   Payload\n\n${indent(JSON.stringify(payload, null, 2))}`,
  ].join('\n');
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '     ');
}
