import { randomBytes } from 'node:crypto';

/** What `.dashover/world.json` holds: everything that a person or a program needs to reach this world. */
export interface WorldFile {
  readonly config: string;
  readonly http: string;
  readonly mqtt: string;
  readonly route53: string;
  readonly dns: string;
  readonly sites: { readonly primary: string; readonly maintenance: string };
  readonly switch: string;
  readonly name: string;
  readonly device: string;
  readonly tokens: { readonly ops: string; readonly datadog: string };
  readonly triggers: { readonly failover: TriggerKey; readonly restore: TriggerKey };
}

interface TriggerKey {
  readonly id: string;
  readonly secret: string;
}

export const ZONE = { id: 'Z0DASHOVERLOCAL', name: 'example.test' } as const;
export const SWITCH = 'www';
export const NAME = 'www.example.test';
/** The button of the live screen. */
export const DEVICE = 'lobby';
/** For a button that somebody starts beside it: two with one client id would throw each other out. */
export const SECOND_DEVICE = 'desk';
/** Documentation addresses (RFC 5737): nothing answers there. The world knows which site each stands for. */
export const PRIMARY_ADDRESS = '192.0.2.10';
export const PRIMARY_ADDRESS_V6 = '2001:db8::10';
export const MAINTENANCE_ADDRESS = '192.0.2.20';
export const MAINTENANCE_NAME = 'maintenance.example.test';

export function makeSecret(): string {
  return randomBytes(16).toString('hex');
}

/** The endpoint's configuration for this world, as a user would write it. */
export function configYaml(world: Omit<WorldFile, 'config'>): string {
  const host = new URL(world.http).host;
  return `# Written by the local world at each start. The addresses and secrets are this world's own.
http:
  listen: ${host}
store: sqlite:./dashover.db
route53:
  endpoint: ${world.route53}
dns:
  nameServers: ['${world.dns}']
mqtt:
  url: ${world.mqtt}
  clientId: dashover-endpoint
switches:
  ${world.switch}:
    title: Web site
    zone: ${ZONE.id}
    positions:
      primary:
        - { name: ${world.name}, type: A, ttl: 60, values: [${PRIMARY_ADDRESS}] }
        - { name: ${world.name}, type: AAAA, ttl: 60, values: ['${PRIMARY_ADDRESS_V6}'] }
      maintenance:
        - { name: ${world.name}, type: CNAME, ttl: 60, values: [${MAINTENANCE_NAME}] }
    probe:
      primary: { url: '${world.sites.primary}/', expect: [200] }
      maintenance: { url: '${world.sites.maintenance}/', expect: [200, 503] }
tokens:
  - { name: ops, secret: '${world.tokens.ops}', on: ['*'], may: ['*'] }
  - { name: datadog, secret: '${world.tokens.datadog}', on: [${world.switch}], may: [failover, restore], via: [datadog] }
triggers:
  - { id: '${world.triggers.failover.id}', secret: '${world.triggers.failover.secret}', switch: ${world.switch}, command: failover }
  - { id: '${world.triggers.restore.id}', secret: '${world.triggers.restore.secret}', switch: ${world.switch}, command: restore }
devices:
  ${world.device}: { on: [${world.switch}], may: [failover, restore, drill] }
  ${SECOND_DEVICE}: { on: [${world.switch}], may: [failover, restore, drill] }
`;
}
