import type { Outline } from '../../config/outline.ts';
import { ENDPOINT_SUBSCRIPTIONS, topics } from '../../../shared/topics.ts';
import { CliFailure } from '../failure.ts';

interface Rule {
  readonly access: 'read' | 'write' | 'readwrite';
  readonly topic: string;
}

/** What one user of the broker may do. */
export interface User {
  readonly user: string;
  readonly rules: readonly Rule[];
}

/**
 * What each user of Mosquitto may do: the endpoint, the devices, and nobody else. By name and not by pattern, so that
 * somebody with a certificate of the same authority who is no device of dashover.yaml gets nothing. Throws a CliFailure
 * for a name that the file cannot hold, and when the endpoint has the name of a device.
 */
export function mosquittoUsers(
  { prefix, clientId }: { readonly prefix: string; readonly clientId: string | undefined },
  devices: Outline['devices'],
  endpoint: string,
): readonly User[] {
  if (!/^[^\s\p{C}](.*[^\s\p{C}])?$/u.test(endpoint) || /\p{C}/u.test(endpoint)) {
    throw new CliFailure('bad-name', "The endpoint's user name has signs that an ACL file cannot hold.", NAME_IT, {
      exitCode: 2,
    });
  }
  if (devices.some(({ name }) => name === endpoint)) {
    throw new CliFailure(
      'same-name',
      `The endpoint and a device would both be the user "${endpoint}": the device could do all that the endpoint may.`,
      NAME_IT,
      { exitCode: 2 },
    );
  }
  const below = (access: Rule['access']) => (name: string) => ({ access, topic: `${prefix}/${name}` });
  // A command that somebody has retained is cleared where it stands, so the endpoint may write there, too.
  const cleared: readonly string[] = [topics.switchCommand('+'), topics.deviceCommand('+')];
  return [
    {
      user: endpoint,
      rules: [
        ...cleared.map(below('readwrite')),
        ...ENDPOINT_SUBSCRIPTIONS.filter((filter) => !cleared.includes(filter)).map(below('read')),
        ...[
          topics.state('+'),
          topics.jobs('+'),
          topics.deviceReplies('+'),
          topics.errors,
          topics.endpointPresence(clientId ?? '+'),
        ].map(below('write')),
      ],
    },
    ...devices.map(({ name, switches }) => ({
      user: name,
      rules: [
        ...[topics.deviceCommand(name), topics.devicePresence(name)].map(below('write')),
        ...[topics.deviceReplies(name), ...switches.map((one) => topics.state(one))].map(below('read')),
      ],
    })),
  ];
}

const NAME_IT = 'Name its user with --endpoint-user.';

/** The file for Mosquitto's `acl_file`. */
export function aclFile(users: readonly User[], prefix: string, origin: string): string {
  const head = `# Who may do what on the broker, made by "dashover policy mosquitto" from dashover.yaml.
# ${origin}
# In mosquitto.conf, with this file as access.acl:
#   allow_anonymous false
#   require_certificate true
#   use_identity_as_username true
#   use_username_as_clientid true
#   acl_file /etc/mosquitto/access.acl
#   set_tcp_nodelay true
# Users are the names (CN) in the certificates: a device's is its name in dashover.yaml.
# To let a person command a switch from a test client, give them a block of their own:
#   user alice
#   topic write ${prefix}/switches/+/command
#   topic read ${prefix}/#`;
  const blocks = users.map(({ user, rules }) =>
    [`user ${user}`, ...rules.map(({ access, topic }) => `topic ${access} ${topic}`)].join('\n'),
  );
  return [head, ...blocks].join('\n\n');
}
