import { z } from 'zod';
import { COMMANDS } from '../../shared/command.ts';
import { PREFIX_DEFAULT } from '../../shared/topics.ts';
import { isIpv4, isIpv6 } from './dns-name.ts';
import { Actor, baseUrl, duration, httpUrl, Name, Region, Secret, SigningSecrets, ZoneId } from './leaves.ts';
import { Endpoint, Listen, NameServer, Proxies, Store } from './addresses.ts';
import { Record } from './record-schema.ts';

/**
 * The file as written: keys, forms and defaults. What one part says about another is judged in `switches.ts`,
 * `access.ts`, `mqtt.ts` and `notify.ts`.
 */

export const NOTIFIERS = ['pagerduty', 'slack', 'webhook', 'datadog', 'heartbeat'] as const;

const Command = z.enum(COMMANDS).describe('failover, restore or drill');
const commands = (write: string): z.ZodArray<typeof Command> => z.array(Command).max(COMMANDS.length).describe(write);

const Http = z
  .strictObject({
    listen: Listen.prefault('127.0.0.1:8080'),
    publicUrl: baseUrl(
      'the URL under which people reach the endpoint, such as https://dashover.example.com',
    ).optional(),
    trustProxy: Proxies.prefault(false),
  })
  .describe('where the endpoint listens');

const Route53 = z
  .strictObject({
    region: Region.default('us-east-1'),
    endpoint: Endpoint.optional(),
    requestsPerSecond: z
      .int()
      .min(1)
      .max(1_000)
      .default(5)
      .describe('a whole number from 1 to 1000; Route 53 takes 5 from the whole account'),
  })
  .describe('how Route 53 is reached');

const Dns = z
  .strictObject({
    verify: z.boolean().default(true).describe('true, or false to skip asking the name servers after a change'),
    nameServers: z
      .array(NameServer)
      .min(1)
      .max(16)
      .optional()
      .describe("a list of addresses, such as ['192.0.2.53:53'], in place of the zone's own"),
  })
  .describe('how a change is verified');

const file = (what: string): z.ZodOptional<z.ZodString> =>
  z.string().min(1).max(1_024).optional().describe(`the path of ${what}, relative to this file`);

