import { type Fault, isFault } from '../../shared/faults.ts';
import { topics } from '../../shared/topics.ts';
import type { Reply } from '../../cloud/jobs/command.ts';
import type { PlayedBroker } from './broker.ts';
import type { PlayedButton } from './button.ts';
import { DATADOG, OPS, triggersOf } from './callers.ts';
import type { LookChecks } from './answer-checks.ts';
import type { Chance } from './chance.ts';
import type { Endpoint } from './endpoint.ts';
import type { Scenario } from './scenario.ts';
import { type Ask, questionOf, type Request } from './requests.ts';
import type { PlayedTime } from './time.ts';
import type { Answered, PlayedWeb } from './web.ts';

/** So long people wait for an answer. */
const PATIENCE_MS = 10_000;

/** One monitor, as its source knows it. */
interface Monitor {
  readonly key: string;
  readonly switch: string;
  cycle: number;
  open: boolean;
}

export interface PeopleWorld {
  readonly scenario: Scenario;
  readonly time: PlayedTime;
  readonly chance: Chance;
  readonly broker: PlayedBroker;
  readonly buttons: readonly PlayedButton[];
  readonly endpoints: () => readonly Endpoint[];
  readonly unfinished: (switchName: string) => readonly string[];
  /** As the person last saw it. */
  readonly revision: (switchName: string) => number;
  readonly openAlerts: (switchName: string) => readonly string[];
  readonly say: (text: string) => void;
  /** A command with an id leaves. */
  readonly sent: (sender: string, id: string, ageMs: number, expiresInMs: number) => void;
  readonly replied: (endpoint: Endpoint, reply: Reply) => void;
  /** The network to the endpoints' HTTP servers, where the seed plays them. */
  readonly web: PlayedWeb;
  /** A request was answered over HTTP; returns whether it is to be sent again. */
  readonly answered: (request: Request, tag: string, answered: Answered) => 'over' | 'again';
  /** What a wrong secret was answered. */
  readonly turnedAway: (tag: string, status: number) => void;
  /** Somebody looks; what is shown is held against what was so before. */
  readonly looks: (name: string, job: string | undefined) => ReturnType<LookChecks['before']>;
}

export interface People {
  /** Until then they press, call and alert. */
  begin(untilMs: number): void;
  /** Requests that their senders still repeat. */
  open(): number;
  monitors(): readonly Readonly<Monitor>[];
  /** Keys that a human has asked to clear at any time: their source may think otherwise. */
  cleared(): ReadonlySet<string>;
}

