import type { MqttClient } from 'mqtt';

/**
 * Subscribes at QoS 1. Returns, in a sentence, what the broker refused, or null. Over MQTT 5 the retain flag is asked for
 * as it was published: without it, a live message that the broker also keeps looks like any other.
 */
export function subscribe(client: MqttClient, filters: readonly string[], over: AbortSignal): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  // MQTT.js drops the callback of a SUBSCRIBE whose connection ends; nobody may wait for it.
  over.addEventListener('abort', () => resolve('The connection ended before the broker answered the subscription.'), {
    once: true,
  });
  client.subscribe([...filters], { qos: 1, rap: true }, (error, granted) => {
    // 3.1.1 answers 128 for a refused filter; MQTT.js turns the codes of MQTT 5 into an error for all of them.
    const refused = (granted ?? []).filter(({ qos }) => qos >= 128).map(({ topic }) => topic);
    if (refused.length === 0 && !error) resolve(null);
    else {
      const which = refused.length > 0 ? refused.join(', ') : filters.join(', ');
      resolve(`The broker refuses the subscription to ${which}: allow it in the broker's access list.`);
    }
  });
  return promise;
}
