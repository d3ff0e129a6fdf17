import type { Command } from '../../shared/command.ts';
import { topics } from '../../shared/topics.ts';
import { SEND_MS_MAX } from '../core/ports.ts';
import type { Connection } from './broker-connection.ts';
import type { Finding } from './check-finding.ts';
import { readReply } from './inbound.ts';
import type { MqttLinkOptions } from './link-mqtt.ts';

/** The endpoint answers in milliseconds, and a drill asks Route 53 and each name server. */
const ANSWER_MS_MAX = 10_000;
const END_MS_MAX = 60_000;

export interface Drill {
  readonly id: string;
  /** One of the buttons asks for drills: then it must be allowed. Otherwise any answer proves the road. */
  readonly must: boolean;
}

/** What the check sends, on every road the same: it walks the way of a failover, and changes nothing. */
export function drillCommand(road: Pick<MqttLinkOptions, 'switch'>, { id }: Drill): Command {
  const reason = 'dashover-button check';
  return { command: 'drill', switch: road.switch, id, reason, ageMs: 0, expiresInMs: ANSWER_MS_MAX };
}

/**
 * A drill there, and every word about it back: that alone shows that the broker lets the device write to its command
 * topic, that an endpoint listens, and that the device may do what it is for. `listen` gets what hears the replies.
 */
export async function drillOver(
  connection: Connection,
  road: Pick<MqttLinkOptions, 'prefix' | 'device' | 'switch' | 'clock'>,
  drill: Drill,
  listen: (hear: (payload: Uint8Array) => void) => void,
): Promise<Finding> {
  const name = 'drill';
  const heard = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<Finding>();
  listen((payload) => {
    const read = readReply(payload);
    if (!('ok' in read)) return;
    const reply = read.ok;
    if (reply.type === 'refused') {
      if (reply.id === drill.id) ended.resolve(refused(reply.error.code, reply.text, drill));
      return;
    }
    const { job } = reply;
    if (job.trigger.id !== drill.id && !job.joined.some(({ id }) => id === drill.id)) return;
    heard.resolve();
    if (job.finishedAt !== null) ended.resolve({ name, ok: job.status === 'succeeded', text: job.text });
  });
  const topic = `${road.prefix}/${topics.deviceCommand(road.device)}`;
  const replies = `${road.prefix}/${topics.deviceReplies(road.device)}`;
  const payload = JSON.stringify(drillCommand(road, drill));
  const delivery = await connection.publish({ topic, payload, retain: false }, SEND_MS_MAX);
  if (delivery.kind !== 'taken') return { name, ok: false, text: `It could not be sent: ${delivery.text}` };
  const silent = `The broker took a drill, and no endpoint answered it: is "${road.device}" under devices in its dashover.yaml, does the broker's access list let it write to ${topic} and read ${replies}, and does an endpoint run?`;
  const done = new AbortController();
  const late = async (ms: number, text: string): Promise<Finding> => {
    await road.clock.sleep(ms, done.signal);
    return { name, ok: false, text };
  };
  const first = await Promise.race([heard.promise, ended.promise, late(ANSWER_MS_MAX, silent)]);
  const unfinished = 'The endpoint accepted a drill, and has not told its end within a minute: look at its log.';
  const finding = first ?? (await Promise.race([ended.promise, late(END_MS_MAX, unfinished)]));
  done.abort();
  return finding;
}

function refused(code: string, text: string, { must }: Drill): Finding {
  const name = 'drill';
  if (code !== 'not-allowed' || must) return { name, ok: false, text };
  return {
    name,
    ok: true,
    text: `The endpoint heard it, and answered. No button asks for drills, so this is no fault: ${text}`,
  };
}
