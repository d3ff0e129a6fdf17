import { topics } from '../../shared/topics.ts';
import type { ReplyTo } from '../jobs/command.ts';
import type { InboundMessage } from '../ports.ts';

/** AWS IoT Core ends the connection of whoever publishes deeper, to a longer topic, or more than 128 KB with all of it. */
const TOPIC_BYTES_MAX = 256;
const SLASHES_MAX = 7;
const CORRELATION_BYTES_MAX = 4_096;

/**
 * Where the answers to a message go besides the switch's own topics: the replies of the device on whose topic it came, and
 * its response topic.
 */
export function replyToOf(message: InboundMessage, device: string | undefined, prefix: string): readonly ReplyTo[] {
  const replies: readonly ReplyTo[] =
    device === undefined ? [] : [{ topic: topics.deviceReplies(device), whole: false, correlationData: null }];
  const { responseTopic, correlationData } = message;
  if (responseTopic === undefined || !mayAnswerTo(responseTopic, device, prefix)) return replies;
  // An answer without its correlation data would be taken for another one's.
  if ((correlationData?.byteLength ?? 0) > CORRELATION_BYTES_MAX) return replies;
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
  if (topic.split('/').length - 1 > SLASHES_MAX) return false;
  if (topic === '' || Buffer.byteLength(topic) > TOPIC_BYTES_MAX || /[+#\0]|^\$/.test(topic)) return false;
  if (topic !== prefix && !topic.startsWith(`${prefix}/`)) return true;
  return device !== undefined && topic === `${prefix}/${topics.deviceReplies(device)}`;
}
