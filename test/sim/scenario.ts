import type { Automation, Guards, Switch } from '../../cloud/jobs/switch.ts';
import type { RecordSet } from '../../cloud/ports.ts';
import type { Chance } from './chance.ts';
import type { DiskWeather } from './machine.ts';

/** What a seed plays: how many of everything, which kinds of faults, and how the endpoint is configured. */
export interface Scenario {
  readonly switches: readonly Switch[];
  readonly zones: readonly string[];
  readonly automation: Automation;
  readonly endpoints: number;
  /** Whether the store is one that several endpoints share, as PostgreSQL is. */
  readonly isShared: boolean;
  /** Whether the endpoints' HTTP servers are played too: whoever asks something goes through them. */
  readonly http: boolean;
  readonly buttons: number;
  /** For how long a press is worth sending: each button has one of these. */
  readonly buttonDeadlinesMs: readonly number[];
  readonly roads: Roads;
  /** Milliseconds in which faults happen and people press. */
  readonly stormMs: number;
  readonly faults: Faults;
  /** Milliseconds between two deeds of a person, and of an alert source, on average. */
  readonly personMs: number;
  readonly alertMs: number;
  /** Whether the pager is out of reach now and then. */
  readonly pagerOutages: boolean;
}

/** What a button has besides MQTT: a road over HTTPS, a place to keep a press, and how well that takes it. */
export interface Roads {
  readonly hasSecondRoad: boolean;
  readonly hasOutbox: boolean;
  readonly disk: DiskWeather;
}

/** Not every seed has every kind: what happens alone is found out better alone. */
interface Faults {
  readonly crashes: boolean;
  readonly freezes: boolean;
  readonly silences: boolean;
  readonly doubts: boolean;
  readonly stops: boolean;
  readonly storeAway: boolean;
  readonly brokerOutages: boolean;
  readonly lossyBroker: boolean;
  readonly lossyWeb: boolean;
  readonly buttonCrashes: boolean;
  readonly buttonSleeps: boolean;
  readonly buttonClocks: boolean;
  readonly badWeather: boolean;
  readonly foreignHands: boolean;
  readonly failingProbes: boolean;
}

/** An HTTP server costs as much to build as half a seed to play, and each process has its own. */
const HTTP_SHARE = 0.35;

const NAMES = ['www', 'shop', 'mail', 'api'];

export function drawScenario(chance: Chance): Scenario {
  const often = (): boolean => chance.happens(0.5);
  const zones = chance.happens(0.3) ? ['Z1', 'Z2'] : ['Z1'];
  const count = chance.pick([1, 1, 2, 3]);
  const doubts = chance.fork('doubts').happens(0.2);
  const drawn = drawGuards(chance);
  // Outcomes that nobody learns take as long as a deadline and a last read-back.
  const guards = doubts ? { ...drawn, jobDeadlineMs: 6_000 } : drawn;
  const endpoints = chance.pick([1, 1, 2]);
  const http = chance.happens(HTTP_SHARE);
  const switches = NAMES.slice(0, count).map((name, at) => switchNamed(name, at, chance.pick(zones), guards, chance));
  return {
    switches,
    zones,
    automation: {
      mode: chance.pick(['on', 'on', 'on', 'on', 'on', 'on', 'on', 'observe', 'off']),
      maxSwitches: chance.pick([1, 2, 3]),
      withinMs: chance.pick([60_000, 600_000]),
    },
    endpoints,
    isShared: endpoints > 1,
    http,
    buttons: chance.pick([1, 1, 2]),
    buttonDeadlinesMs: [5_000, 20_000, 60_000],
    roads: {
      hasSecondRoad: http && chance.happens(0.7),
      hasOutbox: chance.happens(0.8),
      disk: chance.happens(0.2) ? { full: 0.3, slow: 0.3 } : { full: 0, slow: 0.02 },
    },
    stormMs: Math.max(chance.pick([15_000, 30_000, 60_000]), doubts ? 60_000 : 0),
    faults: {
      crashes: often(),
      freezes: often(),
      silences: chance.fork('silences').happens(0.2),
      doubts,
      stops: chance.happens(0.3),
      storeAway: chance.happens(0.3),
      brokerOutages: chance.happens(0.3),
      lossyBroker: often(),
      lossyWeb: often(),
      buttonCrashes: often(),
      buttonSleeps: chance.happens(0.3),
      buttonClocks: chance.happens(0.3),
      badWeather: chance.happens(0.6),
      foreignHands: chance.happens(0.3),
      failingProbes: chance.happens(0.2),
    },
    personMs: chance.pick([2_000, 5_000, 12_000]),
    alertMs: chance.pick([3_000, 8_000, 20_000]),
    pagerOutages: chance.happens(0.4),
  };
}

function drawGuards(chance: Chance): Guards {
  return {
    hold: chance.pick(['until-released', 'none', 6_000, 15_000] as const),
    restoreAfterMs: chance.pick([0, 2_000, 6_000]),
    cooldownMs: chance.pick([0, 4_000, 12_000]),
    flapping: { moves: chance.pick([2, 3, 4, 50]), withinMs: chance.pick([60_000, 600_000]) },
    jobDeadlineMs: chance.pick([6_000, 20_000, 60_000]),
  };
}

function switchNamed(name: string, at: number, zone: string, guards: Guards, chance: Chance): Switch {
  const host = `${name}.example.test`;
  const a = (value: string): RecordSet => ({ name: host, type: 'A', ttl: 60, values: [value] });
  const primary = [a(`192.0.2.${at + 10}`)];
  if (chance.happens(0.6)) primary.push({ name: host, type: 'AAAA', ttl: 30, values: [`2001:db8::${at + 10}`] });
  const cname: RecordSet = { name: host, type: 'CNAME', ttl: 60, values: ['maintenance.example.net'] };
  return {
    name,
    title: name,
    zone,
    positions: {
      primary,
      maintenance: chance.happens(0.7) ? [cname] : [a(`192.0.2.${at + 60}`)],
      dr: [a(`192.0.2.${at + 110}`)],
    },
    failoverTo: 'maintenance',
    probe: {
      primary: { url: `https://${host}/`, expect: [200], timeoutMs: 3_000 },
      maintenance: { url: 'https://maintenance.example.net/', expect: [200], timeoutMs: 3_000 },
    },
    guards,
    verify: chance.happens(0.5),
  };
}
