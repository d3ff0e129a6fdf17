import { Job, JobMessage, RefusalMessage, State } from '../../shared/messages.ts';
import { topics } from '../../shared/topics.ts';
import { makeApiRoad } from '../../device/adapters/api-road.ts';
import type { Delivery, Link, LinkEvent, SecondRoad } from '../../device/core/ports.ts';
import type { PlayedBroker } from './broker.ts';
import type { Chance } from './chance.ts';
import type { Life } from './life.ts';
import type { Leaving } from './press-checks.ts';
import type { PlayedTime } from './time.ts';
import type { PlayedWeb } from './web.ts';

export interface RoadWorld {
  readonly time: PlayedTime;
  readonly chance: Chance;
  readonly broker: PlayedBroker;
  readonly web: PlayedWeb;
  /** Each command that leaves, and each answer that arrives. */
  sent(leaving: Leaving): void;
  answered(id: string): void;
}

/** The link of one process, and what its machine does to it. */
export interface PlayedLink extends Link {
  /** The machine wakes: what came meanwhile is lost, and the connection is made anew. */
  reconnect(): void;
  deafen(): void;
}

type Command = Parameters<Link['send']>[0];

function leaving(device: string, { id = '', ageMs = 0, expiresInMs = 0, issuedAt }: Command): Leaving {
  return { device, id, ageMs, expiresInMs, dated: issuedAt !== undefined };
}

/** The road over the played broker: up when the broker is, and deaf and dumb when it is not. */
export function makePlayedLink(world: RoadWorld, life: Life, device: string, switchName: string): PlayedLink {
  const { broker, time, chance } = world;
  let tell: ((event: LinkEvent) => void) | undefined;
  let deaf = false;

  /** What arrives while the machine stands still is heard when it goes on; a dead one hears nothing. */
  function hear(act: () => void): void {
    if (!deaf && !life.isDead()) void life.through().then(() => (deaf ? undefined : act()));
  }

  function hearState(payload: string): void {
    tell?.({ kind: 'state', state: State.parse(JSON.parse(payload)) });
  }

  function hearReply(payload: string): void {
    const told: unknown = JSON.parse(payload);
    if (typeof told === 'object' && told !== null && !('job' in told)) {
      const refusal = RefusalMessage.parse(told);
      if (refusal.id !== null) world.answered(refusal.id);
      tell?.({ kind: 'reply', reply: refusal });
      return;
    }
    const message = JobMessage.parse(told);
    tellIds(world, message.job);
    tell?.({ kind: 'reply', reply: message });
  }

  function up(): void {
    tell?.({ kind: 'up', text: 'Connected.' });
    const kept = broker.retained(topics.state(switchName));
    if (kept !== undefined) hearState(kept);
  }

  function turn(): void {
    time.after(500, () => hear(() => (broker.isUp() ? up() : tell?.({ kind: 'down', text: 'Gone.' }))));
  }

  return {
    open(on) {
      tell = on;
      broker.onUp(turn);
      broker.listen((topic, payload) => {
        if (topic === topics.state(switchName)) hear(() => hearState(payload));
        if (topic === topics.deviceReplies(device)) hear(() => hearReply(payload));
      });
      if (broker.isUp()) up();
    },
    async send(command): Promise<Delivery> {
      if (!broker.isUp()) return { kind: 'not-sent', text: 'There is no connection.' };
      world.sent(leaving(device, command));
      broker.send(topics.deviceCommand(device), JSON.stringify(command));
      await time.pass(chance.int(5, 60));
      await life.through();
      return chance.happens(0.1) ? { kind: 'unknown', text: 'Nobody acknowledged it.' } : { kind: 'taken' };
    },
    tellFault: () => undefined,
    close: async () => {
      deaf = true;
    },
    deafen() {
      deaf = true;
    },
    reconnect() {
      deaf = false;
      tell?.({ kind: 'down', text: 'The connection is gone.' });
      turn();
    },
  };
}

/** The road over HTTPS as `device` knows it, over the played network. */
export function makePlayedSecondRoad(
  world: RoadWorld,
  life: Life,
  { device, token, switch: name }: { readonly device: string; readonly token: string; readonly switch: string },
): SecondRoad {
  return makeApiRoad({
    device,
    switch: name,
    async request(method, path, body, msMax) {
      if (body !== null) world.sent(leaving(device, JSON.parse(body) as Command));
      const question = { method, path, secret: token, ...(body !== null && { body }) };
      const heard = await world.web.ask(question, msMax);
      await life.through();
      if (heard === 'none') return { kind: 'not-sent', text: 'Nothing listens there.' };
      if (heard === 'silence') return { kind: 'unknown', text: 'No answer in time.' };
      const job = Job.safeParse(heard.body);
      if (job.success) tellIds(world, job.data);
      return { kind: 'answer', answer: heard };
    },
    warn: () => undefined,
    close: async () => undefined,
  });
}

function tellIds(world: RoadWorld, { trigger, joined }: Job): void {
  for (const { id } of [trigger, ...joined]) if (id !== null) world.answered(id);
}
