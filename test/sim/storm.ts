import type { RecordSet } from '../../cloud/ports.ts';
import { NO_LOSS, type PlayedBroker } from './broker.ts';
import type { PlayedButton } from './button.ts';
import { brewButtons, healButtons } from './button-storm.ts';
import type { Chance } from './chance.ts';
import type { Endpoint } from './endpoint.ts';
import type { Ledger } from './ledger.ts';
import type { PlayedPager } from './pager.ts';
import { CALM, type PlayedRoute53, type Weather } from './route53.ts';
import type { Scenario } from './scenario.ts';
import type { PlayedTime } from './time.ts';
import { NO_TRAFFIC, type PlayedWeb } from './web.ts';
import { ownedOf, type PlayedZone } from './zone.ts';

export interface StormWorld {
  readonly scenario: Scenario;
  readonly time: PlayedTime;
  readonly chance: Chance;
  readonly broker: PlayedBroker;
  readonly pager: PlayedPager;
  readonly web: PlayedWeb;
  readonly route53: PlayedRoute53;
  readonly zones: ReadonlyMap<string, PlayedZone>;
  readonly endpoints: Endpoint[];
  readonly ledger: Pick<Ledger, 'unfinished'>;
  readonly buttons: readonly PlayedButton[];
  /** Starts another process in the place of one that is gone. */
  readonly start: () => void;
  /** Acts once, in the tick in which the next change leaves its process. */
  readonly onSend: (act: () => void) => void;
  readonly storeAway: (away: boolean) => void;
  readonly probes: (failing: boolean) => void;
  /** Somebody else has written to the records of that switch. */
  readonly foreign: (switchName: string) => void;
  readonly say: (text: string) => void;
}

const BAD: readonly Partial<Weather>[] = [
  { throttled: 0.9 },
  { throttled: 0.3, transitMs: 1_500 },
  { denied: 1 },
  { lostReply: 0.5, ghosts: 0.3 },
  { lostRequest: 0.4 },
  { broken: 0.6 },
  { lostReply: 0.2, lostRequest: 0.2, broken: 0.2, throttled: 0.2, transitMs: 2_500 },
  { pendingMs: 90_000 },
  { forgotten: 0.7 },
  { forgotten: 0.3, lostReply: 0.3 },
  { transitMs: 7_000 },
];

