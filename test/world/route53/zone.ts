import { canonicalName } from '../dns/name.ts';
import { keyOf } from './record-set.ts';
import type { RecordSet } from './record-set.ts';

/** A hosted zone at one moment. Never changed: `applyBatch` makes the next one. */
export interface Zone {
  readonly id: string;
  /** Canonical, with its final dot. */
  readonly name: string;
  readonly private: boolean;
  readonly nameServers: readonly string[];
  readonly acceleratedRecovery: boolean;
  /** By `keyOf`. */
  readonly sets: ReadonlyMap<string, RecordSet>;
  /** Comments by `name type`: while an entry exists, no set of that name and type may be changed. */
  readonly protections: ReadonlyMap<string, string>;
}

/** What a zone begins with. `records` are checked by the same rules as any change. */
export interface ZoneSeed {
  /** Such as `Z0123456789ABC`. */
  readonly id: string;
  readonly name: string;
  readonly records?: readonly RecordSet[];
  readonly private?: boolean;
  readonly acceleratedRecovery?: boolean;
  /** Host names; by default four that look like Amazon's. */
  readonly nameServers?: readonly string[];
}

/** Route 53 gives each new zone these: NS for two days, SOA with the negative caching that everybody has. */
const NS_TTL = 172_800;
const SOA_TTL = 900;

/** A new zone with nothing but its NS and SOA. Throws a FormatFault when its name is not one. */
export function emptyZone(seed: ZoneSeed): Zone {
  const name = canonicalName(seed.name);
  const nameServers = seed.nameServers ?? [
    'ns-1.awsdns-01.test',
    'ns-2.awsdns-02.test',
    'ns-3.awsdns-03.test',
    'ns-4.awsdns-04.test',
  ];
  const soa = `${nameServers[0] ?? name}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400`;
  const sets: RecordSet[] = [
    { name, type: 'NS', ttl: NS_TTL, values: nameServers.map((host) => `${host}.`) },
    { name, type: 'SOA', ttl: SOA_TTL, values: [soa] },
  ];
  return {
    id: seed.id,
    name,
    private: seed.private ?? false,
    nameServers,
    acceleratedRecovery: seed.acceleratedRecovery ?? false,
    sets: new Map(sets.map((set) => [keyOf(set), set])),
    protections: new Map(),
  };
}

/** All sets of a name and type; several when they have set identifiers. */
export function setsAt(sets: readonly RecordSet[], name: string, type?: string): RecordSet[] {
  return sets.filter((set) => set.name === name && (type === undefined || set.type === type));
}
