import type { Store } from '../../cloud/engine/store.ts';
import type { BrokerWatcher } from './broker.ts';
import { type LookChecks, makeAnswerChecks, makeLookChecks } from './answer-checks.ts';
import { checkCancel } from './cancel-checks.ts';
import { checkApplied, checkSent, wantedBy } from './change-checks.ts';
import { checkDecision, type Claims, type Live } from './decision-checks.ts';
import { checkChain } from './final-checks.ts';
import { makeLedger } from './ledger.ts';
import { must } from './must.ts';
import { makePressChecks } from './press-checks.ts';
import type { Request } from './requests.ts';
import type { Route53Watcher } from './route53.ts';
import { makeRuleChecks } from './rule-checks.ts';
import type { Scenario } from './scenario.ts';
import type { StoreWatcher } from './store.ts';
import type { PlayedTime } from './time.ts';
import { makeToldChecks } from './told-checks.ts';
import type { Answered } from './web.ts';
import { ownedOf, type PlayedZone, positionOf, spelled } from './zone.ts';

export interface WitnessedWorld {
  readonly scenario: Scenario;
  readonly time: PlayedTime;
  readonly zones: ReadonlyMap<string, PlayedZone>;
  readonly isStoreAway: () => boolean;
}

/** Sees all that happens in a world, writes it down, and holds every promise against it. */
export function makeWitness({ scenario, time, zones, isStoreAway }: WitnessedWorld) {
  const { switches } = scenario;
  const startMs = time.nowMs();
  const trace: string[] = [];
  const ledger = makeLedger(switches.map(({ name }) => name));
  const claims: Claims = new Map();
  const rules = makeRuleChecks(switches, scenario.automation);
  const told = makeToldChecks(scenario.automation);
  const answers = makeAnswerChecks(ledger);
  const looks = makeLookChecks(ledger);
  const presses = makePressChecks(ledger, () => time.nowMs());
  /** Commands of each sender that are stored: what a PUBACK has to wait for. */
  const commits = new Map<string, number>();
  /** Which endpoint acknowledged a message. */
  const heardBy = new WeakMap<object, string>();
  let broken: string | null = null;
  let decisions = 0;
  let changes = 0;
  let onSend: (() => void) | undefined;

  function say(text: string): void {
    trace.push(`${((time.nowMs() - startMs) / 1_000).toFixed(3).padStart(9)} s  ${text}`);
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

  const ofStore: StoreWatcher = {
    decided(what) {
      decisions++;
      const { event, decision, turn } = what;
      if (event.kind === 'command') commits.set(event.sender, (commits.get(event.sender) ?? 0) + 1);
      const asked = event.kind === 'command' ? `${event.sender} ${event.commandId ?? ''}` : event.kind;
      for (const { kind, text } of decision.journal) say(`${turn.lane} (${asked}, by ${turn.owner}) ${kind}: ${text}`);
      hold(() => checkDecision(what, ledger, claims, live));
      hold(() => checkCancel(what, ledger));
      hold(() => rules.check(what, ledger));
      hold(() => told.decided(what, ledger));
      hold(() => presses.decided(what));
      const reason = event.kind === 'command' && 'reason' in event.command ? event.command.reason : null;
      if (reason !== null) hold(() => answers.stored(reason));
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
  };

  const ofRoute53: Route53Watcher = {
    sent(call, beside) {
      say(`${call.process} sends ${call.batch.comment}`);
      hold(() => checkSent(call, beside, ledger, time.nowMs()));
      const job = ledger.jobs.get(call.job);
      if (job) job.sentAtMs ??= time.nowMs();
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
  };

  const ofBroker: BrokerWatcher = {
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
      told.published(topic, payload);
      if (!topic.endsWith('/jobs')) return;
      // Not parsed: it was checked whole when it was decided, and there are thousands of them.
      const id = /"id": "([^"]+)"/.exec(payload)?.[1] ?? '';
      hold(() => must(ledger.jobs.has(id), () => `${topic} tells of ${id}, which is not stored`));
    },
    forgotten: () => told.forgotten(),
    connected: () => told.connected(isStoreAway()),
  };

  return {
    trace,
    ledger,
    told,
    say,
    hold,
    ofStore,
    ofRoute53,
    ofBroker,
    /** A command with an id leaves its sender. */
    sent: (sender: string, id: string, ageMs: number, expiresInMs: number, dated = false): void => {
      const key = `${sender} ${id}`;
      const claim = claims.get(key) ?? { agesMs: new Set<number>(), expiresInMs, dated };
      claim.agesMs.add(ageMs);
      claim.dated ||= dated;
      claims.set(key, claim);
    },
    presses,
    /** Whoever asked over HTTP has an answer; returns whether they ask again. */
    concluded: (request: Request, tag: string, heard: Answered): 'over' | 'again' => {
      let next: 'over' | 'again' = 'over';
      hold(() => (next = answers.check(request, tag, heard)));
      return next;
    },
    turnedAway: (tag: string, status: number): void => hold(() => answers.checkGuess(tag, status)),
    /** Somebody looks at the switch or its job, and then sees something. */
    looks: (name: string, job: string | undefined): ReturnType<LookChecks['before']> => {
      const check = looks.before(name, job);
      return (kind, answer) => hold(() => check(kind, answer));
    },
    unhandled: (error: unknown): void =>
      hold(() => must(false, () => `unhandled rejection: ${error instanceof Error ? error.stack : String(error)}`)),
    async checkJournal(store: Store): Promise<void> {
      const rows = await store.journal(0, Number.MAX_SAFE_INTEGER);
      hold(() => checkChain(rows));
    },
    /** Acts once, in the tick in which the next change leaves its process. */
    onSend: (act: () => void): void => {
      onSend = act;
    },
    /** Somebody else has written to the records of that switch. */
    foreign: (name: string) => void ledger.history.get(name)?.push({ by: null, atMs: time.nowMs() }),
    /** The first promise that did not hold, or null. */
    broken: () => broken,
    count: () => ({ decisions, changes }),
  };
}