export const Mqtt = z
  .strictObject({
    url: z
      .string()
      .refine((text) => URL.canParse(text) && new URL(text).hostname !== '' && /^(mqtts?|wss?):\/\//.test(text))
      .describe('a URL with mqtt:, mqtts:, ws: or wss:, such as mqtts://broker.example.com:8883'),
    ca: file('the certificate of the CA, in PEM'),
    cert: file("the endpoint's certificate, in PEM"),
    key: file("the endpoint's private key, in PEM"),
    clientId: z
      .string()
      .regex(/^[^/+#\p{C}]{1,128}$/u)
      .optional()
      .describe('a client id of 1 to 128 characters without / + #; each endpoint needs its own'),
    prefix: z
      .string()
      .regex(/^[^/+#$\s\p{C}][^/+#\s\p{C}]*(\/[^/+#\s\p{C}]+){0,3}$/u)
      .max(128)
      .default(PREFIX_DEFAULT)
      .describe('at most four topic levels without + # and spaces, such as dashover/v1'),
    username: z.string().min(1).max(1_024).optional().describe("the broker's user name"),
    password: z.string().min(1).max(1_024).optional().describe('${NAME} of an environment variable that holds it'),
    commands: commands('a list of failover, restore and drill, or [] to close the open command topic').default([
      ...COMMANDS,
    ]),
  })
  .describe('the broker, as { url: mqtts://broker.example.com:8883 }');

const Automation = z
  .strictObject({
    mode: z.enum(['on', 'observe', 'off']).default('on').describe('on, observe or off'),
    maxSwitches: z.int().min(1).max(10_000).default(3).describe('a whole number from 1 to 10000'),
    within: duration('1s', '30d').prefault('10m'),
  })
  .describe('limits of what moves without a human');

const Probe = z
  .strictObject({
    url: httpUrl('an http or https URL without a password in it, such as https://www.example.com/health'),
    connectTo: z
      .string()
      .refine((text) => isIpv4(text) || isIpv6(text))
      .exactOptional()
      .describe('an IP address, such as 192.0.2.10'),
    expect: z
      .array(z.int().min(100).max(599).describe('an HTTP status from 100 to 599'))
      .min(1)
      .max(100)
      .default([200])
      .describe('a list of HTTP statuses, such as [200, 503]'),
    timeout: duration('1s', '60s').prefault('3s'),
  })
  .describe("a probe, such as { url: 'https://www.example.com/health', expect: [200] }");

const Guards = z
  .strictObject({
    hold: z
      .union([z.enum(['until-released', 'none']), duration('1s', '365d')])
      .prefault('until-released')
      .describe('until-released, none, or a duration from 1s to 365d'),
    restoreAfter: duration('0s', '30d').prefault('2m'),
    cooldown: duration('0s', '30d').prefault('5m'),
    flapping: z
      .strictObject({
        moves: z.int().min(2).max(1_000).default(4).describe('a whole number from 2 to 1000'),
        within: duration('1s', '30d').prefault('1h'),
      })
      .prefault({})
      .describe('a limit as { moves: 4, within: 1h }'),
    jobDeadline: duration('10s', '1d').prefault('10m'),
  })
  .describe('the safety rules of this switch');

export const Switch = z
  .strictObject({
    title: z.string().min(1).max(100).optional().describe('a title of 1 to 100 characters'),
    zone: ZoneId,
    positions: z
      .record(Name, z.array(Record).min(1).max(500).describe('a list of record sets'))
      .describe('the record sets of primary and of at least one other position'),
    failoverTo: z.string().optional().describe('the name of a position other than primary'),
    probe: z.record(z.string(), Probe).optional().describe('probes, by the name of their position'),
    guards: Guards.prefault({}),
  })
  .describe('a switch with zone and positions');

export const Token = z
  .strictObject({
    name: Actor,
    secret: Secret,
    on: z.array(z.string()).min(1).describe("a list of switches, such as [www], or ['*'] for all"),
    may: z
      .array(
        z
          .enum([...COMMANDS, 'hold', 'release', 'cancel', 'alerts', '*'])
          .describe("a command, hold, release, cancel, alerts or '*'"),
      )
      // An empty list is a token that only reads: for Prometheus, or a screen on the wall.
      .describe("a list of failover, restore, drill, hold, release, cancel and alerts, or ['*'] for all"),
    via: z
      .array(z.enum(['datadog', 'api', 'dashboard', 'cli']).describe('datadog, api, dashboard or cli'))
      .min(1)
      .optional()
      .describe('a list of the roads it may be used on: datadog, api, dashboard, cli; without it, all'),
    automatic: z.boolean().default(false).describe('true when no human is behind it, or false'),
  })
  .describe("a token, such as { name: ops, secret: '${OPS_TOKEN}', on: ['*'], may: ['*'] }");

export const Trigger = z
  .strictObject({
    id: z
      .string()
      .regex(/^[0-9a-f]{32}$/)
      .describe('32 digits of 0-9 and a-f, in quotes if all are digits; `openssl rand -hex 16` makes one'),
    secret: Secret,
    switch: z.string().describe('the name of a switch'),
    command: Command,
    to: z.string().optional().describe('the name of a position of the switch'),
    automatic: z.boolean().default(false).describe('true when no human is behind it, or false'),
  })
  .describe("a trigger, such as { id: …, secret: '${TRIGGER}', switch: www, command: failover }");

export const Device = z
  .strictObject({
    on: z.array(z.string()).min(1).describe('a list of switches, such as [www]'),
    may: commands('a list of failover, restore and drill').min(1),
    token: Secret.optional(),
    drillEvery: duration('1m', '365d').optional(),
  })
  .describe('a device, such as { on: [www], may: [failover, restore, drill] }');

const counts = z.enum(['alert', 'ignore']).describe('alert or ignore');

const Datadog = z
  .strictObject({
    noData: counts.default('alert'),
    warn: counts.default('ignore'),
    maxAge: duration('1s', '30d').prefault('10m'),
  })
  .describe("what Datadog's transitions count as, such as { noData: alert, warn: ignore, maxAge: 10m }");

/** Which keys go with which kind is judged in `notify.ts`. */
export const Notifier = z
  .strictObject({
    kind: z.enum(NOTIFIERS).describe('pagerduty, slack, webhook, datadog or heartbeat'),
    url: httpUrl(
      'an http or https URL without a password in it, such as https://hooks.example.com/dashover',
    ).optional(),
    on: z.array(z.string()).min(1).max(1_000).optional().describe('a list of switches, such as [www]; without it, all'),
    routingKey: z
      .string()
      .refine((text) => /^[A-Za-z0-9]{32}$/.test(text))
      .optional()
      .describe('${NAME} of an environment variable that holds the 32 characters of an Events API v2 integration'),
    secret: SigningSecrets.optional(),
    apiKey: z
      .string()
      .refine((text) => /^[\x21-\x7e]{8,256}$/.test(text))
      .optional()
      .describe('${NAME} of an environment variable that holds an API key of Datadog'),
    site: z
      .string()
      .regex(/^([a-z0-9-]+\.)+[a-z]{2,}$/)
      .optional()
      .describe('the site of your Datadog account, such as datadoghq.com or datadoghq.eu'),
    every: duration('10s', '1d').optional(),
  })
  .describe("a receiver, such as { kind: slack, url: '${SLACK_URL}' }");

export const File = z
  .strictObject({
    http: Http.prefault({}),
    store: Store.prefault('sqlite:./dashover.db'),
    route53: Route53.prefault({}),
    dns: Dns.prefault({}),
    mqtt: Mqtt.optional(),
    automation: Automation.prefault({}),
    switches: z
      .record(Name, Switch)
      .refine((switches) => Object.keys(switches).length > 0)
      .describe('at least one switch, by its name'),
    tokens: z.array(Token).max(1_000).default([]).describe('a list of tokens'),
    triggers: z.array(Trigger).max(1_000).default([]).describe('a list of triggers'),
    devices: z.record(Actor, Device).default({}).describe('devices, by their names'),
    datadog: Datadog.prefault({}),
    notify: z.array(Notifier).max(50).default([]).describe('a list of receivers'),
  })
  .describe('a mapping that begins with keys such as http:, switches: and tokens:');
export type File = z.output<typeof File>;