/** Everything that goes wrong in the world while the storm lasts; then all of it is over. */
export function brew(world: StormWorld, untilMs: number): void {
  const { scenario, time, chance, say } = world;
  const { faults } = scenario;

  function nowAndThen(everyMs: number, act: () => void, by = chance): void {
    const waitMs = by.int(everyMs / 5, everyMs * 1.8);
    if (time.nowMs() + waitMs >= untilMs) return;
    time.after(waitMs, () => {
      act();
      nowAndThen(everyMs, act, by);
    });
  }

  /** For a while, but not beyond the storm. */
  function during(ms: number, begin: () => void, end: () => void): void {
    begin();
    time.at(Math.min(untilMs, time.nowMs() + ms), end);
  }

  function someone(): Endpoint | undefined {
    const well = world.endpoints.filter(({ life }) => !life.isDead() && !life.isFrozen());
    return well.length === 0 ? undefined : chance.pick(well);
  }

  /** At once, or at the n-th call from now: the places between two commits are where it hurts. */
  function strike(endpoint: Endpoint, blow: () => void): void {
    if (chance.happens(0.3)) return blow();
    // The last look before a change is where it hurts most.
    const atLook = chance.happens(0.3);
    const when = (): 'before' | 'after' => chance.pick(['before', 'after']);
    if (atLook) endpoint.fuse.set(chance.int(1, 3), when(), blow, 'look');
    else endpoint.fuse.set(chance.int(1, 40), when(), blow);
  }

  function crash(): void {
    const endpoint = someone();
    if (!endpoint) return;
    strike(endpoint, () => {
      if (endpoint.life.isDead() || time.nowMs() >= untilMs) return;
      say(`${endpoint.name} dies`);
      endpoint.life.die();
      time.at(Math.min(untilMs, time.nowMs() + chance.pick([50, 1_000, 6_000, 25_000])), world.start);
    });
  }

  const silences = chance.fork('silences');

  /** While a restore waits, for so long that an alert may have come and gone. */
  function silence(): void {
    const waits = scenario.switches.some(({ name }) =>
      world.ledger.unfinished(name).some(({ status, data }) => status === 'waiting' && data.command === 'restore'),
    );
    const ms = silences.pick([22_000, 30_000]);
    if (!waits || time.nowMs() + ms >= untilMs) return;
    for (const { name, life } of world.endpoints) {
      if (life.isDead()) continue;
      say(`${name} dies for ${ms} ms`);
      life.die();
      time.after(ms, world.start);
    }
  }

  const doubts = chance.fork('doubts');

  /** For longer than the shortest deadline and the last read-back after it: nobody learns what became of a change. */
  function doubt(): void {
    const weather = doubts.pick([{ lostReply: 1 }, { lostRequest: 1 }]);
    const ms = doubts.pick([18_000, 26_000]);
    world.onSend(() => {
      if (time.nowMs() >= untilMs) return;
      say(`Route 53 answers nothing: ${JSON.stringify(weather)}`);
      during(
        ms,
        () => (world.route53.weather = { ...CALM, ...weather }),
        () => (world.route53.weather = CALM),
      );
    });
  }

  function freeze(): void {
    const endpoint = someone();
    if (!endpoint) return;
    strike(endpoint, () => {
      if (endpoint.life.isDead() || endpoint.life.isFrozen() || time.nowMs() >= untilMs) return;
      const ms = chance.pick([500, 3_000, 6_000, 12_000, 25_000]);
      say(`${endpoint.name} freezes for ${ms} ms`);
      during(
        ms,
        () => endpoint.life.freeze(),
        () => {
          say(`${endpoint.name} goes on`);
          endpoint.life.thaw();
        },
      );
    });
  }

  function stop(): void {
    const endpoint = someone();
    if (!endpoint) return;
    say(`${endpoint.name} is stopped`);
    const place = world.endpoints.indexOf(endpoint);
    world.endpoints.splice(place, 1);
    // An endpoint alone on its store has its port: the next one starts when it is gone.
    const alone = !scenario.isShared;
    const startMs = chance.pick([50, 2_000, 8_000]);
    void gone(endpoint, alone ? startMs : null);
    if (!alone) time.at(Math.min(untilMs, time.nowMs() + startMs), world.start);
  }

  async function gone(endpoint: Endpoint, startMs: number | null): Promise<void> {
    await endpoint.stop();
    say(`${endpoint.name} has stopped`);
    if (startMs !== null) time.after(startMs, world.start);
  }

  function badWeather(): void {
    const weather = chance.pick(BAD);
    say(`Route 53: ${JSON.stringify(weather)}`);
    during(
      chance.pick([2_000, 8_000, 20_000]),
      () => {
        world.route53.weather = { ...CALM, ...weather };
      },
      () => {
        world.route53.weather = CALM;
      },
    );
  }

  function foreignHand(): void {
    const settings = chance.pick(scenario.switches);
    const zone = world.zones.get(settings.zone);
    if (!zone) return;
    const live = zone.live();
    const name = `${settings.name}.example.test`;
    const stranger: RecordSet = { name, type: 'TXT', ttl: 60, values: ['"in the way"'] };
    const drift: RecordSet = { name, type: 'A', ttl: 60, values: [`203.0.113.${chance.int(1, 9)}`] };
    const there = live.find((set) => set.name === name && set.type === 'TXT');
    const deed = chance.int(0, 3);
    let batch: readonly { action: 'CREATE' | 'DELETE'; set: RecordSet }[];
    if (there || deed === 0) batch = [there ? { action: 'DELETE', set: there } : { action: 'CREATE', set: stranger }];
    else {
      const wanted = deed === 1 ? [drift] : (settings.positions[chance.pick(['primary', 'maintenance', 'dr'])] ?? []);
      batch = [
        ...ownedOf(live, settings).map((set) => ({ action: 'DELETE', set }) as const),
        ...wanted.map((set) => ({ action: 'CREATE', set }) as const),
      ];
    }
    const why = zone.apply(batch, time.nowMs() + 1_000);
    say(
      `somebody else: ${batch.map(({ action, set }) => `${action} ${set.type} ${set.values?.join()}`).join(', ')} (${why ?? 'done'})`,
    );
    if (why === null) world.foreign(settings.name);
  }

  if (faults.crashes) nowAndThen(7_000, crash);
  if (faults.freezes) nowAndThen(7_000, freeze);
  if (faults.silences) nowAndThen(1_500, silence, silences);
  if (faults.doubts) nowAndThen(6_000, doubt, doubts);
  if (faults.stops) nowAndThen(12_000, stop);
  if (faults.badWeather) nowAndThen(6_000, badWeather);
  if (faults.foreignHands) nowAndThen(8_000, foreignHand);
  if (faults.storeAway) {
    nowAndThen(10_000, () =>
      during(
        chance.pick([300, 2_000, 6_000]),
        () => world.storeAway(true),
        () => world.storeAway(false),
      ),
    );
  }
  if (faults.brokerOutages) {
    nowAndThen(12_000, () =>
      during(
        chance.pick([1_000, 8_000, 20_000]),
        () => {
          world.broker.setUp(false);
          if (chance.happens(0.5)) world.broker.forget();
        },
        () => world.broker.setUp(true),
      ),
    );
  }
  if (scenario.pagerOutages) {
    nowAndThen(12_000, () =>
      during(
        chance.pick([1_000, 8_000, 30_000]),
        () => (world.pager.away = true),
        () => (world.pager.away = false),
      ),
    );
  }
  if (faults.failingProbes) {
    nowAndThen(10_000, () =>
      during(
        8_000,
        () => world.probes(true),
        () => world.probes(false),
      ),
    );
  }
  if (faults.lossyBroker) {
    world.broker.loss = { lost: 0.2, doubled: 0.2, delayMs: chance.pick([100, 1_500, 4_000]) };
    time.at(untilMs, () => {
      world.broker.loss = NO_LOSS;
    });
  }
  if (faults.lossyWeb) {
    world.web.traffic = { lost: 0.15, doubled: 0.15, delayMs: chance.pick([100, 1_500, 6_000]) };
    time.at(untilMs, () => {
      world.web.traffic = NO_TRAFFIC;
    });
  }
  brewButtons(world, nowAndThen, untilMs);
  time.at(untilMs, () => heal(world));
}

/** All that is broken is whole again, and what stands in the way is gone. What was done stays as it is. */
function heal(world: StormWorld): void {
  const { scenario, time, zones } = world;
  world.say('the storm is over');
  world.route53.weather = CALM;
  world.broker.setUp(true);
  world.pager.away = false;
  world.storeAway(false);
  world.probes(false);
  healButtons(world.buttons);
  for (const { life, fuse } of world.endpoints) {
    fuse.set(Number.POSITIVE_INFINITY, 'before', () => undefined);
    if (life.isFrozen()) life.thaw();
  }
  for (const settings of scenario.switches) {
    const zone = zones.get(settings.zone);
    const strangers = zone?.live().filter(({ name, type }) => name.startsWith(`${settings.name}.`) && type === 'TXT');
    for (const set of strangers ?? []) zone?.apply([{ action: 'DELETE', set }], time.nowMs());
  }
}
