import type { Store } from '../../cloud/engine/store.ts';
import type { SwitchState } from '../../cloud/jobs/state.ts';
import type { Guards, Switch } from '../../cloud/jobs/switch.ts';
import type { RecordSet } from '../../cloud/ports.ts';
import { DATADOG, OPS } from './callers.ts';
import { makeChance } from './chance.ts';
import type { Endpoint } from './endpoint.ts';
import type { Request } from './requests.ts';
import type { Scenario } from './scenario.ts';
import { makeWorld, type World } from './world.ts';
import { positionOf } from './zone.ts';

/** A played world in which nothing is left to chance: a scene is acted, and every promise is watched all the same. */
export interface Stage {
  readonly world: World;
  /** Lets time pass. */
  pass(ms: number): Promise<void>;
  /** Lets time pass until the live records equal that position and the switch knows it; throws with the trace. */
  until(position: string, limitMs?: number, name?: string): Promise<void>;
  /** The monitor of the switch: a new cycle, its renotification, its recovery. */
  alert(what: 'opens' | 'opens again' | 'closes', name?: string): Promise<void>;
  /** A person at the command line. */
  ask(
    command: 'failover' | 'restore',
    options: { readonly to?: string; readonly id?: string },
    name?: string,
  ): Promise<void>;
  live(name?: string): string | null;
  state(name?: string): SwitchState | undefined;
  /** Somebody's TXT record at the name, which stands in the way of a CNAME. */
  stranger(action: 'CREATE' | 'DELETE'): void;
  /** The endpoint that answers now. */
  owner(): Endpoint;
  kill(): void;
  /** The end of the scene. Throws with the trace when any promise did not hold in it. */
  end(): void;
}

interface StageOptions {
  readonly switches?: readonly string[];
  readonly guards?: Partial<Guards>;
  /** With the HTTP server of the endpoint, and the road of the button to it. */
  readonly http?: boolean;
}

export async function stage(store: Store, options: StageOptions = {}): Promise<Stage> {
  const names = options.switches ?? ['www'];
  const switches = names.map((name, at) => switchNamed(name, at, options.guards ?? {}));
  const world = makeWorld(scenarioOf(switches, options.http ?? false), makeChance(1), store);
  const cycles = new Map<string, number>();
  process.on('unhandledRejection', world.witness.unhandled);

  async function pass(ms: number): Promise<void> {
    await world.time.run(world.time.nowMs() + ms, () => world.broken() === null);
  }

  function settingsOf(name: string): Switch {
    const settings = switches.find((one) => one.name === name);
    if (!settings) throw new Error(`there is no switch ${name}`);
    return settings;
  }

  function live(name = 'www'): string | null {
    const settings = settingsOf(name);
    return positionOf(world.zones.get(settings.zone)?.live() ?? [], settings);
  }

  function owner(): Endpoint {
    const found = world.endpoints.find(({ life }) => !life.isDead() && !life.isFrozen());
    if (!found) throw new Error('no endpoint is alive');
    return found;
  }

  /** A request, and a moment for its answer: an endpoint that dies of it never gives one. */
  async function knock(request: Request): Promise<void> {
    const trouble: unknown[] = [];
    owner()
      .accept(request)
      .catch((error: unknown) => trouble.push(error));
    await pass(100);
    if (trouble.length > 0) throw trouble[0];
  }

  const acted: Stage = {
    world,
    pass,
    async until(position, limitMs = 60_000, name = 'www') {
      const endMs = world.time.nowMs() + limitMs;
      while (live(name) !== position || acted.state(name)?.position !== position) {
        if (world.broken() !== null || world.time.nowMs() >= endMs) {
          throw new Error(`${world.witness.trace.join('\n')}\n${name} is at ${live(name)} and not at ${position}`);
        }
        await pass(200);
      }
    },
    async alert(what, name = 'www') {
      if (what === 'opens') cycles.set(name, (cycles.get(name) ?? 0) + 1);
      const event = { key: `errors:${name}`, cycle: `c${cycles.get(name)}`, title: 'errors', atMs: world.time.nowMs() };
      const command = what === 'closes' ? 'restore' : 'failover';
      await knock({
        caller: DATADOG,
        switch: name,
        ask: { kind: 'move', command, options: {}, alert: event },
        replyTo: [],
      });
    },
    ask: (command, options, name = 'www') =>
      knock({ caller: OPS, switch: name, ask: { kind: 'move', command, options, alert: null }, replyTo: [] }),
    live,
    state: (name = 'www') => world.ledger.states.get(name),
    stranger(action) {
      const set: RecordSet = { name: 'www.example.test', type: 'TXT', ttl: 60, values: ['"in the way"'] };
      world.zones.get('Z1')?.apply([{ action, set }], world.time.nowMs());
    },
    owner,
    kill: () => owner().life.die(),
    end() {
      world.time.end();
      process.off('unhandledRejection', world.witness.unhandled);
      const broken = world.broken();
      if (broken !== null) throw new Error(`${world.witness.trace.join('\n')}\n${broken}`);
    },
  };
  // The records are read, the broker is reached.
  await pass(2_000);
  return acted;
}

function scenarioOf(switches: readonly Switch[], http: boolean): Scenario {
  return {
    switches,
    zones: ['Z1'],
    automation: { mode: 'on', maxSwitches: 3, withinMs: 600_000 },
    endpoints: 1,
    isShared: true,
    http,
    buttons: 1,
    buttonDeadlinesMs: [60_000],
    roads: { hasSecondRoad: http, hasOutbox: true, disk: { full: 0, slow: 0 } },
    stormMs: 0,
    faults: {
      crashes: false,
      freezes: false,
      silences: false,
      doubts: false,
      stops: false,
      storeAway: false,
      brokerOutages: false,
      lossyBroker: false,
      lossyWeb: false,
      buttonCrashes: false,
      buttonSleeps: false,
      buttonClocks: false,
      badWeather: false,
      foreignHands: false,
      failingProbes: false,
    },
    personMs: 1,
    alertMs: 1,
    pagerOutages: false,
  };
}

function switchNamed(name: string, at: number, guards: Partial<Guards>): Switch {
  const host = `${name}.example.test`;
  return {
    name,
    title: name,
    zone: 'Z1',
    positions: {
      primary: [
        { name: host, type: 'A', ttl: 60, values: [`192.0.2.${10 + at}`] },
        { name: host, type: 'AAAA', ttl: 60, values: [`2001:db8::${10 + at}`] },
      ],
      maintenance: [{ name: host, type: 'CNAME', ttl: 60, values: ['maintenance.example.net'] }],
      dr: [{ name: host, type: 'A', ttl: 60, values: [`192.0.2.${110 + at}`] }],
    },
    failoverTo: 'maintenance',
    probe: {},
    guards: {
      hold: 'until-released',
      restoreAfterMs: 120_000,
      cooldownMs: 300_000,
      flapping: { moves: 4, withinMs: 3_600_000 },
      jobDeadlineMs: 600_000,
      ...guards,
    },
    verify: true,
  };
}
