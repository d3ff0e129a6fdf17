import type { MqttBody } from '../jobs/announce.ts';
import type { Bus, Receiver } from '../ports.ts';

/**
 * Messages to the broker that may wait for its PUBACK at once. It acknowledges in order, behind all that it has for us:
 * one at a time, a crowd that commands would wait for its answers, say everything again, and be a larger crowd.
 */
const AT_ONCE = 16;

/** The broker as a receiver of stored messages. */
export function mqttReceiver({ publish }: Pick<Bus, 'publish'>): Receiver {
  return {
    atOnce: AT_ONCE,
    async deliver({ body }) {
      const { correlationData, ...message } = body as MqttBody;
      await publish({
        ...message,
        ...(correlationData !== undefined && { correlationData: Buffer.from(correlationData, 'base64') }),
      });
      return { kind: 'delivered' };
    },
  };
}
