import type { Clock } from '../../shared/clock.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { silentLog } from '../../shared/log.ts';
import { connect } from '../../device/adapters/mqtt-connection.ts';
import { makeMqttLink, type MqttLinkOptions } from '../../device/adapters/link-mqtt.ts';
import type { Broker } from '../../device/adapters/broker-connection.ts';
import { randomIds } from '../../device/adapters/random-ids.ts';
import { type ButtonPorts, runButton, type Stopped } from '../../device/app.ts';
import type { Gesture } from '../../device/core/gesture.ts';
import type { Lamp } from '../../device/core/lamp-signal.ts';
import type { Input, InputEvent, LampPort } from '../../device/core/ports.ts';

/** The whole button over the real link, with a test for a finger and a list for a lamp. */
export interface ButtonInTest extends AsyncDisposable {
  readonly lamps: Lamp[];
  readonly said: string[];
  press(gesture: Gesture): void;
  touch(event: InputEvent): void;
  /** The name of the lamp now. */
  lamp(): string;
  stop(): Promise<Stopped>;
}

/** The broker's URL, or more about the road there. */
type Road = string | (Partial<Broker> & { readonly url: string });

function linkOptions(broker: Road): MqttLinkOptions {
  return {
    broker: { clientId: 'lobby', ...(typeof broker === 'string' ? { url: broker } : broker) },
    connect,
    prefix: 'dashover/v1',
    device: 'lobby',
    switch: 'www',
    commands: ['failover', 'restore', 'drill'],
    version: '0.0.0',
    clock: systemClock,
    ids: randomIds,
    random: () => 0,
  };
}

export function startButton(
  road: Road,
  deadlineMs: number,
  clock: Clock = systemClock,
  more: Partial<ButtonPorts> = {},
): ButtonInTest {
  const lamps: Lamp[] = [];
  const said: string[] = [];
  const stop = new AbortController();
  let touch: ((event: InputEvent) => void) | undefined;
  const input: Input = {
    open(on) {
      touch = on;
      on({ kind: 'level', button: 0, pressed: false });
    },
    close: async () => {},
  };
  const lamp: LampPort = {
    show(next) {
      const last = lamps.at(-1);
      if (last?.name !== next.name || last.text !== next.text) lamps.push(next);
    },
    say: (text) => void said.push(text),
    close: async () => void lamps.push({ name: 'off', text: '' }),
  };
  const settings = {
    device: 'lobby',
    switch: 'www',
    deadlineMs,
    holdMs: 1_000,
    buttons: [{ gestures: { hold: 'failover', 'click-hold': 'restore', triple: 'drill' } }],
  } as const;
  const link = makeMqttLink({ ...linkOptions(road), clock });
  const hear = (_fields: object, text: string): void => void said.push(text);
  const log = { ...silentLog, info: hear, warn: hear };
  const ports = { clock: systemClock, ids: randomIds, link, input, lamp, log, ...more };
  const running = runButton(settings, ports, stop.signal);
  return {
    lamps,
    said,
    press: (gesture) => touch?.({ kind: 'gesture', button: 0, gesture, atMs: systemClock.monotonicMs() }),
    touch: (event) => touch?.(event),
    lamp: () => lamps.at(-1)?.name ?? '',
    async stop() {
      stop.abort();
      return running;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}
