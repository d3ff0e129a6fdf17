import { topics } from '../../shared/topics.ts';
import { State } from '../../shared/messages.ts';
import type { Store } from '../../cloud/engine/store.ts';
import { MQTT_RECEIVER } from '../../cloud/jobs/announce.ts';
import { makePlayedBroker } from './broker.ts';
import { type PlayedButton, startPlayedButton } from './button.ts';
import { devicesOf } from './callers.ts';
import type { Chance } from './chance.ts';
import { must } from './must.ts';
import { type Endpoint, startEndpoint } from './endpoint.ts';
import type { Outcome } from './final-checks.ts';
import { makePeople } from './people.ts';
import { watchedLog } from './watched-log.ts';
import { makePlayedPager, PAGER } from './pager.ts';
import { makePlayedRoute53 } from './route53.ts';
import type { Scenario } from './scenario.ts';
import { watchStore } from './store.ts';
import { makePlayedTime } from './time.ts';
import { makeWitness } from './witness.ts';
import { makePlayedWeb } from './web.ts';
import { makePlayedZone } from './zone.ts';

const START_MS = Date.UTC(2026, 10, 22, 12, 0, 0);

/** A played world that stands ready: nothing has gone wrong yet, and every promise is watched from now on. */
export type World = ReturnType<typeof makeWorld>;

/**
 * Puts endpoints, buttons, broker, Route 53 and people together over one database. Time stands still until it is run.
 */
export function makeWorld(scenario: Scenario, chance: Chance, raw: Store) {
  const { switches } = scenario;
  const time = makePlayedTime(START_MS);
  const endpoints: Endpoint[] = [];
  let storeAway = false;
  let failingProbes = false;
  let started = 0;

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
  const witness = makeWitness({ scenario, time, zones, isStoreAway: () => storeAway });
  const { ledger, say, hold } = witness;
  const { store, watchRules } = watchStore(raw, time, witness.ofStore);
  const route53 = makePlayedRoute53(time, chance.fork('route53'), zones, witness.ofRoute53);
  const broker = makePlayedBroker(time, chance.fork('broker'), witness.ofBroker);
  const web = makePlayedWeb(time, chance.fork('web'), () => endpoints);
  const pager = makePlayedPager(time, chance.fork('pager'), say);

  const buttonChance = chance.fork('buttons');
  const buttons: PlayedButton[] = devicesOf(scenario.buttons).map(({ name, token = '' }) =>
    startPlayedButton(
      { time, chance: buttonChance, broker, web, checks: witness.presses, hold, say, sent: witness.sent },
      {
        device: name,
        switch: buttonChance.pick(switches).name,
        token,
        deadlineMs: buttonChance.pick(scenario.buttonDeadlinesMs),
        ...scenario.roads,
      },
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
    revision: (name) => ledger.states.get(name)?.revision ?? 0,
    openAlerts: (name) => ledger.states.get(name)?.alerts.flatMap(({ key, open }) => (open ? [key] : [])) ?? [],
    say,
    sent: witness.sent,
    web,
    answered: witness.concluded,
    turnedAway: witness.turnedAway,
    looks: witness.looks,
    replied(endpoint, reply) {
      const { job } = reply;
      say(`${endpoint.name} answers: ${reply.text}`);
      if (job)
        hold(() =>
          must(ledger.jobs.has(job.id), () => `${endpoint.name} answered with ${job.id} before it was stored`),
        );
    },
  });

  async function outcome(): Promise<Outcome> {
    const lines = [MQTT_RECEIVER, PAGER].map((line) => raw.nextOutgoing(line, Number.MAX_SAFE_INTEGER));
    const waiting = (await Promise.all(lines)).some((message) => message !== undefined);
    return {
      scenario,
      ledger,
      zones,
      people,
      buttons,
      undelivered: waiting ? 1 : 0,
      called: pager.open(),
      unanswered: witness.presses.open(),
      owed: witness.told.owed(),
      retained(name) {
        const payload = broker.retained(topics.state(name));
        return payload === undefined ? undefined : State.parse(JSON.parse(payload));
      },
    };
  }

  for (let nth = 0; nth < scenario.endpoints; nth++) start();

  return {
    scenario,
    time,
    witness,
    ledger,
    zones,
    route53,
    broker,
    pager,
    web,
    endpoints,
    buttons,
    people,
    say,
    hold,
    start,
    outcome,
    broken: witness.broken,
    foreign: witness.foreign,
    onSend: witness.onSend,
    checkJournal: () => witness.checkJournal(raw),
    storeAway(away: boolean): void {
      say(away ? 'the database goes away' : 'the database is back');
      storeAway = away;
    },
    probes(failing: boolean): void {
      failingProbes = failing;
    },
  };
}
