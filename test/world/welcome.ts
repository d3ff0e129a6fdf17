import { relative } from 'node:path';
import { PREFIX_DEFAULT, topics } from '../../shared/topics.ts';
import { SECOND_DEVICE, type WorldFile } from './world-file.ts';

/** What a newcomer sees first: where everything is, and commands that can be copied as they stand. */
export function welcome(world: WorldFile, folder: string, moved: readonly string[]): string {
  const mqtt = new URL(world.mqtt);
  const dns = world.dns.split(':');
  const topic = `${PREFIX_DEFAULT}/${topics.switchCommand(world.switch)}`;
  const at = `-h ${mqtt.hostname} -p ${mqtt.port}`;
  const here = relative(process.cwd(), folder) || '.';
  const { failover, restore } = world.triggers;
  const webhook = (transition: string): string =>
    `curl ${world.http}/webhooks/datadog/${world.switch} -H "Authorization: Bearer ${world.tokens.datadog}" -d '{"transition":"${transition}","monitor_id":"1","title":"Web is down"}'`;
  return `dashover's local world is up: no account, no hardware, everything on this machine.

  dashboard    ${world.http}/        token to sign in: ${world.tokens.ops}

${moved.map((sentence) => `  ${sentence}\n`).join('')}  sites        primary ${world.sites.primary}   maintenance ${world.sites.maintenance}
  broker       ${world.mqtt}
  Route 53     ${world.route53}    DNS ${world.dns}
  files        ${here}/world.json   ${here}/dashover.yaml   ${here}/endpoint.log

Look at what visitors get, then send them to the maintenance page and back, from another terminal:

  dig @${dns[0]} -p ${dns[1]} ${world.name} +noall +answer
  mosquitto_pub ${at} -t ${topic} -m failover
  mosquitto_pub ${at} -t ${topic} -m restore

The same without mosquitto's clients:

  npx mqtt pub ${at} -t ${topic} -m failover

By HTTP trigger, as Cloud Automator's users do:

  curl ${world.http}/trigger/${failover.id} -X POST -H "Authorization: CAAuth ${failover.secret}" -H "Content-Length: 0"
  curl ${world.http}/trigger/${restore.id} -X POST -H "Authorization: CAAuth ${restore.secret}" -H "Content-Length: 0"

By webhook, as Datadog does (a human's hold keeps it from moving anything; its restore waits until all has been well for a while):

  ${webhook('Triggered')}
  ${webhook('Recovered')}

By command line and API:

  export DASHOVER_URL=${world.http} DASHOVER_TOKEN=${world.tokens.ops}
  npx dashover status
  npx dashover failover ${world.switch} --reason "trying it out"
  curl -H "Authorization: Bearer $DASHOVER_TOKEN" $DASHOVER_URL/api/jobs?limit=1

By a button on this keyboard (h holds, r clicks and holds):

  npx dashover-button run --url ${world.mqtt} --device ${SECOND_DEVICE} --switch ${world.switch}
`;
}
