import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';

export interface Client extends AsyncDisposable {
  readonly mqtt: MqttClient;
  /** What has arrived, oldest first. */
  readonly heard: { readonly topic: string; readonly text: string }[];
  /** Null when the broker took it, else why not. */
  publish(topic: string, payload: string, options?: mqtt.IClientPublishOptions): Promise<string | null>;
}

/** A client over MQTT 5 that hears what `filters` let it hear. It does not come back by itself. */
export async function connectClient(
  url: string,
  options: IClientOptions,
  filters: readonly string[] = [],
): Promise<Client> {
  const client = await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0, ...options }, false);
  const heard: Client['heard'] = [];
  client.on('error', () => undefined);
  client.on('message', (topic, payload) => heard.push({ topic, text: payload.toString() }));
  if (filters.length > 0) await client.subscribeAsync([...filters], { qos: 1 });
  return {
    mqtt: client,
    heard,
    publish: (topic, payload, more) =>
      client.publishAsync(topic, payload, { qos: 1, ...more }).then(
        () => null,
        (error: unknown) => String(error),
      ),
    [Symbol.asyncDispose]: () => client.endAsync(true),
  };
}
