import type { RecordSet } from '../../../cloud/ports.ts';
import { choose } from './choose.ts';
import type { Chance } from './choose.ts';
import { isWithin, nameFromWire, nameToWire, readName, writeName } from './name.ts';
import { TYPE_NUMBERS, isRecordType, rdata, soaMinimum } from './rdata.ts';
import type { RecordType } from './rdata.ts';
import type { Query, Response, WireRecord } from './wire.ts';
import { delegationOf, setsFor, viewOf, zoneFor } from './zone-view.ts';
import type { ServedZone, ZoneView } from './zone-view.ts';

/** What a server answers from: the zones that it knows now, and the health of what they point to. */
export interface View {
  readonly zones: readonly ServedZone[];
  isHealthy(healthCheckId: string): boolean;
  /** In [0, 1). */
  random(): number;
}

const CHAIN_MAX = 8;
const IN = 1;
const ANY_CLASS = 255;
const ANY = 255;
const TRANSFERS = [251, 252];

/** An alias to a service outside of the zone answers with these: addresses that belong to documentation. */
const FOREIGN_ALIAS = { ttl: 60, A: '203.0.113.53', AAAA: '2001:db8::53' } as const;

/** Answers one question. Pure, apart from `view.random`. `overTcp` decides how much of an ANY is told. */
export function answer(query: Query, view: View, overTcp: boolean): Response {
  const { question } = query;
  if (query.opcode !== 0) return empty('NOTIMP');
  if (!question) return empty('FORMERR');
  if (query.edns && query.edns.version > 0) return empty('BADVERS');
  if ((question.class !== IN && question.class !== ANY_CLASS) || TRANSFERS.includes(question.type))
    return empty('REFUSED');
  const zone = zoneFor(view.zones, question.name);
  if (!zone) return empty('REFUSED');
  return lookUp(viewOf(zone), question.name, question.type, view, overTcp);
}

function lookUp(zone: ZoneView, asked: string, type: number, view: View, overTcp: boolean): Response {
  const answers: WireRecord[] = [];
  let name = asked;
  for (let hop = 0; hop < CHAIN_MAX; hop++) {
    const delegation = delegationOf(zone, name);
    if (delegation && !(delegation.name === name && type === TYPE_NUMBERS.DS)) {
      const referral = recordsOf(delegation, delegation.name, zone, view);
      return { rcode: 'NOERROR', authoritative: answers.length > 0, answers, authority: referral };
    }
    const { exists, sets } = setsFor(zone, name);
    const found = matching(sets, type, overTcp).flatMap((group) => pick(group, name, zone, view));
    answers.push(...found);
    if (found.length > 0) return { rcode: 'NOERROR', authoritative: true, answers, authority: [] };
    const cnames = pick(
      sets.filter((set) => set.type === 'CNAME'),
      name,
      zone,
      view,
    );
    const target = cnames[0] && writeName(nameFromWire(cnames[0].data));
    if (target === undefined) {
      return { rcode: exists ? 'NOERROR' : 'NXDOMAIN', authoritative: true, answers, authority: soaOf(zone, view) };
    }
    answers.push(...cnames);
    // What lies in another zone is for the asker to ask there.
    if (!isWithin(target, zone.zone.name)) return { rcode: 'NOERROR', authoritative: true, answers, authority: [] };
    name = target;
  }
  return { rcode: 'NOERROR', authoritative: true, answers, authority: [] };
}

/** The sets of the asked type, grouped by type. ANY is all of them over TCP, and one over UDP (RFC 8482). */
function matching(sets: readonly RecordSet[], type: number, overTcp: boolean): RecordSet[][] {
  const groups = [...Map.groupBy(sets, (set) => set.type).entries()];
  if (type !== ANY) return groups.filter(([name]) => numberOf(name) === type).map(([, group]) => group);
  return (overTcp ? groups : groups.slice(0, 1)).map(([, group]) => group);
}

function pick(sets: readonly RecordSet[], owner: string, zone: ZoneView, view: View): WireRecord[] {
  return choose(sets, chanceOf(zone, view)).flatMap((set) => recordsOf(set, owner, zone, view));
}

function chanceOf(zone: ZoneView, view: View, depth = 0): Chance {
  const isHealthy = (set: RecordSet): boolean => {
    if (set.healthCheckId !== undefined && !view.isHealthy(set.healthCheckId)) return false;
    if (!set.alias?.evaluateTargetHealth || set.alias.zone !== zone.zone.id || depth >= CHAIN_MAX) return true;
    const targets = setsFor(zone, set.alias.name).sets.filter(({ type }) => type === set.type);
    return targets.some((target) => chanceOf(zone, view, depth + 1).isHealthy(target));
  };
  return { random: () => view.random(), isHealthy };
}

/** The records of a set; those of its target, under the alias's own name, when it is an alias. */
function recordsOf(set: RecordSet, owner: string, zone: ZoneView, view: View, depth = 0): WireRecord[] {
  const { type } = set;
  if (!isRecordType(type)) return [];
  if (!set.alias) return (set.values ?? []).map((value) => wireRecord(owner, type, set.ttl ?? 0, value));
  if (set.alias.zone !== zone.zone.id) {
    const address = type === 'A' || type === 'AAAA' ? FOREIGN_ALIAS[type] : undefined;
    return address === undefined ? [] : [wireRecord(owner, type, FOREIGN_ALIAS.ttl, address)];
  }
  if (depth >= CHAIN_MAX) return [];
  const targets = setsFor(zone, set.alias.name).sets.filter((target) => target.type === type);
  return choose(targets, chanceOf(zone, view)).flatMap((target) => recordsOf(target, owner, zone, view, depth + 1));
}

/** The zone's SOA, for how long an absence may be remembered (RFC 2308). */
function soaOf(zone: ZoneView, view: View): WireRecord[] {
  const soa = zone.setsByName.get(zone.zone.name)?.filter(({ type }) => type === 'SOA') ?? [];
  const [record] = pick(soa, zone.zone.name, zone, view);
  return record ? [{ ...record, ttl: Math.min(record.ttl, soaMinimum(record.data)) }] : [];
}

function wireRecord(owner: string, type: RecordType, ttl: number, value: string): WireRecord {
  return { name: owner, owner: nameToWire(readName(owner)), type: TYPE_NUMBERS[type], ttl, data: rdata(type, value) };
}

function numberOf(type: string): number | undefined {
  return isRecordType(type) ? TYPE_NUMBERS[type] : undefined;
}

function empty(rcode: Response['rcode']): Response {
  return { rcode, authoritative: false, answers: [], authority: [] };
}
