/** Every topic is below the prefix, by default `dashover/v1`. */
export const PREFIX_DEFAULT = 'dashover/v1';

/** Topics below the prefix, as the rules and the store know them. */
export const topics = {
  state: (name: string) => `switches/${name}/state`,
  jobs: (name: string) => `switches/${name}/jobs`,
  switchCommand: (name: string) => `switches/${name}/command`,
  deviceCommand: (device: string) => `devices/${device}/command`,
  deviceReplies: (device: string) => `devices/${device}/replies`,
  devicePresence: (device: string) => `devices/${device}/presence`,
  endpointPresence: (clientId: string) => `endpoints/${clientId}/presence`,
  errors: 'errors',
} as const;

/** What the endpoint listens to. */
export const ENDPOINT_SUBSCRIPTIONS = ['switches/+/command', 'devices/+/command', 'devices/+/presence'] as const;

export type InboundTopic =
  | { readonly kind: 'switch-command'; readonly switch: string }
  | { readonly kind: 'device-command'; readonly device: string }
  | { readonly kind: 'device-presence'; readonly device: string };

/** What an inbound topic (below the prefix) means, or undefined when it is none of ours. */
export function readTopic(topic: string): InboundTopic | undefined {
  const [room, name, leaf, ...rest] = topic.split('/');
  if (!name || rest.length > 0) return undefined;
  if (room === 'switches' && leaf === 'command') return { kind: 'switch-command', switch: name };
  if (room === 'devices' && leaf === 'command') return { kind: 'device-command', device: name };
  if (room === 'devices' && leaf === 'presence') return { kind: 'device-presence', device: name };
  return undefined;
}
