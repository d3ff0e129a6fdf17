import { connect } from '../../device/adapters/mqtt-connection.ts';
import { makeMqttLink } from '../../device/adapters/link-mqtt.ts';
import { jitter, randomIds } from '../../device/adapters/random-ids.ts';
import { runButton } from '../../device/app.ts';
import type { Gesture } from '../../device/core/gesture.ts';
import { type Lamp, LAMP_OFF } from '../../device/core/lamp-signal.ts';
import type { Input, LampPort } from '../../device/core/ports.ts';
import { PREFIX_DEFAULT } from '../../shared/topics.ts';
import { silentLog } from '../../shared/log.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { type Cable, startCable } from './cable.ts';
import type { World } from './world.ts';

/** The real button's program with played finger and lamp, on a network cable of its own. */
export interface VirtualButton extends AsyncDisposable {
  press(gesture: Gesture): void;
  readonly lamp: Lamp;
  readonly cable: Cable;
}

export interface VirtualButtonOptions {
  /** Told each change of the lamp. */
  readonly onLamp?: (lamp: Lamp) => void;
  /** Told each sentence for whoever stands in front of it. */
  readonly onSay?: (text: string) => void;
}

/** Starts the button of a world. */
export async function startVirtualButton(
  { file, broker }: World,
  options: VirtualButtonOptions = {},
): Promise<VirtualButton> {
  const cable = await startCable(broker.port);
  const finger = playedInput();
  let shown = LAMP_OFF;
  const lamp: LampPort = {
    show(next) {
      if (next.name === shown.name && next.text === shown.text) return;
      shown = next;
      options.onLamp?.(next);
    },
    say: (text) => options.onSay?.(text),
    async close() {
      shown = LAMP_OFF;
    },
  };
  const link = makeMqttLink({
    broker: { url: `mqtt://127.0.0.1:${cable.port}`, clientId: file.device },
    connect,
    prefix: PREFIX_DEFAULT,
    device: file.device,
    switch: file.switch,
    commands: ['failover', 'restore', 'drill'],
    version: 'local world',
    clock: systemClock,
    ids: randomIds,
    random: jitter,
  });
  const settings = {
    device: file.device,
    switch: file.switch,
    deadlineMs: 60_000,
    holdMs: 1_000,
    buttons: [{ gestures: { hold: 'failover', 'click-hold': 'restore', triple: 'drill' } as const }],
  };
  const stop = new AbortController();
  const ports = { clock: systemClock, ids: randomIds, link, input: finger.input, lamp, log: silentLog };
  const running = runButton(settings, ports, stop.signal);
  return {
    press: finger.press,
    get lamp() {
      return shown;
    },
    cable,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await cable[Symbol.asyncDispose]();
    },
  };
}

function playedInput(): { readonly input: Input; readonly press: (gesture: Gesture) => void } {
  let on: Parameters<Input['open']>[0] | undefined;
  return {
    input: {
      open(listener) {
        on = listener;
      },
      async close() {
        on = undefined;
      },
    },
    press: (gesture) => on?.({ kind: 'gesture', button: 0, gesture, atMs: systemClock.monotonicMs() }),
  };
}
