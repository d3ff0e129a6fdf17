import type { Clock } from '../../shared/clock.ts';
import { Command, COMMAND_BYTES_MAX } from '../../shared/command.ts';
import type { Fault } from '../../shared/faults.ts';
import type { Log } from '../../shared/log.ts';
import type { RefusalMessage } from '../../shared/messages.ts';
import { topics } from '../../shared/topics.ts';
import type { Bus, InboundMessage, OutboundMessage } from '../ports.ts';
import { makeBurst } from './burst.ts';
import type { Caller } from './caller.ts';
import { replyToOf } from './mqtt-replies.ts';

export interface MqttRefusals {
  /**
   * Says on `errors`, on the replies of the device (known or not) and on the response topic what was wrong. Waits for
   * nothing.
   */
  answer(message: InboundMessage, from: Sender, fault: Fault): void;
  /** Removes the retained message of a topic at the broker. */
  clear(topic: string): void;
}

interface Sender {
  /** Undefined while it is not known who that is. */
  readonly caller: Caller | undefined;
  /** On whose command topic it came. */
  readonly device: string | undefined;
}

interface RefusalOptions {
  readonly bus: () => Pick<Bus, 'publish'>;
  readonly prefix: string;
  /** Names of the configured switches. */
  readonly switches: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Best effort: what cannot be said now is not kept. Each sender that we know has its own limit, so that no stranger silences it. */
export function makeMqttRefusals({ bus, prefix, switches, clock, log, signal }: RefusalOptions): MqttRefusals {
  const limits = new Map<string, (word: () => void) => void>();

  function publish(message: OutboundMessage): void {
    bus()
      .publish(message)
      .catch((error: unknown) => log.debug({ error, topic: message.topic }, 'An answer could not be published.'));
  }

  function limitOf(device: string | undefined): (word: () => void) => void {
    const found = limits.get(device ?? '');
    if (found) return found;
    const made = makeBurst(clock, signal, (count) => {
      const from = device === undefined ? '' : ` of the device "${device}"`;
      const text = `${count} more messages${from} were refused in the last ten seconds; they are only counted.`;
      publish({
        topic: topics.errors,
        payload: JSON.stringify({ type: 'counted', text, count }, null, 2),
        retain: false,
      });
    });
    limits.set(device ?? '', made);
    return made;
  }

  return {
    answer(message, { caller, device }, fault) {
      const refusal: RefusalMessage = {
        type: 'refused',
        text: `${fault.message} ${fault.hint}`,
        id: idOf(message.payload),
        error: { code: fault.code, message: fault.message, hint: fault.hint, guard: null },
      };
      limitOf(caller?.kind === 'device' ? caller.device.name : undefined)(() => {
        const example = exampleFor(message.topic, caller, switches);
        const shown = { ...refusal, id: null, topic: message.topic, example };
        publish({ topic: topics.errors, payload: JSON.stringify(shown, null, 2), retain: false });
        for (const { topic, whole, correlationData } of replyToOf(message, device, prefix)) {
          publish({
            topic,
            whole,
            payload: JSON.stringify(refusal, null, 2),
            retain: false,
            ...(correlationData !== null && { correlationData: Buffer.from(correlationData, 'base64') }),
          });
        }
      });
    },
    clear: (topic) => publish({ topic, payload: '', retain: true }),
  };
}

/** A message that would be right on this topic, from this sender. */
function exampleFor(topic: string, caller: Caller | undefined, switches: readonly string[]): string {
  if (topic.endsWith('/presence')) return '{"online":true,"session":"1"}';
  const device = caller?.kind === 'device' ? caller.device : undefined;
  const may = device?.may ?? (caller?.kind === 'open-topic' ? caller.may : []);
  const [command = 'failover'] = may.includes('failover') ? [] : may;
  const on = device?.on.includes('*') === true ? switches : (device?.on ?? []);
  return JSON.stringify({ command, ...(on.length > 1 && { switch: on[0] }), reason: 'maintenance' });
}

/** The id of a refused command, so that its sender knows which; null when there is none to be found. */
function idOf(payload: Uint8Array): string | null {
  if (payload.byteLength > COMMAND_BYTES_MAX) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString());
    const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : null;
    return Command.shape.id.safeParse(id).data ?? null;
  } catch {
    // A bare word, or no JSON at all: it has no id, and what is wrong with it is being said anyway.
    return null;
  }
}
