import { silentLog } from '../../shared/log.ts';
import { makeOutbox } from '../../device/adapters/outbox.ts';
import { runButton } from '../../device/app.ts';
import type { Gesture } from '../../device/core/gesture.ts';
import type { Lamp } from '../../device/core/lamp-signal.ts';
import type { InputEvent } from '../../device/core/ports.ts';
import { makePlayedLink, makePlayedSecondRoad, type PlayedLink, type RoadWorld } from './button-roads.ts';
import { type Life, makeLife } from './life.ts';
import { makeMachine } from './machine.ts';
import type { PressChecks } from './press-checks.ts';
import type { Roads } from './scenario.ts';

/** A machine that is silent for longer has no connection any more. */
const SILENCE_MS_MAX = 6_000;

/** A real button, with a played machine, finger, lamp, disk and roads. */
export interface PlayedButton {
  readonly device: string;
  readonly switch: string;
  /** A finger; nothing happens where no process runs, or the machine sleeps. */
  press(gesture: Gesture): void;
  lamp(): Lamp;
  /** Dies where it stands. */
  crash(): void;
  /** The graceful stop; then no process runs. */
  stop(): Promise<void>;
  /** Power off; it starts with `start`, as another boot. */
  cutPower(): void;
  /** A process, if none runs. */
  readonly start: () => void;
  sleep(): void;
  readonly wake: () => void;
  /** So far off its wall clock is from now on; 0 is right. */
  setClock(offMs: number): void;
}

export interface ButtonSettings extends Roads {
  readonly device: string;
  readonly switch: string;
  readonly token: string;
  readonly deadlineMs: number;
}

export interface ButtonWorld extends Omit<RoadWorld, 'sent' | 'answered'> {
  readonly checks: PressChecks;
  readonly hold: (check: () => void) => void;
  readonly say: (text: string) => void;
  /** A command leaves, with how old it says that it is. */
  sent(sender: string, id: string, ageMs: number, expiresInMs: number, dated: boolean): void;
}

const GESTURES = { hold: 'failover', 'click-hold': 'restore', triple: 'drill' } as const;
const OFF: Lamp = { name: 'off', text: '' };

interface Process {
  readonly life: Life;
  readonly link: PlayedLink;
  readonly stopping: AbortController;
  readonly ended: Promise<unknown>;
  touch: ((event: InputEvent) => void) | undefined;
}

export function startPlayedButton(world: ButtonWorld, settings: ButtonSettings): PlayedButton {
  const { time, checks, hold, say } = world;
  const { device, switch: name, deadlineMs } = settings;
  const machine = makeMachine(time, world.chance, settings.disk);
  let lamp: Lamp = OFF;
  let presses = 0;
  let asleepSinceMs: number | null = null;
  let running: Process | undefined;
  /** A process is to start when the machine wakes. */
  let startsAwake = false;
  let pressing: keyof typeof GESTURES = 'hold';

  const roads: RoadWorld = {
    ...world,
    sent(leaving) {
      hold(() => checks.sent(leaving, machine, settings.hasOutbox));
      world.sent(`device:${device}`, leaving.id, leaving.ageMs, leaving.expiresInMs, leaving.dated);
    },
    answered: (id) => checks.answered(device, id),
  };

  function show(next: Lamp): void {
    const before = lamp;
    lamp = next;
    if (before.name !== next.name) say(`the lamp of ${device} says ${next.name}: ${next.text}`);
    hold(() => checks.shown(device, name, before, next));
  }

  function begin(): Process {
    const life = makeLife(time, machine);
    const link = makePlayedLink(roads, life, device, name);
    const stopping = new AbortController();
    const second = settings.hasSecondRoad
      ? makePlayedSecondRoad(roads, life, { device, token: settings.token, switch: name })
      : undefined;
    const outbox = settings.hasOutbox
      ? makeOutbox({
          folder: '/played',
          device,
          switch: name,
          clock: life.clock,
          warn: say,
          bootTime: () => ({ boot: machine.boot(), sinceMs: machine.sinceBootMs() }),
          file: machine.openFile(life),
        })
      : undefined;
    const process: Process = { life, link, stopping, ended: run(), touch: undefined };
    return process;

    async function run(): Promise<unknown> {
      // Its input opens later: by then there is a process to give it to.
      await life.through();
      return runButton(
        { device, switch: name, deadlineMs, holdMs: 1_000, buttons: [{ gestures: GESTURES }] },
        {
          clock: life.clock,
          ids: {
            next() {
              const id = `${device}-press-${++presses}`;
              checks.pressed(device, id, GESTURES[pressing], deadlineMs, machine);
              return id;
            },
          },
          link,
          second,
          outbox,
          isClockRight: () => machine.isClockRight(),
          sinceBootMs: () => machine.sinceBootMs(),
          input: {
            open(on) {
              process.touch = on;
              on({ kind: 'level', button: 0, pressed: false });
            },
            close: async () => {
              process.touch = undefined;
            },
          },
          lamp: {
            show: (next) => (life.isDead() ? undefined : show(next)),
            say: () => undefined,
            close: async () => show(OFF),
          },
          log: silentLog,
        },
        stopping.signal,
      );
    }
  }

  /** Nothing of this process is heard or seen any more. */
  function end(): void {
    running?.life.die();
    running?.link.deafen();
    running = undefined;
    lamp = OFF;
    hold(() => checks.cutOff(device, machine.kept()));
  }

  const button: PlayedButton = {
    device,
    switch: name,
    press(gesture) {
      if (!running?.touch || asleepSinceMs !== null) return;
      if (gesture === 'click' || gesture === 'double') return;
      pressing = gesture;
      running.touch({ kind: 'gesture', button: 0, gesture, atMs: running.life.clock.monotonicMs() });
    },
    lamp: () => lamp,
    crash() {
      if (!running) return;
      say(`the program of ${device} dies`);
      machine.cutOff();
      end();
    },
    async stop() {
      if (!running || asleepSinceMs !== null) return;
      const stopped = running;
      say(`the program of ${device} is stopped`);
      stopped.stopping.abort();
      await stopped.ended;
      if (running === stopped) end();
    },
    cutPower() {
      say(`the machine of ${device} loses its power`);
      if (running) machine.cutOff();
      end();
      asleepSinceMs = null;
      machine.wake();
      machine.reboot();
    },
    start: () => {
      if (running) return;
      startsAwake = asleepSinceMs !== null;
      if (startsAwake) return;
      say(`the program of ${device} starts`);
      running = begin();
    },
    sleep() {
      if (asleepSinceMs !== null) return;
      say(`the machine of ${device} sleeps`);
      asleepSinceMs = time.nowMs();
      machine.sleep();
      running?.life.freeze();
    },
    wake: () => {
      if (asleepSinceMs === null) return;
      const sleptMs = time.nowMs() - asleepSinceMs;
      say(`the machine of ${device} wakes after ${sleptMs} ms`);
      asleepSinceMs = null;
      machine.wake();
      const long = sleptMs > SILENCE_MS_MAX;
      if (long) {
        running?.link.deafen();
        checks.deafened(device);
      }
      running?.life.thaw();
      if (startsAwake) button.start();
      else if (long) {
        const woken = running;
        time.after(10, () => {
          if (woken && woken === running) void woken.life.through().then(() => woken.link.reconnect());
        });
      }
    },
    setClock: (offMs) => machine.setClock(offMs),
  };
  running = begin();
  return button;
}
