import { topics } from '../../shared/topics.ts';
import { State } from '../../shared/messages.ts';
import type { Store } from '../../cloud/engine/store.ts';
import type { Device } from '../../cloud/intake/caller.ts';
import { MQTT_RECEIVER } from '../../cloud/jobs/announce.ts';
import { makePlayedBroker } from './broker.ts';
import { type PlayedButton, startPlayedButton } from './button.ts';
import type { Chance } from './chance.ts';
import { checkApplied, checkSent, wantedBy } from './change-checks.ts';
import { checkDecision, type Claims, type Live } from './decision-checks.ts';
import { must } from './must.ts';
import { type Endpoint, startEndpoint } from './endpoint.ts';
import { checkChain, type Outcome } from './final-checks.ts';
import { makeLedger } from './ledger.ts';
import { makePeople } from './people.ts';
import { watchedLog } from './watched-log.ts';
import { makeRuleChecks } from './rule-checks.ts';
import { makePlayedPager, PAGER } from './pager.ts';
import { makePlayedRoute53 } from './route53.ts';
import type { Scenario } from './scenario.ts';
import { watchStore } from './store.ts';
import { makePlayedTime } from './time.ts';
import { makePlayedZone, ownedOf, positionOf, spelled } from './zone.ts';

const START_MS = Date.UTC(2026, 10, 22, 12, 0, 0);

/** A played world that stands ready: nothing has gone wrong yet, and every promise is watched from now on. */
export type World = ReturnType<typeof makeWorld>;

/**
 * Puts endpoints, buttons, broker, Route 53 and people together over one database. Time stands still until it is run.
 */
