import { makeEngine } from '../../cloud/engine/make-engine.ts';
import type { Store } from '../../cloud/engine/store.ts';
import { type Door, makeDoor, type SwitchEngine } from '../../cloud/intake/accept.ts';
import type { Device, Token, TriggerUrl } from '../../cloud/intake/caller.ts';
import { type HttpOptions, makeHttp } from '../../cloud/intake/http.ts';
import { makeMqttIntake } from '../../cloud/intake/mqtt.ts';
import { makePresence, type Presence } from '../../cloud/intake/presence.ts';
import { MQTT_RECEIVER, type MqttBody } from '../../cloud/jobs/announce.ts';
import type { JobData } from '../../cloud/jobs/command.ts';
import { makeRules } from '../../cloud/jobs/make-rules.ts';
import type { Switch } from '../../cloud/jobs/switch.ts';
import type { Bus, Ids, Meter, OnMessage, OutboundMessage } from '../../cloud/ports.ts';
import { openSqliteStore } from '../../cloud/store/sqlite.ts';
import type { Clock } from '../../shared/clock.ts';
import { type CommandName, COMMANDS } from '../../shared/command.ts';
import { type Log, silentLog } from '../../shared/log.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { watchAnswers } from './answers-described.ts';

export const SECRETS = {
  ops: 'ops-secret-0123456789',
  reader: 'reader-secret-012345678',
  datadog: 'datadog-secret-01234567',
  trigger: 'trigger-secret-01234567',
  lobby: 'lobby-secret-0123456789',
} as const;

export const TRIGGER_ID = '4b0c6f3e5d2a41f7a9e0b1c2d3e4f5a6';

const all: Omit<Token, 'name' | 'secret'> = { on: ['*'], may: ['*'], via: undefined, automatic: false };

const TOKENS: readonly Token[] = [
  { ...all, name: 'ops', secret: SECRETS.ops },
  { ...all, name: 'reader', secret: SECRETS.reader, on: ['api'], may: [] },
  { ...all, name: 'datadog', secret: SECRETS.datadog, via: ['datadog'] },
];

const TRIGGERS: readonly TriggerUrl[] = [
  {
    id: TRIGGER_ID,
    secret: SECRETS.trigger,
    switch: 'www',
    command: 'failover',
    to: 'maintenance',
    automatic: false,
  },
];

export const DEVICES: readonly Device[] = [
  { name: 'lobby', on: ['www'], may: ['failover', 'restore'], token: SECRETS.lobby, drillEveryMs: undefined },
  { name: 'roof', on: ['*'], may: ['failover'], token: undefined, drillEveryMs: undefined },
];

const SWITCHES: readonly Switch[] = [makeSwitch('www'), makeSwitch('api')];

function makeSwitch(name: string): Switch {
  const record = (value: string) => ({ name: `${name}.example.test`, type: 'A', ttl: 60, values: [value] });
  return {
    name,
    title: name,
    zone: 'Z0123456789ABC',
    positions: { primary: [record('192.0.2.10')], maintenance: [record('192.0.2.20')] },
    failoverTo: 'maintenance',
    probe: {},
    guards: {
      hold: 'until-released',
      restoreAfterMs: 120_000,
      cooldownMs: 300_000,
      flapping: { moves: 4, withinMs: 3_600_000 },
      jobDeadlineMs: 600_000,
    },
    verify: true,
  };
}

/** For tests that are not about metrics. */
export const silentMeter: Meter = { count() {}, time() {}, text: async () => '' };

export interface TestEndpoint extends AsyncDisposable {
  readonly door: Door;
  readonly engine: SwitchEngine;
  readonly store: Store;
  readonly presence: Presence;
  readonly http: Awaited<ReturnType<typeof makeHttp>>;
  /** `http://127.0.0.1:port`, once `listen` was called. */
  listen(): Promise<string>;
  /** What the broker's handler calls. */
  readonly hear: OnMessage;
  /** What was published, errors and job messages alike, oldest first. */
  readonly published: OutboundMessage[];
  /** While closed, jobs stay in their first step. */
  readonly gate: { open(): void };
}

export interface TestEndpointOptions {
  readonly commands?: readonly CommandName[];
  readonly clock?: Clock;
  readonly log?: Log;
  readonly gated?: boolean;
  readonly publish?: Bus['publish'];
  readonly http?: Partial<HttpOptions>;
  readonly store?: (store: Store) => Store;
}

