import { silentLog } from '../../shared/log.ts';
import { JobMessage, RefusalMessage, State } from '../../shared/messages.ts';
import { topics } from '../../shared/topics.ts';
import { runButton } from '../../device/app.ts';
import type { Gesture } from '../../device/core/gesture.ts';
import type { Lamp } from '../../device/core/lamp-signal.ts';
import type { Delivery, InputEvent, Link, LinkEvent } from '../../device/core/ports.ts';
import type { PlayedBroker } from './broker.ts';
import type { Chance } from './chance.ts';
import { makeLife } from './life.ts';
import type { PlayedTime } from './time.ts';

/** A real button, with a played finger, link and lamp. */
export interface PlayedButton {
  readonly device: string;
  readonly switch: string;
  press(gesture: Gesture): void;
  lamp(): Lamp;
}

export interface ButtonWorld {
  readonly time: PlayedTime;
  readonly chance: Chance;
  readonly broker: PlayedBroker;
  /** Each command that leaves, and each answer that arrives. */
  sent(device: string, id: string, ageMs: number, expiresInMs: number): void;
  answered(device: string, id: string): void;
}

const GESTURES = { hold: 'failover', 'click-hold': 'restore', triple: 'drill' } as const;

export function startPlayedButton(
  world: ButtonWorld,
  device: string,
  switchName: string,
  deadlineMs: number,
): PlayedButton {
  const { clock } = makeLife(world.time);
  let lamp: Lamp = { name: 'off', text: '' };
  let touch: ((event: InputEvent) => void) | undefined;
  let pressed = 0;
  void runButton(
    { device, switch: switchName, deadlineMs, holdMs: 1_000, buttons: [{ gestures: GESTURES }] },
    {
      clock,
      ids: { next: () => `${device}-press-${++pressed}` },
      link: makePlayedLink(world, device, switchName),
      input: {
        open(on) {
          touch = on;
          on({ kind: 'level', button: 0, pressed: false });
        },
        close: async () => undefined,
      },
      lamp: {
        show(next) {
          lamp = next;
        },
        say: () => undefined,
        close: async () => undefined,
      },
      log: silentLog,
    },
    new AbortController().signal,
  );
  return {
    device,
    switch: switchName,
    press: (gesture) => touch?.({ kind: 'gesture', button: 0, gesture, atMs: clock.monotonicMs() }),
    lamp: () => lamp,
  };
}

/** The road over the played broker: up when the broker is, and deaf and dumb when it is not. */
function makePlayedLink(world: ButtonWorld, device: string, switchName: string): Link {
  const { broker, time, chance } = world;
  let tell: ((event: LinkEvent) => void) | undefined;

  function hearState(payload: string): void {
    tell?.({ kind: 'state', state: State.parse(JSON.parse(payload)) });
  }

  function hearReply(payload: string): void {
    const told: unknown = JSON.parse(payload);
    if (typeof told === 'object' && told !== null && !('job' in told)) {
      const refusal = RefusalMessage.parse(told);
      if (refusal.id !== null) world.answered(device, refusal.id);
      tell?.({ kind: 'reply', reply: refusal });
      return;
    }
    const message = JobMessage.parse(told);
    const { trigger, joined } = message.job;
    for (const { id } of [trigger, ...joined]) if (id !== null) world.answered(device, id);
    tell?.({ kind: 'reply', reply: message });
  }

  function up(): void {
    tell?.({ kind: 'up', text: 'Connected.' });
    const kept = broker.retained(topics.state(switchName));
    if (kept !== undefined) hearState(kept);
  }

  return {
    open(on) {
      tell = on;
      broker.onUp((now) =>
        time.after(500, () => (now && broker.isUp() ? up() : tell?.({ kind: 'down', text: 'Gone.' }))),
      );
      broker.listen((topic, payload) => {
        if (topic === topics.state(switchName)) hearState(payload);
        if (topic === topics.deviceReplies(device)) hearReply(payload);
      });
      if (broker.isUp()) up();
    },
    async send(command): Promise<Delivery> {
      if (!broker.isUp()) return { kind: 'not-sent', text: 'There is no connection.' };
      const { id = '', ageMs = 0, expiresInMs = 0 } = command;
      world.sent(device, id, ageMs, expiresInMs);
      broker.send(topics.deviceCommand(device), JSON.stringify(command));
      await new Promise<void>((resolve) => time.after(chance.int(5, 60), resolve));
      return chance.happens(0.1) ? { kind: 'unknown', text: 'Nobody acknowledged it.' } : { kind: 'taken' };
    },
    tellFault: () => undefined,
    close: async () => undefined,
  };
}
