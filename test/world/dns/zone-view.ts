import type { RecordSet } from '../../../cloud/ports.ts';
import { isWithin, parentOf } from './name.ts';

/** What the name server needs of a hosted zone; names canonical. */
export interface ServedZone {
  readonly id: string;
  readonly name: string;
  readonly private: boolean;
  readonly sets: ReadonlyMap<string, RecordSet>;
}

/** A zone arranged for looking up. */
export interface ZoneView {
  readonly zone: ServedZone;
  /** The sets at each name that has any. */
  readonly setsByName: ReadonlyMap<string, readonly RecordSet[]>;
  /** Every name that exists: those with sets, and the empty ones above them. */
  readonly names: ReadonlySet<string>;
}

const views = new WeakMap<ServedZone, ZoneView>();

/** Zones never change, so each is arranged once. */
export function viewOf(zone: ServedZone): ZoneView {
  const known = views.get(zone);
  if (known) return known;
  const names = new Set<string>();
  for (const { name } of zone.sets.values()) {
    for (let at: string | undefined = name; at !== undefined && isWithin(at, zone.name); at = parentOf(at))
      names.add(at);
  }
  const view = { zone, setsByName: Map.groupBy(zone.sets.values(), ({ name }) => name), names };
  views.set(zone, view);
  return view;
}

/** The zone that answers for a name: the one whose own name is longest. Private zones answer nobody outside their VPC. */
export function zoneFor(zones: readonly ServedZone[], name: string): ServedZone | undefined {
  return zones
    .filter((zone) => !zone.private && isWithin(name, zone.name))
    .reduce<ServedZone | undefined>(
      (best, zone) => (best && best.name.length >= zone.name.length ? best : zone),
      undefined,
    );
}

/** The sets that answer for a name: its own, or those of the wildcard of the closest name above that exists. */
export function setsFor(
  view: ZoneView,
  name: string,
): { readonly exists: boolean; readonly sets: readonly RecordSet[] } {
  if (view.names.has(name)) return { exists: true, sets: view.setsByName.get(name) ?? [] };
  for (let above = parentOf(name); above !== undefined; above = parentOf(above)) {
    const wildcard = view.setsByName.get(`\\052.${above}`);
    if (wildcard) return { exists: true, sets: wildcard };
    if (view.names.has(above)) break;
  }
  return { exists: false, sets: [] };
}

/** The delegation that a name lies under, if any: NS records below the zone's own name. */
export function delegationOf(view: ZoneView, name: string): RecordSet | undefined {
  let found: RecordSet | undefined;
  for (let at: string | undefined = name; at !== undefined && at !== view.zone.name; at = parentOf(at)) {
    found = view.setsByName.get(at)?.find(({ type }) => type === 'NS') ?? found;
  }
  return found;
}