/** Everybody who wants something of the endpoint, each in their own way. */
export function makePeople(world: PeopleWorld): People {
  const { scenario, time, chance, broker, say } = world;
  const monitors: Monitor[] = scenario.switches.flatMap(({ name }) =>
    ['errors', 'latency'].map((kind) => ({ key: `monitor:${kind}-${name}`, switch: name, cycle: 0, open: false })),
  );
  const cleared = new Set<string>();
  let open = 0;
  let ids = 0;
  let requests = 0;

  /** One request to whichever process answers, repeated until one does or `untilMs`. */
  function call(request: Request, untilMs: number): void {
    open++;
    attempt();

    function attempt(): void {
      let answered = false;
      const over = (): void => {
        if (answered) return;
        answered = true;
        open--;
      };
      const again = (): void => {
        if (answered) return;
        answered = true;
        if (time.nowMs() >= untilMs) open--;
        else time.after(chance.int(500, 3_000), attempt);
      };
      if (scenario.http) return void overHttp(request, over, again);
      const endpoint = world.endpoints().find(({ life }) => !life.isDead() && chance.happens(0.6));
      // Nobody waits for an answer forever; what was asked may be done all the same.
      time.after(PATIENCE_MS, again);
      if (!endpoint) return;
      time.after(chance.int(1, 60), () => void knock(endpoint, aged(request), over, again));
    }
  }

  async function overHttp(request: Request, over: () => void, again: () => void): Promise<void> {
    const tag = `request ${++requests}`;
    const heard = await world.web.ask(questionOf(aged(request), tag), PATIENCE_MS);
    if (heard === 'none' || heard === 'silence') return again();
    say(`${heard.endpoint.name} answers ${tag} with ${heard.status}`);
    if (world.answered(request, tag, heard) === 'over') over();
    else again();
  }

  async function knock(endpoint: Endpoint, request: Request, over: () => void, again: () => void): Promise<void> {
    try {
      await endpoint.life.through();
      const reply = await endpoint.accept(request);
      world.replied(endpoint, reply);
      // Some answers are lost on their way, and the sender asks again.
      if (chance.happens(0.9)) over();
    } catch (error) {
      if (!isFault(error)) throw error;
      if (retried(error)) time.after(10, again);
      else over();
    }
  }

  /** Somebody with the command line open, who looks at the switch, or follows a job. */
  async function look(name: string): Promise<void> {
    const job = world.unfinished(name).at(0);
    const check = world.looks(name, job);
    const of = job !== undefined && chance.happens(0.5) ? 'job' : 'state';
    const path = of === 'job' ? `/api/jobs/${job}?wait=5s` : `/api/switches/${name}`;
    const heard = await world.web.ask({ method: 'GET', path, secret: OPS.token.secret, client: 'cli' }, PATIENCE_MS);
    if (heard !== 'none' && heard !== 'silence') check(of, heard);
  }

  /** Somebody who does not know the secret. */
  async function guess(name: string): Promise<void> {
    const tag = `guess ${++requests}`;
    const ask = { kind: 'move', command: 'failover', options: {}, alert: null } as const;
    const question = questionOf({ caller: OPS, switch: name, ask, replyTo: [] }, tag);
    const heard = await world.web.ask({ ...question, secret: 'guessed' }, PATIENCE_MS);
    if (heard !== 'none' && heard !== 'silence') world.turnedAway(tag, heard.status);
  }

  const pressedAtMs = new Map<string, number>();

  /** The same command as it is sent now: older. */
  function aged(request: Request): Request {
    const { ask } = request;
    if (ask.kind !== 'move' || ask.options.id === undefined) return request;
    const ageMs = time.nowMs() - (pressedAtMs.get(ask.options.id) ?? time.nowMs());
    const options = { ...ask.options, ageMs };
    if (request.caller === OPS) world.sent('token:ops', ask.options.id, ageMs, ask.options.expiresInMs ?? 60_000);
    return { ...request, ask: { ...ask, options } };
  }

  function ops(name: string, ask: Ask): void {
    say(`ops asks for ${ask.kind === 'move' ? ask.command : ask.kind} of ${name}: ${JSON.stringify(ask)}`);
    const untilMs = time.nowMs() + (ask.kind === 'move' ? (ask.options.expiresInMs ?? 60_000) : 20_000);
    call({ caller: OPS, switch: name, ask, replyTo: [] }, untilMs);
  }

  function move(command: 'failover' | 'restore' | 'drill', more: object): Ask {
    const id = `ops-${++ids}`;
    pressedAtMs.set(id, time.nowMs());
    return {
      kind: 'move',
      command,
      options: { id, expiresInMs: chance.pick([1_500, 5_000, 60_000]), ...more },
      alert: null,
    };
  }

  function failover(): Ask {
    return move('failover', chance.happens(0.5) ? { to: 'dr' } : {});
  }

  function person(): void {
    const { name } = chance.pick(scenario.switches);
    const restore = (): Ask => {
      const seen = { ifRevision: world.revision(name) };
      return move('restore', chance.pick([{}, {}, { to: 'primary' }, { to: 'before' }, { override: ['drift'] }, seen]));
    };
    const deed = chance.int(0, scenario.http ? 26 : 22);
    if (deed > 25) void guess(name);
    else if (deed > 22) void look(name);
    else if (deed < 7) {
      const button = chance.pick(world.buttons);
      const gesture = chance.pick(['hold', 'hold', 'click-hold', 'click-hold', 'triple'] as const);
      say(`somebody presses ${gesture} at ${button.device}`);
      button.press(gesture);
    } else if (deed < 10) {
      const word = chance.pick(['failover', 'restore', 'drill']);
      say(`somebody publishes the bare word ${word} for ${name}`);
      broker.send(topics.switchCommand(name), word);
    } else if (deed < 14) {
      const [first, second] = chance.happens(0.5) ? [failover, restore] : [restore, failover];
      ops(name, first());
      // Some change their mind: what they ask for then waits for what has begun, if it is still wanted by then.
      if (chance.happens(0.4)) time.after(chance.int(20, 4_000), () => ops(name, second()));
    } else if (deed < 16) ops(name, { kind: 'release', reason: null });
    else if (deed === 16 || deed === 20)
      ops(name, { kind: 'hold', reason: null, forMs: chance.pick([null, 10_000, 30_000]) });
    else if (deed === 17 || deed > 20) {
      const job = world.unfinished(name).at(0);
      if (job !== undefined) ops(name, { kind: 'cancel', job, reason: null });
    } else if (deed === 18) {
      const key = world.openAlerts(name).at(0);
      if (key === undefined) return;
      cleared.add(key);
      ops(name, { kind: 'clear-alert', key });
    } else ops(name, move('drill', {}));
  }

  /** A monitor turns, or says again what it said; or an automatic URL is called. */
  function alert(): void {
    const { name } = chance.pick(scenario.switches);
    if (chance.happens(0.2)) return url(name);
    const monitor = chance.pick(monitors.filter((one) => one.switch === name));
    if (chance.happens(0.75)) {
      monitor.open = !monitor.open;
      if (monitor.open) monitor.cycle++;
    }
    const { key, cycle } = monitor;
    say(`the monitor ${key} tells that it is ${monitor.open ? `alerting (cycle ${cycle})` : 'well'}`);
    const id = `event-${++ids}`;
    const event = { key, cycle: `c${cycle}`, title: key, atMs: time.nowMs(), maxAgeMs: 600_000 };
    const ask: Ask = { kind: 'move', command: monitor.open ? 'failover' : 'restore', options: { id }, alert: event };
    call({ caller: DATADOG, switch: name, ask, replyTo: [] }, Number.POSITIVE_INFINITY);
    if (chance.happens(0.2)) call({ caller: DATADOG, switch: name, ask, replyTo: [] }, time.nowMs() + 5_000);
  }

  function url(name: string): void {
    const trigger = chance.pick(triggersOf(scenario.switches).filter((one) => one.switch === name));
    const { command } = trigger;
    say(`the automatic URL ${trigger.id} is called`);
    const ask: Ask = { kind: 'move', command, options: {}, alert: null };
    call({ caller: { kind: 'trigger', trigger }, switch: name, ask, replyTo: [] }, time.nowMs() + 5_000);
  }

  function repeat(act: () => void, everyMs: number, untilMs: number): void {
    const waitMs = chance.int(everyMs / 4, everyMs * 1.75);
    if (time.nowMs() + waitMs >= untilMs) return;
    time.after(waitMs, () => {
      act();
      repeat(act, everyMs, untilMs);
    });
  }

  return {
    begin(untilMs) {
      repeat(person, scenario.personMs, untilMs);
      repeat(alert, scenario.alertMs, untilMs);
    },
    open: () => open,
    monitors: () => monitors,
    cleared: () => cleared,
  };
}

function retried({ code }: Fault): boolean {
  return code === 'store-unavailable' || code === 'stopping';
}
