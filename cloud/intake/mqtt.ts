import type { Clock } from '../../shared/clock.ts';
import { type CommandName, type CommandOptions, EXPIRES_IN_MS_DEFAULT, readCommand } from '../../shared/command.ts';
import { Fault, isFault } from '../../shared/faults.ts';
import type { Log } from '../../shared/log.ts';
import { type InboundTopic, readTopic } from '../../shared/topics.ts';
import type { Bus, InboundMessage, OnMessage } from '../ports.ts';
import type { Door } from './accept.ts';
import { type Caller, callerInWords, type Device } from './caller.ts';
import { makeMqttRefusals } from './mqtt-refusals.ts';
import { replyToOf } from './mqtt-replies.ts';
import type { Presence } from './presence.ts';
import { targetOf } from './target.ts';

export interface MqttIntakeOptions {
  readonly door: Door;
  /** Names of the configured switches. */
  readonly switches: readonly string[];
  readonly devices: readonly Device[];
  /** What the open command topic may ask for: `mqtt.commands`. */
  readonly commands: readonly CommandName[];
  /** Everything of ours on the broker is below it. */
  readonly prefix: string;
  readonly presence: Presence;
  /** Asked for at each message: the bus is opened with this intake as its handler. */
  readonly bus: () => Pick<Bus, 'publish'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborted when the endpoint stops. */
  readonly signal: AbortSignal;
}

/**
 * What arrives over MQTT. The promise is the PUBACK: it resolves when the command is stored or has been answered as no
 * command, and rejects only with `store-unavailable`. It never waits for a publish of its own.
 */
export function makeMqttIntake(options: MqttIntakeOptions): OnMessage {
  const { door, presence, log } = options;
  const devices = new Map(options.devices.map((device) => [device.name, device]));
  const refusals = makeMqttRefusals(options);

  async function takeCommand(message: InboundMessage, caller: Caller, topic: InboundTopic): Promise<void> {
    refuseRetained(message);
    const onSwitch = topic.kind === 'switch-command' ? topic.switch : undefined;
    const { command, switch: named, ...commandOptions } = readCommand(message.payload);
    const target = targetOf(caller, onSwitch, named, options.switches);
    const ask = {
      kind: 'move',
      command,
      options: withExpiry(commandOptions, message.expiresInS),
      alert: null,
    } as const;
    await door.accept({ caller, switch: target, ask, replyTo: replyToOf(message, deviceOf(topic), options.prefix) });
  }

  function callerOf(topic: string, device: string | undefined): Caller {
    if (device === undefined) return { kind: 'open-topic', topic, may: options.commands };
    const known = devices.get(device);
    if (known) return { kind: 'device', device: known };
    throw new Fault('unknown-device', `There is no device "${device}" in dashover.yaml.`);
  }

  return async (message) => {
    const topic = readTopic(message.topic);
    // An empty payload is how a retained message is cleared.
    if (topic === undefined || message.payload.byteLength === 0) return;
    let caller: Caller | undefined;
    try {
      if (topic.kind === 'device-presence') {
        if (devices.has(topic.device)) presence.hear(topic.device, message.payload);
        else log.debug({ device: topic.device }, 'A device that is not in dashover.yaml says that it is there.');
        return;
      }
      caller = callerOf(message.topic, deviceOf(topic));
      await takeCommand(message, caller, topic);
    } catch (error) {
      if (isFault(error, 'store-unavailable')) throw error;
      const fault = asFault(error, log);
      const who = caller ? callerInWords(caller) : `the topic ${message.topic}`;
      door.refused(fault, who, topic.kind === 'switch-command' ? topic.switch : null);
      refusals.answer(message, { caller, device: deviceOf(topic) }, fault);
    }
    if (message.retained && topic.kind !== 'device-presence') refusals.clear(message.topic);
  };
}

/**
 * What its sender let the broker keep for so long only is not begun later than that. The broker counts whole seconds: one
 * that had the message for a part of its last second says 0.
 */
function withExpiry(options: CommandOptions, expiresInS: number | undefined): CommandOptions {
  if (expiresInS === undefined) return options;
  const { ageMs = 0, expiresInMs = EXPIRES_IN_MS_DEFAULT } = options;
  return { ...options, expiresInMs: Math.min(expiresInMs, ageMs + Math.max(1, expiresInS) * 1_000) };
}

function deviceOf(topic: InboundTopic): string | undefined {
  return topic.kind === 'device-command' ? topic.device : undefined;
}

function refuseRetained(message: InboundMessage): void {
  if (!message.retained) return;
  throw new Fault(
    'expired',
    'The command was retained: the broker keeps such a message, so nobody knows how old it is.',
    {
      hint: 'It has been cleared. Send the command again, without the retain flag.',
    },
  );
}

/** A mistake of ours must not make the broker deliver the message again and again: it is answered, logged and done with. */
function asFault(error: unknown, log: Log): Fault {
  if (isFault(error)) return error;
  log.error({ error }, 'A message could not be handled.');
  return new Fault('internal-error', 'The command could not be handled.', { cause: error });
}
