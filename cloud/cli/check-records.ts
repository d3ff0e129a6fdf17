import type { Protection } from '../adapters/route53-protections.ts';
import { plan } from '../jobs/plan.ts';
import type { PlanZone } from '../jobs/plan-refusal.ts';
import { ownedAmong, ownedBy, sendable, setInWords, tripleInWords, tripleKey } from '../jobs/records.ts';
import type { Switch } from '../jobs/switch.ts';
import type { RecordSet } from '../ports.ts';
import type { Report } from './check-finding.ts';

/** After a failover caches go on giving the old answer for its TTL. */
const TTL_SECONDS_MAX = 120;
/** Types that clients ask for to find a host; one that is left alone leads its askers elsewhere than A does. */
const LEADING_TYPES: readonly string[] = ['A', 'AAAA', 'HTTPS', 'SVCB'];

/** The names of the switch that lie outside its zone. Pure. */
export function namesOutside({ positions }: Switch, zone: string): readonly string[] {
  const names = Object.values(positions).flatMap((sets) => sets.map(({ name }) => name));
  return [...new Set(names)].filter((name) => name !== zone && !name.endsWith(`.${zone}`));
}

/** What the live records say about moves to come. Pure. `live` holds every set at the names concerned. */
export function checkRecords(target: Switch, live: readonly RecordSet[], zone: PlanZone, report: Report): void {
  checkPlans(target, live, zone, report);
  checkLeftBehind(target, live, report);
  checkTtls(target, live, report);
}

/** Each position must be reachable from here, primary from each of them, and one should be from another. */
function checkPlans({ positions }: Switch, live: readonly RecordSet[], zone: PlanZone, report: Report): void {
  const owned = ownedBy(positions);
  const before = ownedAmong(live, owned);
  const strangers = live.filter((set) => !before.includes(set));
  const others = Object.entries(positions).filter(([position]) => position !== 'primary');
  const refused = new Set<string>();
  for (const [position, sets] of Object.entries(positions)) {
    const there = plan(live, sets, owned, zone, position);
    if (there.kind !== 'refused') continue;
    refused.add(position);
    report('fail', `a move to ${position} would be refused: ${there.message} ${there.hint}`);
  }
  for (const [from, sets] of others.filter(([position]) => !refused.has(position))) {
    const there = [...strangers, ...sets.map(sendable)];
    const back = plan(there, positions['primary'] ?? [], owned, zone, 'primary');
    if (back.kind === 'refused') {
      report('fail', `once at ${from}, a restore would be refused: ${back.message} ${back.hint}`);
    }
    for (const [to, wanted] of others.filter(([position]) => !refused.has(position))) {
      const on = plan(there, wanted, owned, zone, to);
      if (on.kind !== 'refused') continue;
      report('warn', `once at ${from}, a failover to ${to} would be refused: ${on.message} ${on.hint}`);
    }
  }
}

/** Records beside ours that go on leading visitors to where they lead now. */
function checkLeftBehind({ positions }: Switch, live: readonly RecordSet[], report: Report): void {
  const owned = ownedBy(positions);
  const keys = new Set(owned.map(tripleKey));
  for (const set of live.filter((one) => !keys.has(tripleKey(one)))) {
    const beside = owned.filter(({ name }) => name === set.name);
    const shares = beside.some(({ type }) => type === set.type);
    const leads = LEADING_TYPES.includes(set.type) && beside.some(({ type }) => LEADING_TYPES.includes(type));
    if (!shares && !leads) continue;
    report(
      'warn',
      `${setInWords(set)} is in no position and stays as it is: whoever asks for ${set.type} goes on being led there. Name it in the positions.`,
    );
  }
}

function checkTtls({ positions }: Switch, live: readonly RecordSet[], report: Report): void {
  const sets = [...ownedAmong(live, ownedBy(positions)), ...Object.values(positions).flat()];
  const slow = sets.filter(({ ttl = 0 }) => ttl > TTL_SECONDS_MAX);
  const told = new Set(slow.map((set) => `${tripleInWords(set)} has a TTL of ${set.ttl} s`));
  for (const words of told) {
    report('warn', `${words}: caches give its answer for so long after a move away from it. Lower it to 60 s.`);
  }
}

/** Names and types that nobody may change. Pure. */
export function checkProtections({ positions }: Switch, protections: readonly Protection[], report: Report): void {
  const owned = new Set(ownedBy(positions).map(({ name, type }) => `${name} ${type}`));
  for (const { name, type, comment } of protections.filter((one) => owned.has(`${one.name} ${one.type}`))) {
    const why = comment === '' ? '' : ` ("${comment}")`;
    report(
      'fail',
      `${type} ${name} is protected${why}: Route 53 accepts no change to it, from anybody. Remove the protection.`,
    );
  }
}
