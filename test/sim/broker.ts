import type { Bus, InboundMessage, OnMessage, OutboundMessage } from '../../cloud/ports.ts';
import type { Chance } from './chance.ts';
import type { Life } from './life.ts';
import type { PlayedTime } from './time.ts';

/** How often a message is lost, doubled or late on its way to an endpoint, and an answer lost on its way back. */
export interface Loss {
  readonly lost: number;
  readonly doubled: number;
  readonly delayMs: number;
}

export const NO_LOSS: Loss = { lost: 0, doubled: 0, delayMs: 50 };

type Listener = (topic: string, payload: string) => void;

/** One broker: whoever is connected hears everything, and whoever it has not heard of for a while is not connected. */
export interface PlayedBroker {
  loss: Loss;
  isUp(): boolean;
  setUp(up: boolean): void;
  /** Connects an endpoint, and again after each loss, until it is disposed of. */
  join(name: string, life: Life, hear: OnMessage, onConnect: () => void): Bus & AsyncDisposable;
  /** From a sender. The broker takes it, which proves nothing. */
  send(topic: string, payload: string): void;
  /** What the endpoints publish, for buttons and test clients. */
  listen(listener: Listener): void;
  onUp(listener: (up: boolean) => void): void;
  retained(topic: string): string | undefined;
  /** A broker that keeps nothing on its disk, and was restarted. */
  forget(): void;
}

export interface BrokerWatcher {
  /** The endpoint is about to hear the message; called again with what became of it when its promise resolved. */
  hearing(name: string, message: InboundMessage): () => void;
  published(name: string, topic: string, payload: string): void;
  /** It has lost all that it retained. */
  forgotten(): void;
  connected(): void;
}

interface Member {
  readonly name: string;
  readonly life: Life;
  readonly hear: OnMessage;
  readonly onConnect: () => void;
  connected: boolean;
  queue: InboundMessage[];
  pumping: boolean;
  /** Grows with each connection: what belongs to an old one is lost. */
  generation: number;
  /** When the last that it has published arrives. */
  sentUntilMs: number;
  /** Since when its process is frozen, as the broker notices by its silence. */
  silentSinceMs: number | null;
}

const PUBACK_MS_MAX = 2_000;
const LOOK_MS = 500;
/** One and a half times a keep-alive of 4 s: the broker closes the connection of a client that is silent for so long. */
const SILENCE_MS_MAX = 6_000;

export function makePlayedBroker(time: PlayedTime, chance: Chance, watcher: BrokerWatcher): PlayedBroker {
  const members: Member[] = [];
  const listeners: Listener[] = [];
  const upListeners: ((up: boolean) => void)[] = [];
  const kept = new Map<string, string>();
  let up = true;

  /** Now and then: the dead and the silent are let go, the others connected. */
  function look(): void {
    for (const member of members.filter(({ life }) => life.isDead())) quit(member);
    for (const member of members) {
      if (!member.life.isFrozen()) {
        member.silentSinceMs = null;
        if (up && !member.connected) connect(member);
        continue;
      }
      member.silentSinceMs ??= time.nowMs();
      if (member.connected && time.nowMs() - member.silentSinceMs >= SILENCE_MS_MAX) leave(member);
    }
    time.after(LOOK_MS, look);
  }

  function quit(member: Member): void {
    if (member.connected) leave(member);
    const at = members.indexOf(member);
    if (at >= 0) members.splice(at, 1);
  }

  function connect(member: Member): void {
    member.connected = true;
    member.generation++;
    watcher.connected();
    member.onConnect();
  }

  function leave(member: Member): void {
    member.connected = false;
    member.generation++;
    member.queue = [];
    member.pumping = false;
  }

  async function pump(member: Member): Promise<void> {
    if (member.pumping) return;
    member.pumping = true;
    const { generation } = member;
    for (let next = member.queue.shift(); next; next = member.queue.shift()) {
      if (member.life.isFrozen()) await member.life.through();
      const acknowledged = watcher.hearing(member.name, next);
      const late = time.after(PUBACK_MS_MAX, () => {
        if (member.generation === generation) leave(member);
      });
      try {
        await member.hear(next);
      } catch {
        // Not stored: the connection is dropped without a PUBACK, and the sender repeats.
        if (member.generation === generation) leave(member);
      }
      late();
      if (member.generation !== generation) return;
      acknowledged();
    }
    member.pumping = false;
  }

  function arrive(topic: string, payload: string): void {
    if (!up) return;
    // One and the same for all who hear it.
    const message = { topic, payload: Buffer.from(payload), retained: false };
    for (const member of members.filter(({ connected, life }) => connected && !life.isDead())) {
      member.queue.push(message);
      void pump(member);
    }
  }

  async function publish(member: Member, message: OutboundMessage): Promise<void> {
    if (member.life.isFrozen() || member.life.isDead()) await member.life.through();
    if (!member.connected) throw new Error('There is no connection to the broker.');
    const { generation } = member;
    const answer = Promise.withResolvers<void>();
    const lost = chance.happens(world.loss.lost);
    const unheard = chance.happens(world.loss.lost);
    // One connection keeps the order of what is sent on it.
    member.sentUntilMs = Math.max(member.sentUntilMs, time.nowMs() + chance.int(1, 30));
    time.at(member.sentUntilMs, () => {
      if (!up || lost || member.generation !== generation) return;
      watcher.published(member.name, message.topic, message.payload);
      if (message.retain) kept.set(message.topic, message.payload);
      for (const listener of listeners) listener(message.topic, message.payload);
      if (unheard) return;
      time.after(chance.int(1, 30), () => {
        late();
        void member.life.through().then(answer.resolve);
      });
    });
    const late = time.after(PUBACK_MS_MAX, () => {
      void member.life.through().then(() => answer.reject(new Error('The broker did not acknowledge in time.')));
    });
    return answer.promise;
  }

  const world: PlayedBroker = {
    loss: NO_LOSS,
    isUp: () => up,
    setUp(now) {
      if (up === now) return;
      up = now;
      if (!up) for (const member of members) if (member.connected) leave(member);
      for (const listener of upListeners) listener(up);
    },
    join(name, life, hear, onConnect) {
      const member: Member = {
        name,
        life,
        hear,
        onConnect,
        connected: false,
        queue: [],
        pumping: false,
        generation: 0,
        sentUntilMs: 0,
        silentSinceMs: null,
      };
      members.push(member);
      return {
        publish: (message) => publish(member, message),
        status: () => ({ connected: member.connected, reason: member.connected ? null : 'No connection.' }),
        async [Symbol.asyncDispose]() {
          quit(member);
        },
      };
    },
    send(topic, payload) {
      if (!up || chance.happens(world.loss.lost)) return;
      const times = chance.happens(world.loss.doubled) ? 2 : 1;
      for (let sent = 0; sent < times; sent++) {
        time.after(chance.int(1, world.loss.delayMs), () => arrive(topic, payload));
      }
    },
    listen: (listener) => void listeners.push(listener),
    onUp: (listener) => void upListeners.push(listener),
    retained: (topic) => kept.get(topic),
    forget() {
      kept.clear();
      watcher.forgotten();
    },
  };
  look();
  return world;
}
