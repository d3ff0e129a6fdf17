import { resolve } from 'node:path';
import type { HostPort } from './addresses.ts';
import type { Material } from './material.ts';
import type { Record as RecordInput } from './record-schema.ts';
import { readValue } from './record-values.ts';
import type { File } from './schema.ts';

/**
 * dashover.yaml, read: frozen, every default filled in, paths absolute, names normalised, durations in milliseconds.
 * Switches, tokens, triggers and devices have the shapes that the inside takes; a test holds the two together.
 */
export interface Config {
  /** Absolute path of the file. */
  readonly path: string;
  readonly http: {
    readonly listen: HostPort;
    /** Without a final slash. */
    readonly publicUrl: string | undefined;
    readonly trustProxy: boolean | readonly string[];
  };
  /** The URL of PostgreSQL holds its password. */
  readonly store:
    | { readonly kind: 'sqlite'; readonly path: string }
    | { readonly kind: 'postgres'; readonly url: string };
  readonly route53: {
    readonly region: string;
    readonly endpoint: string | undefined;
    readonly requestsPerSecond: number;
  };
  readonly dns: {
    readonly verify: boolean;
    /** `host:port`; undefined: the zone's own. */
    readonly nameServers: readonly string[] | undefined;
  };
  readonly mqtt: Mqtt | undefined;
  readonly automation: {
    readonly mode: 'on' | 'observe' | 'off';
    readonly maxSwitches: number;
    readonly withinMs: number;
  };
  readonly switches: readonly Switch[];
  readonly tokens: readonly Token[];
  readonly triggers: readonly Trigger[];
  readonly devices: readonly Device[];
  readonly datadog: {
    readonly noData: 'alert' | 'ignore';
    readonly warn: 'alert' | 'ignore';
    readonly maxAgeMs: number;
  };
  readonly notify: readonly Notifier[];
}

/** `name` is its kind, numbered from the second of a kind on: what its messages are stored under. */
type Notifier = { readonly name: string; readonly on: readonly string[] } & (
  | { readonly kind: 'pagerduty'; readonly routingKey: string; readonly url: string | undefined }
  | { readonly kind: 'slack'; readonly url: string }
  | { readonly kind: 'webhook'; readonly url: string; readonly secrets: readonly string[] }
  | { readonly kind: 'datadog'; readonly apiKey: string; readonly site: string; readonly url: string | undefined }
  | { readonly kind: 'heartbeat'; readonly url: string; readonly everyMs: number }
);

interface Mqtt {
  readonly url: string;
  /** PEM, the content of the files. */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** Undefined: whoever connects makes one up. */
  readonly clientId: string | undefined;
  readonly prefix: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly commands: File['triggers'][number]['command'][];
}

type RecordSet = Omit<RecordInput, 'type'> & { readonly type: string };
type SwitchInput = File['switches'][string];
type Switch = ReturnType<typeof toSwitch>;
type Token = ReturnType<typeof toToken>;
type Trigger = ReturnType<typeof toTrigger>;
type Device = ReturnType<typeof toDevice>;

/** From the checked file to what the inside takes. */
export function toConfig(file: File, path: string, folder: string, material: Material): Config {
  const { http, store, route53, dns, mqtt, automation, datadog } = file;
  return freeze({
    path,
    http: { ...http, publicUrl: http.publicUrl?.replace(/\/+$/, '') },
    store: store.kind === 'sqlite' ? { ...store, path: resolve(folder, store.path) } : store,
    route53: {
      region: route53.region,
      endpoint: route53.endpoint,
      requestsPerSecond: route53.requestsPerSecond,
    },
    dns: { verify: dns.verify, nameServers: dns.nameServers },
    mqtt: mqtt && toMqtt(mqtt, material),
    automation: { mode: automation.mode, maxSwitches: automation.maxSwitches, withinMs: automation.within },
    switches: Object.entries(file.switches).map(([name, input]) => toSwitch(name, input, dns.verify)),
    tokens: file.tokens.map(toToken),
    triggers: file.triggers.map(toTrigger),
    devices: Object.entries(file.devices).map(toDevice),
    datadog: { noData: datadog.noData, warn: datadog.warn, maxAgeMs: datadog.maxAge },
    notify: file.notify.map(toNotifier),
  });
}

function toMqtt(mqtt: NonNullable<File['mqtt']>, material: Material): Mqtt {
  const { url, clientId, prefix, username, password, commands } = mqtt;
  const { ca, cert, key } = material;
  return { url, ca, cert, key, clientId, prefix, username, password, commands: [...new Set(commands)] };
}

function toSwitch(name: string, input: SwitchInput, verify: boolean) {
  const { guards } = input;
  const other = Object.keys(input.positions).find((position) => position !== 'primary');
  return {
    name,
    title: input.title ?? name,
    zone: input.zone,
    positions: byName(Object.entries(input.positions), (records) => records.map(toRecordSet)),
    failoverTo: input.failoverTo ?? other ?? '',
    probe: byName(Object.entries(input.probe ?? {}), ({ timeout, ...probe }) => ({ ...probe, timeoutMs: timeout })),
    guards: {
      hold: guards.hold,
      restoreAfterMs: guards.restoreAfter,
      cooldownMs: guards.cooldown,
      flapping: { moves: guards.flapping.moves, withinMs: guards.flapping.within },
      jobDeadlineMs: guards.jobDeadline,
    },
    verify,
  };
}

function toRecordSet(record: RecordInput): RecordSet {
  const { values, type } = record;
  if (!values) return record;
  return { ...record, values: values.map((text) => valueOf(type, text)) };
}

function valueOf(type: RecordInput['type'], text: string): string {
  const reading = readValue(type, text);
  return 'value' in reading ? reading.value : text;
}

function toToken(token: File['tokens'][number]) {
  return { ...token, via: token.via };
}

function toTrigger(trigger: File['triggers'][number]) {
  return { ...trigger, to: trigger.to };
}

function toDevice([name, device]: [string, File['devices'][string]]) {
  return { name, on: device.on, may: device.may, token: device.token, drillEveryMs: device.drillEvery };
}

const HEARTBEAT_MS = 60_000;

function toNotifier(input: File['notify'][number], index: number, all: File['notify']): Notifier {
  const before = all.slice(0, index).filter(({ kind }) => kind === input.kind).length;
  const { kind, url = '', routingKey = '', apiKey = '', secret = [], on = ['*'] } = input;
  const base = { name: before === 0 ? kind : `${kind}-${before + 1}`, on };
  switch (kind) {
    case 'pagerduty':
      return { ...base, kind, routingKey, url: input.url };
    case 'slack':
      return { ...base, kind, url };
    case 'webhook':
      return { ...base, kind, url, secrets: secret };
    case 'datadog':
      return { ...base, kind, apiKey, site: input.site ?? 'datadoghq.com', url: input.url };
    case 'heartbeat':
      return { ...base, kind, url, everyMs: input.every ?? HEARTBEAT_MS };
  }
}

/** Without a prototype: a position asked for by a stranger must not find `constructor`. */
function byName<In, Out>(
  entries: readonly (readonly [string, In])[],
  make: (input: In) => Out,
): Readonly<Record<string, Out>> {
  const found: Record<string, Out> = Object.create(null) as Record<string, Out>;
  for (const [name, input] of entries) found[name] = make(input);
  return found;
}

function freeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) freeze(part);
  }
  return value;
}
