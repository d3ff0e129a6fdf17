import { systemClock } from '../shared/system-clock.ts';
import { chooseClient, loadClient } from './adapters/link-client.ts';
import { makeMqttLink, type MqttLinkOptions } from './adapters/link-mqtt.ts';
import { jitter, randomIds } from './adapters/random-ids.ts';
import type { ButtonConfig } from './config/schema.ts';
import type { Link } from './core/ports.ts';
import manifest from './package.json' with { type: 'json' };

/** What a configuration says about the road to the broker. */
export function mqttOptions(config: ButtonConfig): Omit<MqttLinkOptions, 'connect'> {
  const { mqtt, device } = config;
  return {
    // On AWS IoT the policy variable of a thing's name works only when the client id is that name.
    broker: { ...mqtt, clientId: mqtt.clientId ?? device },
    prefix: mqtt.prefix,
    device,
    switch: config.switch,
    commands: [...new Set(config.buttons.flatMap(({ gestures }) => Object.values(gestures)))].filter(
      (one) => one !== undefined,
    ),
    version: manifest.version,
    clock: systemClock,
    ids: randomIds,
    random: jitter,
  };
}

/** The road over MQTT, with the client that the configuration asks for and no other. */
export async function openMqttRoad(config: ButtonConfig): Promise<Link> {
  const connect = await loadClient(chooseClient(config.mqtt, process.arch));
  return makeMqttLink({ ...mqttOptions(config), connect });
}
