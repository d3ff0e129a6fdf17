import { normalName } from '../../shared/dns-name.ts';
import type { Switch } from '../../cloud/jobs/switch.ts';
import type { DnsAnswer, RecordSet } from '../../cloud/ports.ts';
import { applyBatch } from '../world/route53/apply.ts';
import type { Change } from '../world/route53/record-set.ts';
import { emptyZone, type Zone } from '../world/route53/zone.ts';

/** What somebody had there before dashover, and what no job may touch. */
const BYSTANDERS: readonly RecordSet[] = [
  { name: 'example.test', type: 'MX', ttl: 300, values: ['10 mail.example.net'] },
  { name: 'other.example.test', type: 'A', ttl: 300, values: ['198.51.100.1'] },
];

interface Version {
  readonly zone: Zone;
  readonly insyncAtMs: number;
}

/** One hosted zone by the strict rules of Route 53: what the API sees, and what the name servers see when it is INSYNC. */
export interface PlayedZone {
  readonly id: string;
  /** The error's text when it is refused; null when it was applied. */
  apply(batch: readonly Change[], insyncAtMs: number): string | null;
  /** Whether it would be applied; nothing is. */
  judge(batch: readonly Change[]): string | null;
  live(): readonly RecordSet[];
  answer(name: string, type: string, nowMs: number): DnsAnswer;
}

export function makePlayedZone(id: string, switches: readonly Switch[]): PlayedZone {
  const around = { otherZones: new Set<string>(), healthChecks: undefined };
  let zone = emptyZone({ id, name: 'example.test' });
  const seed = [...BYSTANDERS, ...switches.flatMap(({ positions }) => positions['primary'] ?? [])];
  for (const set of seed) {
    const applied = applyBatch(zone, [{ action: 'CREATE', set }], around);
    if (applied.kind === 'refused') throw applied.error;
    zone = applied.zone;
  }
  let versions: readonly Version[] = [{ zone, insyncAtMs: 0 }];

  /** The newest that is INSYNC: a later change holds all the earlier ones. */
  function served(nowMs: number): Zone {
    const at = versions.findLastIndex(({ insyncAtMs }) => insyncAtMs <= nowMs);
    if (at > 0) versions = versions.slice(at);
    return versions[0]?.zone ?? zone;
  }

  return {
    id,
    apply(batch, insyncAtMs) {
      const applied = applyBatch(zone, batch, around);
      if (applied.kind === 'refused') return applied.error.message;
      zone = applied.zone;
      versions = [...versions, { zone, insyncAtMs }];
      return null;
    },
    judge(batch) {
      const applied = applyBatch(zone, batch, around);
      return applied.kind === 'refused' ? applied.error.message : null;
    },
    live: () => Array.from(zone.sets.values(), (set) => ({ ...set, name: normalName(set.name) })),
    answer(name, type, nowMs) {
      const sets = [...served(nowMs).sets.values()].filter((set) => normalName(set.name) === name);
      const found = sets.filter((set) => set.type === type || set.type === 'CNAME');
      const records = found.flatMap((set) =>
        (set.values ?? []).map((value) => ({ name, type: set.type, ttl: set.ttl ?? 0, value })),
      );
      return { rcode: sets.length > 0 ? 'NOERROR' : 'NXDOMAIN', authoritative: true, records };
    },
  };
}

/** Record sets as one text, so that two lists of them can be compared without the code that is being tested. */
export function spelled(sets: readonly RecordSet[]): string {
  const lines = sets.map(
    ({ name, type, ttl, values }) => `${name} ${type} ${ttl} ${[...(values ?? [])].sort().join(',')}`,
  );
  return lines.sort().join('\n');
}

/** The sets that a switch's positions name by name and type. */
export function ownedOf(live: readonly RecordSet[], { positions }: Switch): readonly RecordSet[] {
  const owned = new Set(Object.values(positions).flatMap((sets) => sets.map(({ name, type }) => `${name} ${type}`)));
  return live.filter(({ name, type }) => owned.has(`${name} ${type}`));
}

/** The position that the live sets equal, or null. */
export function positionOf(live: readonly RecordSet[], settings: Switch): string | null {
  const now = spelled(ownedOf(live, settings));
  const found = Object.entries(settings.positions).find(([, sets]) => spelled(sets) === now);
  return found?.[0] ?? null;
}
