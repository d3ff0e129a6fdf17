import { type Command, InvalidArgumentError } from 'commander';
import type { Outline, OutlineMqtt } from '../config/outline.ts';
import { CliFailure, wrongUse } from './failure.ts';
import { CONFIG_DEFAULT, example, jsonOption } from './options.ts';
import { remark, say, sayJson } from './terminal.ts';

interface PolicyOptions {
  readonly config: string;
  readonly json?: boolean;
}

/** `dashover policy …`: who must be allowed what, made from dashover.yaml without a secret and without a network. */
export function registerPolicy(program: Command): void {
  const policy = program
    .command('policy')
    .summary('least-privilege policies for AWS IAM, AWS IoT and Mosquitto')
    .description(
      'Prints the least that must be allowed for the switches and devices of dashover.yaml. Works offline, and where the secrets are not set.',
    );
  registerIam(policy);
  registerIot(policy);
  registerMosquitto(policy);
  example(policy, 'dashover policy iam > policy.json\ndashover policy mosquitto > /etc/mosquitto/access.acl');
}

function registerIam(policy: Command): void {
  const command = fromConfig(policy.command('iam'))
    .summary("the IAM policy for the endpoint's AWS credentials")
    .description(
      'Prints the IAM policy with which the endpoint can move the record sets of the configured switches, by deleting and creating them, and nothing else.',
    )
    .action(async ({ config, json }: PolicyOptions) => {
      const { iamPolicies } = await import('./policy/iam.ts');
      const documents = iamPolicies(await outline(config));
      if (json === true) sayJson({ policies: documents });
      else documents.forEach(sayJson);
      if (documents.length > 1) {
        remark(`These are ${documents.length} policies, because one would be too large: attach all to the role.`);
      }
    });
  example(
    command,
    'dashover policy iam > policy.json\naws iam put-role-policy --role-name dashover --policy-name dashover --policy-document file://policy.json',
  );
}

interface IotOptions extends PolicyOptions {
  readonly region?: string;
  readonly account: string;
}

function registerIot(policy: Command): void {
  const command = fromConfig(policy.command('iot'))
    .argument('[policy]', 'only the document of this policy, for a file')
    .summary('the AWS IoT policies for the endpoint and the devices')
    .description(
      'Prints the AWS IoT policies for the endpoint and for each device. The client id of a device is its name, and the name of the thing that its certificate is attached to.',
    )
    .option('--region <region>', "the AWS region; default: that of mqtt.url, else any ('*')", regionArgument)
    .option('--account <id>', "the AWS account; default: any ('*')", accountArgument, '*')
    .action(async (name: string | undefined, { config, json, account, ...options }: IotOptions) => {
      const { iotPolicies, regionOf } = await import('./policy/iot.ts');
      const { mqtt, devices } = withMqtt(await outline(config));
      const region = options.region ?? regionOf(mqtt.url) ?? '*';
      const policies = iotPolicies(mqtt, devices, { region, account });
      if (name !== undefined) {
        const one = policies.find((policy) => policy.name === name);
        const known = policies.map((policy) => policy.name).join(', ');
        if (!one) throw wrongUse(`There is no policy "${name}".`, `Name one of these: ${known}.`);
        sayJson(one.document);
      } else if (json === true) sayJson({ policies });
      else
        for (const one of policies) say(`# ${one.name}: for ${whose(one)}\n${JSON.stringify(one.document, null, 2)}\n`);
    });
  example(
    command,
    'dashover policy iot\ndashover policy iot dashover-endpoint > endpoint.json\naws iot create-policy --policy-name dashover-endpoint --policy-document file://endpoint.json',
  );
}

function whose({ clientIds, things }: { readonly clientIds: readonly string[]; readonly things: boolean }): string {
  const clients = `the certificate that connects as ${clientIds.join(', ')}`;
  return things ? `${clients}, each attached to the thing of that name` : clients;
}

interface MosquittoOptions extends PolicyOptions {
  readonly endpointUser?: string;
}

function registerMosquitto(policy: Command): void {
  const command = fromConfig(policy.command('mosquitto'))
    .summary('the access list (acl_file) of Mosquitto')
    .description('Prints the access list for Mosquitto: the endpoint, the devices, and nobody else.')
    .option(
      '--endpoint-user <name>',
      'whom the broker takes the endpoint for; default: mqtt.username, else the name in mqtt.cert, else mqtt.clientId',
    )
    .action(async ({ config, json, endpointUser }: MosquittoOptions) => {
      const [{ mosquittoUsers, aclFile }, { brokerUser }] = await Promise.all([
        import('./policy/mosquitto.ts'),
        import('./policy/broker-user.ts'),
      ]);
      const { mqtt, devices } = withMqtt(await outline(config));
      const { name, origin } = brokerUser(mqtt, endpointUser);
      const users = mosquittoUsers(mqtt, devices, name);
      if (json === true) sayJson({ users });
      else say(aclFile(users, mqtt.prefix, origin));
    });
  example(command, 'dashover policy mosquitto > /etc/mosquitto/access.acl');
}

function fromConfig(command: Command): Command {
  return command.option('--config <file>', 'the configuration', CONFIG_DEFAULT).addOption(jsonOption());
}

async function outline(config: string): Promise<Outline> {
  const { readOutline } = await import('../config/outline.ts');
  return readOutline(config, process.env);
}

function withMqtt({ mqtt, devices }: Outline): { readonly mqtt: OutlineMqtt; readonly devices: Outline['devices'] } {
  if (mqtt) return { mqtt, devices };
  throw new CliFailure(
    'no-mqtt',
    'There is no mqtt in dashover.yaml, so no broker has anything to allow.',
    'Write mqtt.',
    {
      exitCode: 2,
    },
  );
}

function regionArgument(text: string): string {
  if (/^([a-z]{2}(-[a-z]+)+-\d|\*)$/.test(text)) return text;
  throw new InvalidArgumentError('Write an AWS region such as eu-west-1.');
}

function accountArgument(text: string): string {
  if (/^(\d{12}|\*)$/.test(text)) return text;
  throw new InvalidArgumentError('Write the twelve digits of the AWS account.');
}
