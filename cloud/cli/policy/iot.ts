import type { Outline, OutlineMqtt } from '../../config/outline.ts';
import { ENDPOINT_SUBSCRIPTIONS, topics } from '../../../shared/topics.ts';
import { CliFailure } from '../failure.ts';
import { pack, partitionOf, type PolicyDocument, size, type Statement } from './document.ts';

/** AWS IoT Core: a policy has at most 2,048 characters without white space; a certificate takes ten of them. */
const POLICY_CHARS_MAX = 2_048;
/** Resolves when the client id is the name of a thing to which the certificate is attached. */
const THING = '${iot:Connection.Thing.ThingName}';
const ENDPOINT = 'dashover-endpoint';
const BUTTON = 'dashover-button';

export interface IotPolicy {
  readonly name: string;
  /** Client ids of those whose certificate gets it; `*` where the endpoint makes one up at each start. */
  readonly clientIds: readonly string[];
  /** The client id must be the name of a thing that the certificate is attached to. */
  readonly things: boolean;
  readonly document: PolicyDocument;
}

export interface IotPlace {
  /** `*` is any. */
  readonly region: string;
  readonly account: string;
}

/** The region of an AWS IoT endpoint's host name; undefined for other brokers and custom domains. */
export function regionOf(url: string): string | undefined {
  return /\.iot\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/.exec(new URL(url).hostname)?.[1];
}

/**
 * AWS IoT policies for the endpoint and for each device. Devices that look at the same switches share one, in which
 * each can only be itself. In AWS's policies `*` and `?` are the wildcards and `+` is a letter like any other, so a
 * subscription is allowed by its filter as written (`topicfilter/…/+/…`), and what arrives by it with `*`.
 * Throws a CliFailure when a name would be read as a wildcard.
 */
export function iotPolicies(
  mqtt: OutlineMqtt,
  devices: Outline['devices'],
  { region, account }: IotPlace,
): readonly IotPolicy[] {
  refuseWildcards('mqtt.prefix', mqtt.prefix);
  if (mqtt.clientId !== undefined) refuseWildcards('mqtt.clientId', mqtt.clientId);
  const arn = `arn:${partitionOf(region)}:iot:${region}:${account}:`;
  const allow = makeAllow(arn, mqtt.prefix);
  return [...forEndpoint(mqtt.clientId ?? 'dashover-*', allow), ...forDevices(devices, allow)];
}

type Allow = ReturnType<typeof makeAllow>;

function makeAllow(arn: string, prefix: string) {
  const statement = (action: string, kind: string, resources: readonly string[]): Statement => ({
    Effect: 'Allow',
    Action: [`iot:${action}`],
    Resource: resources.map((resource) => `${arn}${kind}/${resource}`),
  });
  const below = (names: readonly string[]): readonly string[] => names.map((name) => `${prefix}/${name}`);
  return {
    connect: (client: string): Statement => statement('Connect', 'client', [client]),
    publish: (names: readonly string[]): Statement => statement('Publish', 'topic', below(names)),
    retain: (names: readonly string[]): Statement => statement('RetainPublish', 'topic', below(names)),
    receive: (names: readonly string[]): Statement => statement('Receive', 'topic', below(names)),
    subscribe: (filters: readonly string[]): Statement => statement('Subscribe', 'topicfilter', below(filters)),
  };
}

function forEndpoint(client: string, allow: Allow): readonly IotPolicy[] {
  // A command that somebody has retained is cleared where it stands.
  const retained = [
    topics.state('*'),
    topics.endpointPresence(client),
    topics.switchCommand('*'),
    topics.deviceCommand('*'),
  ];
  const documents = pack(
    [
      allow.connect(client),
      allow.subscribe(ENDPOINT_SUBSCRIPTIONS),
      allow.receive(ENDPOINT_SUBSCRIPTIONS.map((filter) => filter.replace('+', '*'))),
      allow.publish([...retained, topics.jobs('*'), topics.deviceReplies('*'), topics.errors]),
      allow.retain(retained),
    ],
    POLICY_CHARS_MAX,
    'the endpoint',
  );
  return named(ENDPOINT, documents, { clientIds: [client], things: false });
}

function forDevices(devices: Outline['devices'], allow: Allow): readonly IotPolicy[] {
  const groups = new Map<string, { clientIds: string[]; switches: readonly string[]; things: boolean }>();
  for (const { name, switches } of devices) {
    // A thing's name has no dot: a device with one is called by its name in a policy of its own.
    const things = !name.includes('.');
    const key = things ? switches.join(' ') : `. ${name}`;
    const group = groups.get(key) ?? { clientIds: [], switches, things };
    group.clientIds.push(name);
    groups.set(key, group);
  }
  return [...groups.values()].flatMap(({ clientIds, switches, things }) => {
    const [first = ''] = clientIds;
    const documents = deviceDocuments(things ? THING : first, switches, allow);
    return named(groups.size === 1 ? BUTTON : `${BUTTON}-${first}`, documents, { clientIds, things });
  });
}

function deviceDocuments(device: string, switches: readonly string[], allow: Allow): readonly PolicyDocument[] {
  const attached = { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } };
  const speak = [
    { ...allow.connect(device), ...(device === THING && { Condition: attached }) },
    allow.publish([topics.deviceCommand(device), topics.devicePresence(device)]),
    allow.retain([topics.devicePresence(device)]),
  ];
  const hear = (states: readonly string[]): readonly Statement[] => {
    const names = [topics.deviceReplies(device), ...states];
    return [allow.subscribe(names), allow.receive(names)];
  };
  const exact = hear(switches.map((name) => topics.state(name)));
  const fits = exact.every((statement) => size({ Version: '2012-10-17', Statement: [statement] }) <= POLICY_CHARS_MAX);
  // Of very many switches a button may see the state of all: it moves none the more for it.
  return pack([...speak, ...(fits ? exact : hear([topics.state('*')]))], POLICY_CHARS_MAX, `the device ${device}`);
}

function named(
  name: string,
  documents: readonly PolicyDocument[],
  whose: Pick<IotPolicy, 'clientIds' | 'things'>,
): readonly IotPolicy[] {
  return documents.map((document, index) => ({
    name: index === 0 ? name : `${name}-${index + 1}`,
    ...whose,
    document,
  }));
}

function refuseWildcards(path: string, text: string): void {
  if (!/[*?]|\$\{/.test(text)) return;
  throw new CliFailure(
    'wildcard',
    `${path} has *, ? or \${ in it, which AWS IoT would read as more than these characters.`,
    `Write another ${path}.`,
    { exitCode: 2 },
  );
}
