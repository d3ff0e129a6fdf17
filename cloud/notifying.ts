import type { Clock } from '../shared/clock.ts';
import type { Log } from '../shared/log.ts';
import type { Config } from './config/config.ts';
import type { Store } from './engine/store.ts';
import type { Check } from './intake/health.ts';
import type { Presence } from './intake/presence.ts';
import type { SwitchEngine } from './intake/accept.ts';
import { watchDevices } from './jobs/notice/device-watch.ts';
import { runHeartbeat } from './jobs/notice/heartbeat.ts';
import { whatIsNotWell } from './jobs/notice/well.ts';
import type { Receiver } from './ports.ts';

/** A URL that is called while all is well: null, or why it could not be called. */
export interface Heart {
  beat(signal: AbortSignal): Promise<string | null>;
}

export interface NotifyingPorts {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  readonly receivers: Readonly<Record<string, Receiver>>;
  readonly hearts?: Readonly<Record<string, Heart>>;
}

export interface NotifyingParts {
  readonly engine: SwitchEngine;
  readonly presence: Presence;
  readonly checks: readonly Check[];
}

/** What goes on by itself so that people are told: the heartbeats, and the look at who is there. Ends with `signal`. */
export async function runNotifying(ports: NotifyingPorts, parts: NotifyingParts, signal: AbortSignal): Promise<void> {
  const { config, clock, log, store } = ports;
  const { engine, presence, checks } = parts;
  const names = config.switches.map(({ name }) => name);
  const beats = config.notify.flatMap((one) => {
    const heart = one.kind === 'heartbeat' ? ports.hearts?.[one.name] : undefined;
    return one.kind === 'heartbeat' && heart ? [{ ...one, heart }] : [];
  });
  const well = {
    checks,
    positionOf: async (name: string) => (await engine.state(name)).position,
    receivers: Object.keys(ports.receivers),
    troubleOf: (receiver: string) => ports.receivers[receiver]?.trouble?.() ?? null,
    waitingSinceMs: async (receiver: string) =>
      (await store.nextOutgoing(receiver, Number.MAX_SAFE_INTEGER))?.createdAtMs ?? null,
    clock,
  };
  const hearts = beats.map(({ name, everyMs, on, heart }) => {
    const switches = on.includes('*') ? names : names.filter((one) => on.includes(one));
    const trouble = (over: AbortSignal) => whatIsNotWell({ ...well, switches }, over);
    return runHeartbeat({ name, everyMs, beat: (over) => heart.beat(over), trouble, clock, log }, signal);
  });
  const devices = watchDevices(
    {
      devices: config.devices,
      switches: names,
      heard: (device) => presence.of(device),
      hears: () => presence.hears(),
      tell: (name, command) => engine.command(name, command, { sender: 'presence', commandId: null }),
      clock,
      log,
    },
    signal,
  );
  await Promise.all([...hearts, ...(Object.keys(ports.receivers).length > 0 ? [devices] : [])]);
}
