import type { Connect } from './broker-connection.ts';

/** Where aws-iot-device-sdk-v2 comes built: it has nothing for 32-bit ARM. */
const AWS_ARCHITECTURES = ['x64', 'arm64'];

export interface ClientChoice {
  readonly client: 'auto' | 'aws-iot' | 'mqtt';
  readonly url: string;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/**
 * Which MQTT client to use. `auto` takes AWS's own for AWS IoT, where it can run and the road is the one that it knows:
 * `mqtts:` with a client certificate; and MQTT.js everywhere else.
 */
export function chooseClient({ client, url, cert, key }: ClientChoice, architecture: string): 'aws-iot' | 'mqtt' {
  if (client !== 'auto') return client;
  const { protocol, hostname } = new URL(url);
  const isAws = /\.amazonaws\.com(\.cn)?$/.test(hostname) && protocol === 'mqtts:';
  const canRun = AWS_ARCHITECTURES.includes(architecture) && cert !== undefined && key !== undefined;
  return isAws && canRun ? 'aws-iot' : 'mqtt';
}

/** Loads that client and not the other: a small machine has memory for one. Rejects when it is not installed here. */
export async function loadClient(client: 'aws-iot' | 'mqtt'): Promise<Connect> {
  if (client === 'aws-iot') return (await import('./aws-connection.ts')).connect;
  return (await import('./mqtt-connection.ts')).connect;
}
