import { topics } from '../../shared/topics.ts';
import type { ReplyTo } from '../jobs/command.ts';
import type { InboundMessage } from '../ports.ts';
import type { Caller } from './caller.ts';

const TOPIC_BYTES_MAX = 256;

/** Where the answers to a message go besides the switch's own topics: the device's replies, and its response topic. */
export function replyToOf(message: InboundMessage, caller: Caller | undefined, prefix: string): readonly ReplyTo[] {
  const device = caller?.kind === 'device' ? caller.device.name : undefined;
  const replies: readonly ReplyTo[] =
    device === undefined ? [] : [{ topic: topics.deviceReplies(device), whole: false, correlationData: null }];
  const { responseTopic, correlationData } = message;
  if (responseTopic === undefined || !mayAnswerTo(responseTopic, device, prefix)) return replies;
  const response: ReplyTo = {
    topic: responseTopic,
    whole: true,
    correlationData: correlationData ? Buffer.from(correlationData).toString('base64') : null,
  };
  const same = device !== undefined && responseTopic === `${prefix}/${topics.deviceReplies(device)}`;
  return same ? [response] : [...replies, response];
}

/**
 * The sender chooses the topic and we have the broker's trust, so it may be none of ours: else a stranger could have us
 * write to another device's replies, or to a state. A device may name a topic of its own.
 */
function mayAnswerTo(topic: string, device: string | undefined, prefix: string): boolean {
  if (topic === '' || Buffer.byteLength(topic) > TOPIC_BYTES_MAX || /[+#\0]|^\$/.test(topic)) return false;
  if (topic !== prefix && !topic.startsWith(`${prefix}/`)) return true;
  return device !== undefined && topic === `${prefix}/${topics.deviceReplies(device)}`;
}
