import type { RecordStore, Zone } from '../ports.ts';

const memories = new WeakMap<RecordStore, RecordStore>();
const knowledge = new WeakMap<RecordStore, ReadonlyMap<string, Zone>>();

/**
 * The same record store, with a memory for what a zone is (its name and name servers hardly ever change): asked for
 * at start, it is known in the emergency, when the call that tells it may be impaired or denied. There is one memory
 * for a store, so that what the watch has learnt serves the moves.
 */
export function rememberZones(records: RecordStore): RecordStore {
  const known = memories.get(records);
  if (known) return known;
  const zones = new Map<string, Zone>();
  const remembering: RecordStore = {
    read: (zoneId, names, signal) => records.read(zoneId, names, signal),
    change: (zoneId, batch, signal) => records.change(zoneId, batch, signal),
    changeStatus: (changeId, signal) => records.changeStatus(changeId, signal),
    async zone(zoneId, signal) {
      const remembered = zones.get(zoneId);
      if (remembered) return remembered;
      const zone = await records.zone(zoneId, signal);
      zones.set(zoneId, zone);
      return zone;
    },
  };
  memories.set(records, remembering);
  memories.set(remembering, remembering);
  knowledge.set(remembering, zones);
  return remembering;
}

/** Whether asking for the zone costs no request. */
export function isRemembered(records: RecordStore, zoneId: string): boolean {
  return knowledge.get(records)?.has(zoneId) === true;
}
