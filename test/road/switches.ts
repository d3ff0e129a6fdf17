import { PRIMARY_ADDRESS, PRIMARY_ADDRESS_V6, SWITCH, ZONE } from '../world/world-file.ts';
import type { ConfigFile, Road } from './road.ts';

/** What else a test wants in the configuration, beside its switches. */
type Edit = (file: ConfigFile) => void;

/**
 * Gives the world more switches like its own, each at a name of its own in the one zone, so that much can happen at
 * once; the endpoint is started anew.
 */
export async function addSwitches(road: Road, names: readonly string[], edit: Edit = () => undefined): Promise<void> {
  road.world.route53.edit(
    ZONE.id,
    names.flatMap((name) => [
      { action: 'CREATE', set: { name: domain(name), type: 'A', ttl: 60, values: [PRIMARY_ADDRESS] } },
      { action: 'CREATE', set: { name: domain(name), type: 'AAAA', ttl: 60, values: [PRIMARY_ADDRESS_V6] } },
    ]),
  );
  road.world.route53.settle();
  await road.configure((file) => {
    const pattern = JSON.stringify(file.switches[SWITCH]);
    for (const name of names) {
      file.switches[name] = JSON.parse(pattern.replaceAll(domain(SWITCH), domain(name))) as object;
    }
    edit(file);
  });
}

function domain(name: string): string {
  return `${name}.${ZONE.name}`;
}