export function makeWorld(scenario: Scenario, chance: Chance, raw: Store) {
  const { switches } = scenario;
  const time = makePlayedTime(START_MS);
  const trace: string[] = [];
  const ledger = makeLedger(switches.map(({ name }) => name));
  const claims: Claims = new Map();
  const rules = makeRuleChecks(switches, scenario.automation);
  const answered = new Set<string>();
  const endpoints: Endpoint[] = [];
  let broken: string | null = null;
  let storeAway = false;
  let failingProbes = false;
  let decisions = 0;
  let changes = 0;
  let started = 0;
  let onSend: (() => void) | undefined;
  /** Commands of each sender that are stored: what a PUBACK has to wait for. */
  const commits = new Map<string, number>();
  /** Which endpoint acknowledged a message. */
  const heardBy = new WeakMap<object, string>();

  function say(text: string): void {
    trace.push(`${((time.nowMs() - START_MS) / 1_000).toFixed(3).padStart(9)} s  ${text}`);
  }

  /** The first promise that does not hold ends the play. */
  function hold(check: () => void): void {
    if (broken !== null) return;
    try {
      check();
    } catch (error) {
      broken = error instanceof Error ? error.message : String(error);
      say(`BROKEN: ${broken}`);
    }
  }

  const zones = new Map(
    scenario.zones.map(
      (id) =>
        [
          id,
          makePlayedZone(
            id,
            switches.filter(({ zone }) => zone === id),
          ),
        ] as const,
    ),
  );

  function settingsOf(name: string | undefined) {
    const settings = switches.find((one) => one.name === name);
    if (!settings) throw new Error(`there is no switch ${name}`);
    return settings;
  }

  function liveOf(zone: string) {
    return zones.get(zone)?.live() ?? [];
  }

  const live: Live = {
    asWanted(lane, job) {
      const settings = settingsOf(lane);
      const wanted = wantedBy(job, settings, ledger);
      return wanted !== undefined && spelled(ownedOf(liveOf(settings.zone), settings)) === spelled(wanted);
    },
    position: (lane) => positionOf(liveOf(settingsOf(lane).zone), settingsOf(lane)) ?? 'drifted',
  };

  const { store, watchRules } = watchStore(raw, time, {
    decided(what) {
      decisions++;
      const { event, decision, turn } = what;
      if (event.kind === 'command') commits.set(event.sender, (commits.get(event.sender) ?? 0) + 1);
      const asked = event.kind === 'command' ? `${event.sender} ${event.commandId ?? ''}` : event.kind;
      for (const { kind, text } of decision.journal) say(`${turn.lane} (${asked}, by ${turn.owner}) ${kind}: ${text}`);
      hold(() => checkDecision(what, ledger, claims, live));
      hold(() => rules.check(what, ledger));
    },
    claimed(made) {
      for (const { lease } of made) say(`${lease.owner} claims ${lease.job}, token ${lease.token}`);
      ledger.claim(made);
    },
    handedOver: (leases) => ledger.handOver(leases),
    passed: (lease, what) =>
      hold(() =>
        must(
          ledger.isNewest(lease),
          () => `${what} of ${lease.owner} for ${lease.job} passed with old token ${lease.token}`,
        ),
      ),
  });

  const route53 = makePlayedRoute53(time, chance.fork('route53'), zones, {
    sent(call, beside) {
      say(`${call.process} sends ${call.batch.comment}`);
      hold(() => checkSent(call, beside, ledger, time.nowMs()));
      const act = onSend;
      onSend = undefined;
      act?.();
    },
    applied(call, before) {
      changes++;
      hold(() => {
        const target = settingsOf(ledger.jobs.get(call.job)?.lane);
        const after = liveOf(call.zone);
        const when = checkApplied({ call, target, before, after, nowMs: time.nowMs() }, ledger);
        say(`Route 53 makes the change of ${call.process} for ${call.job}, ${when}`);
      });
    },
    forgotten(call) {
      say(`Route 53 accepts the change for ${call.job} and forgets it`);
      const job = ledger.jobs.get(call.job);
      if (job) job.forgotten = true;
    },
    say,
  });

  const broker = makePlayedBroker(time, chance.fork('broker'), {
    hearing(name, message) {
      const { topic } = message;
      const sender = topic.startsWith('devices/') ? `device:${topic.split('/')[1]}` : topic;
      const before = commits.get(sender) ?? 0;
      return () =>
        hold(() => {
          must((commits.get(sender) ?? 0) > before, () => `${name} acknowledged ${topic} before it had stored`);
          const other = heardBy.get(message);
          must(other === undefined, () => `${name} acted on what ${other} had heard: one word on ${topic}`);
          heardBy.set(message, name);
        });
    },
    published(_name, topic, payload) {
      if (!topic.endsWith('/jobs')) return;
      // Not parsed: it was checked whole when it was decided, and there are thousands of them.
      const id = /"id": "([^"]+)"/.exec(payload)?.[1] ?? '';
      hold(() => must(ledger.jobs.has(id), () => `${topic} tells of ${id}, which is not stored`));
    },
  });

  const pager = makePlayedPager(time, chance.fork('pager'), say);

  function sent(sender: string, id: string, ageMs: number, expiresInMs: number): void {
    const key = `${sender} ${id}`;
    const claim = claims.get(key) ?? { agesMs: new Set<number>(), expiresInMs };
    claim.agesMs.add(ageMs);
    claims.set(key, claim);
  }

  const devices: Device[] = ['lobby', 'desk'].slice(0, scenario.buttons).map((name) => {
    return { name, on: ['*'], may: ['failover', 'restore', 'drill'], token: undefined, drillEveryMs: undefined };
  });
  const buttonChance = chance.fork('buttons');
  const buttons: PlayedButton[] = devices.map(({ name }) =>
    startPlayedButton(
      {
        time,
        chance: buttonChance,
        broker,
        sent: (device, id, ageMs, expiresInMs) => sent(`device:${device}`, id, ageMs, expiresInMs),
        answered: (device, id) => void answered.add(`device:${device} ${id}`),
      },
      name,
      buttonChance.pick(switches).name,
      buttonChance.pick(scenario.buttonDeadlinesMs),
    ),
  );

  function start(): void {
    started++;
    const name = `endpoint${started}`;
    say(`${name} starts`);
    endpoints.push(
      startEndpoint(
        {
          scenario,
          devices,
          time,
          chance,
          route53,
          broker,
          pager,
          store,
          watchRules,
          isStoreAway: () => storeAway,
          prober: {
            probe: async () => ({ ok: !failingProbes, text: failingProbes ? 'It answered 500.' : 'It answered 200.' }),
          },
          log: (name) => watchedLog(name, say, hold),
        },
        name,
      ),
    );
  }

  const people = makePeople({
    scenario,
    time,
    chance: chance.fork('people'),
    broker,
    buttons,
    endpoints: () => endpoints,
    unfinished: (name) => ledger.unfinished(name).map(({ id }) => id),
    openAlerts: (name) => ledger.states.get(name)?.alerts.flatMap(({ key, open }) => (open ? [key] : [])) ?? [],
    say,
    sent,
    replied(endpoint, reply) {
      const { job } = reply;
      say(`${endpoint.name} answers: ${reply.text}`);
      if (job)
        hold(() =>
          must(ledger.jobs.has(job.id), () => `${endpoint.name} answered with ${job.id} before it was stored`),
        );
    },
  });

  function unhandled(error: unknown): void {
    hold(() => must(false, () => `unhandled rejection: ${error instanceof Error ? error.stack : String(error)}`));
  }

  async function outcome(): Promise<Outcome> {
    const lines = [MQTT_RECEIVER, PAGER].map((line) => raw.nextOutgoing(line, Number.MAX_SAFE_INTEGER));
    const waiting = (await Promise.all(lines)).some((message) => message !== undefined);
    const pressed = [...ledger.known.keys()].filter((key) => key.startsWith('device:'));
    return {
      scenario,
      ledger,
      zones,
      people,
      buttons,
      undelivered: waiting ? 1 : 0,
      called: pager.open(),
      unanswered: pressed.filter((key) => !answered.has(key)),
      retained(name) {
        const payload = broker.retained(topics.state(name));
        return payload === undefined ? undefined : State.parse(JSON.parse(payload));
      },
    };
  }

  async function checkJournal(): Promise<void> {
    const rows = await raw.journal(0, Number.MAX_SAFE_INTEGER);
    hold(() => checkChain(rows));
  }

  for (let nth = 0; nth < scenario.endpoints; nth++) start();

  return {
    scenario,
    time,
    trace,
    ledger,
    zones,
    route53,
    broker,
    pager,
    endpoints,
    buttons,
    people,
    say,
    hold,
    start,
    unhandled,
    outcome,
    checkJournal,
    /** The first promise that did not hold, or null. */
    broken: () => broken,
    told: () => ({ trace, decisions, changes }),
    storeAway(away: boolean): void {
      say(away ? 'the database goes away' : 'the database is back');
      storeAway = away;
    },
    probes(failing: boolean): void {
      failingProbes = failing;
    },
    /** Acts once, in the tick in which the next change leaves its process. */
    onSend(act: () => void): void {
      onSend = act;
    },
    /** Somebody else has written to the records of that switch. */
    foreign: (name: string) => void ledger.history.get(name)?.push({ by: null, atMs: time.nowMs() }),
  };
}
