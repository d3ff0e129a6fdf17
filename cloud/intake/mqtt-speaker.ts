import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { leaseAmongEndpoints } from '../engine/endpoint-lease.ts';
import type { Store } from '../engine/store.ts';
import type { Bus, Ids, OnMessage, OutboundMessage } from '../ports.ts';

/** The endpoint at the broker: of several on one store, one is connected, and the others stand by. */
export interface Speaker extends AsyncDisposable {
  /** Connects as soon as it is this endpoint's turn. `onConnect` is called after each connect. */
  start(hear: OnMessage, onConnect: () => void): void;
  /** Whether it is this endpoint that speaks, this moment. */
  speaks(): boolean;
  /** Rejects, in words, while there is no connection. */
  publish(message: OutboundMessage): Promise<void>;
  /** Why MQTT does not work here, in a sentence; null when it does, and while another endpoint has it. */
  trouble(): string | null;
}

export interface SpeakerOptions {
  readonly store: Pick<Store, 'hold' | 'release' | 'onChange'>;
  /** This process, unique. */
  readonly owner: string;
  readonly openBus: (hear: OnMessage, onConnect: () => void) => Bus & AsyncDisposable;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
}

/** Disposing of it leaves the broker first, and then lets the next endpoint have it. */
export function makeSpeaker(options: SpeakerOptions): Speaker {
  const { openBus } = options;
  let open: (() => Bus & AsyncDisposable) | undefined;
  let bus: (Bus & AsyncDisposable) | undefined;

  async function leave(): Promise<void> {
    const leaving = bus;
    bus = undefined;
    await leaving?.[Symbol.asyncDispose]();
  }

  async function changed(held: boolean): Promise<void> {
    if (held) bus = open?.();
    else await leave();
  }

  const lease = leaseAmongEndpoints({ ...options, name: 'mqtt', changed });

  return {
    start(hear, onConnect) {
      // What came while this process stood still was heard by the endpoint that took over: run again, a bare word would
      // be a second command.
      const hearInTurn: OnMessage = (message) =>
        lease.isHeld()
          ? hear(message)
          : Promise.reject(new Error('another endpoint may have taken over the broker meanwhile'));
      open = () => openBus(hearInTurn, onConnect);
      lease.start();
    },
    speaks: () => lease.isHeld(),
    async publish(message) {
      if (!bus || !lease.isHeld()) throw new Error('The connection to the broker is not open.');
      await bus.publish(message);
    },
    trouble() {
      if (lease.isElsewhere()) return null;
      if (!bus) return 'The connection to the broker is not open yet.';
      const { connected, reason } = bus.status();
      return connected ? null : (reason ?? 'There is no connection to the broker.');
    },
    async [Symbol.asyncDispose]() {
      await lease.rest();
      await leave();
      await lease.stop();
    },
  };
}