/** Engine, rules, store, door and roads as they are; only the runbook is played: it succeeds. */
export async function makeEndpoint(options: TestEndpointOptions = {}): Promise<TestEndpoint> {
  const { clock = systemClock, log = silentLog } = options;
  const stop = new AbortController();
  const real = await openSqliteStore({ path: ':memory:', clock });
  const store = options.store ? options.store(real) : real;
  const gate = Promise.withResolvers<void>();
  if (options.gated !== true) gate.resolve();
  const published: OutboundMessage[] = [];
  const publish =
    options.publish ??
    (async (message: OutboundMessage): Promise<void> => {
      published.push(message);
    });
  const automation = { mode: 'on', maxSwitches: 3, withinMs: 600_000 } as const;
  const engine: SwitchEngine = makeEngine({
    store,
    rules: makeRules({ switches: new Map(SWITCHES.map((settings) => [settings.name, settings])), automation }),
    runbook: async (run) => {
      await run.step('guard', async () => {
        await gate.promise;
        return { text: 'The destination answers.', detail: null };
      });
      const reading = { kind: 'position', position: run.job.data.to } as const;
      const outcome = run.job.data.command === 'drill' ? 'drilled' : 'switched';
      const data: JobData = { ...run.job.data, outcome, verified: true, reading };
      return { status: 'succeeded', data };
    },
    failed: ({ data }, { code, message, hint }) => ({
      status: 'failed',
      data: { ...data, error: { code, message, hint, guard: null } },
    }),
    stopped: ({ data }) => ({ status: 'cancelled', data }),
    receivers: {
      [MQTT_RECEIVER]: {
        async deliver({ body }) {
          const { correlationData, ...message } = body as MqttBody;
          await publish({
            ...message,
            ...(correlationData !== undefined && { correlationData: Buffer.from(correlationData, 'base64') }),
          });
          return { kind: 'delivered' };
        },
      },
    },
    lanes: SWITCHES.map(({ name }) => name),
    owner: 'test',
    clock,
    ids: countingIds(),
    log,
  });
  const door = makeDoor({
    engine,
    switches: SWITCHES,
    record: (entry, atMs) => store.record(entry, atMs),
    clock,
    log,
    signal: stop.signal,
  });
  const presence = makePresence(clock, () => true);
  const hear = makeMqttIntake({
    door,
    switches: SWITCHES.map(({ name }) => name),
    devices: DEVICES,
    commands: options.commands ?? COMMANDS,
    prefix: 'dashover/v1',
    presence,
    bus: () => ({ publish }),
    clock,
    log,
    signal: stop.signal,
  });
  const http = await makeHttp({
    door,
    engine,
    switches: SWITCHES,
    automation,
    tokens: TOKENS,
    triggers: TRIGGERS,
    devices: DEVICES,
    datadog: { noData: 'alert', warn: 'ignore', maxAgeMs: 600_000 },
    presence,
    journal: (after, limit) => store.journal(after, limit),
    journalBefore: (before, limit) => store.journalBefore(before, limit),
    journalAnchor: () => store.journalAnchor(),
    checks: [],
    meter: silentMeter,
    watched: { receivers: [MQTT_RECEIVER], waitingForMs: async () => 0, speaks: null },
    trustProxy: false,
    publicUrl: undefined,
    version: '0.0.0',
    pages: async () => undefined,
    clock,
    log,
    ...options.http,
  });
  const misfits = watchAnswers(http);
  engine.start();
  for (const { name } of SWITCHES) {
    const reading = { kind: 'position', position: 'primary' } as const;
    await engine.command(name, { kind: 'observed', reading }, { sender: 'watch', commandId: null });
  }
  return {
    door,
    engine,
    store,
    presence,
    http,
    hear,
    published,
    gate: { open: () => gate.resolve() },
    listen: () => http.listen({ host: '127.0.0.1', port: 0 }),
    async [Symbol.asyncDispose]() {
      stop.abort();
      gate.resolve();
      const wrong = await misfits();
      await http.close();
      await engine.stop(0);
      await real[Symbol.asyncDispose]();
      if (wrong.length > 0) throw new Error(`Answers are not as /openapi.json says:\n${wrong.join('\n')}`);
    },
  };
}

function countingIds(): Ids {
  let count = 0;
  return { next: () => `id-${String(++count).padStart(6, '0')}`, random: () => 0.5 };
}
