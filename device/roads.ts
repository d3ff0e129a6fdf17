import { systemClock } from '../shared/system-clock.ts';
import { makeClockWitness } from './adapters/clock-right.ts';
import { chooseClient, loadClient } from './adapters/link-client.ts';
import { makeHttpsRoad } from './adapters/link-https.ts';
import { makeMqttLink, type MqttLinkOptions } from './adapters/link-mqtt.ts';
import { makeOutbox } from './adapters/outbox.ts';
import { jitter, randomIds } from './adapters/random-ids.ts';
import type { ButtonPorts } from './app.ts';
import type { Environment } from './config/environment.ts';
import type { ButtonConfig } from './config/schema.ts';
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

/** What leads from a press to the endpoint. */
type Roads = Required<Pick<ButtonPorts, 'link' | 'second' | 'outbox' | 'isClockRight'>>;

/**
 * The roads of a configuration, and what keeps a press on them: MQTT with the client that it asks for and no other,
 * HTTPS where there is a key for it, the outbox where there is a folder for it. `warn` is told what goes wrong.
 */
export async function openRoads(config: ButtonConfig, env: Environment, warn: (text: string) => void): Promise<Roads> {
  const { https, device } = config;
  const connect = await loadClient(chooseClient(config.mqtt, process.arch));
  const common = { device, switch: config.switch, clock: systemClock, warn };
  // systemd names a folder that outlives the process, the first of a list.
  const folder = config.stateDir ?? env['STATE_DIRECTORY']?.split(':')[0];
  return {
    link: makeMqttLink({ ...mqttOptions(config), connect }),
    second: https && makeHttpsRoad({ ...https, ...common }),
    outbox: folder === undefined ? undefined : makeOutbox({ ...common, folder }),
    isClockRight: makeClockWitness(systemClock),
  };
}
