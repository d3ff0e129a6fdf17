import type { RecordStore, Zone } from '../ports.ts';

/**
 * The same record store, with a memory for what a zone is (its name and name servers hardly ever change): asked for
 * at start, it is known in the emergency, when the call that tells it may be impaired or denied.
 */
export function rememberZones(records: RecordStore): RecordStore {
  const known = new Map<string, Zone>();
  return {
    ...records,
    async zone(zoneId, signal) {
      const remembered = known.get(zoneId);
      if (remembered) return remembered;
      const zone = await records.zone(zoneId, signal);
      known.set(zoneId, zone);
      return zone;
    },
  };
}
