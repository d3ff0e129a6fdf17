import { openNameServers } from '../adapters/dns.ts';
import { openProber } from '../adapters/probe.ts';
import { openRecordStore, type OpenRecordStore } from '../adapters/route53.ts';
import type { Protection } from '../adapters/route53-protections.ts';
import type { Config } from '../config/read.ts';
import type { Reading } from '../jobs/command.ts';
import { makeRateBudget } from '../jobs/rate-budget.ts';
import { reading } from '../jobs/reading.ts';
import { namesToRead } from '../jobs/records.ts';
import type { NameServers, Prober, Zone } from '../ports.ts';
import { type Fault, isFault } from '../../shared/faults.ts';
import { silentLog } from '../../shared/log.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { checkConfig } from './check-config.ts';
import { checkMachine } from './check-machine.ts';
import type { Finding, Report } from './check-finding.ts';
import { checkProtections, checkRecords, namesOutside } from './check-records.ts';
import { checkDelegation, checkServers } from './check-servers.ts';
import { makePatience, type Patience } from './patience.ts';

type Switch = Config['switches'][number];

/** What is asked once a zone, and lasts for all its switches. A Fault says why it is not known. */
interface ZoneSeen {
  readonly zone: Zone | Fault;
  readonly protections: readonly Protection[] | Fault;
}

interface Looking {
  readonly config: Config;
  readonly records: OpenRecordStore;
  readonly patience: Patience;
  readonly nameServers: NameServers;
  readonly prober: Prober;
  readonly zones: Map<string, ZoneSeen>;
}

/** Everything that can be known before the emergency. Only reads; one switch after the other, in small steps. */
export async function checkOnline(config: Config, env: NodeJS.ProcessEnv): Promise<readonly Finding[]> {
  await using records = await openRecordStore({ ...config.route53, log: silentLog });
  const nameServers = openNameServers({ nameServers: config.dns.nameServers });
  const patience = makePatience(makeRateBudget(systemClock, config.route53.requestsPerSecond));
  const looking: Looking = { config, records, patience, nameServers, prober: openProber(), zones: new Map() };
  const findings: Finding[] = [];
  for (const one of config.switches) findings.push(...(await lookAt(looking, one)));
  return [...findings, ...checkConfig(config, records.url), ...(await checkMachine(records, env))];
}

async function lookAt(looking: Looking, one: Switch): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  const report: Report = (level, text) => found.push({ switch: one.name, level, text });
  const seen = looking.zones.get(one.zone) ?? (await lookAtZone(looking, one.zone, report));
  looking.zones.set(one.zone, seen);
  const { zone: told } = seen;
  // Without that right much can still be known, and every move be made; without a zone or a connection nothing can.
  if (isFault(told) && told.code !== 'route53-denied') {
    report('fail', inWords(told));
    return found;
  }
  const zone = isFault(told) ? undefined : told;
  const outside = zone ? namesOutside(one, zone.name) : [];
  if (zone && outside.length > 0) {
    const are = outside.length === 1 ? 'is' : 'are';
    report('fail', `${outside.join(', ')} ${are} not in the zone ${zone.name}; correct the zone or the name.`);
    return found;
  }
  const live = await attempt(() =>
    looking.patience.read(looking.records, one.zone, namesToRead(one.positions, one.zone)),
  );
  if (isFault(live)) {
    report('fail', inWords(live));
    return found;
  }
  const now = reading(live, one);
  reportReading(now, zone, report);
  checkRecords(one, live, { id: one.zone, name: zone?.name ?? null }, report);
  if (isFault(seen.protections)) {
    report('warn', `whether records are protected could not be checked. ${inWords(seen.protections)}`);
  } else checkProtections(one, seen.protections, report);
  if (isFault(told)) report('warn', `what the zone is could not be checked. ${inWords(told)}`);
  await Promise.all([
    zone && one.verify && !zone.private ? checkServers(one, live, zone, looking.nameServers, report) : undefined,
    checkProbes(one, now, looking.prober, report),
  ]);
  return found.toSorted((a, b) => rank(a) - rank(b));
}

/** What was found first is what it is; then what is wrong; then what is remarkable. */
function rank({ level }: Finding): number {
  return ['ok', 'fail', 'warn'].indexOf(level);
}

async function lookAtZone({ config, records, patience }: Looking, id: string, report: Report): Promise<ZoneSeen> {
  const zone = await attempt(() => patience.ask((signal) => records.zone(id, signal)));
  if (isFault(zone)) return { zone, protections: zone };
  const protections = await attempt(() => patience.ask((signal) => records.protections(id, signal)));
  // Name servers of one's own choosing stand for a zone that the Internet does not see.
  if (!zone.private && config.dns.nameServers === undefined) await checkDelegation(zone, report);
  return { zone, protections };
}

async function attempt<Answer>(ask: () => Promise<Answer>): Promise<Answer | Fault> {
  try {
    return await ask();
  } catch (error) {
    if (isFault(error)) return error;
    throw error;
  }
}

function inWords({ message, hint }: Fault): string {
  return `${message} ${hint}`;
}

function reportReading(now: Reading, zone: Zone | undefined, report: Report): void {
  const place = zone ? ` in the ${zone.private ? 'private' : 'public'} zone ${zone.name}` : '';
  const recovery =
    zone && !zone.private ? `; accelerated recovery is ${zone.acceleratedRecovery === true ? 'on' : 'off'}` : '';
  switch (now.kind) {
    case 'position':
      return report('ok', `the live records${place} equal ${now.position}${recovery}.`);
    case 'drifted':
      return report('warn', `the live records${place} equal no position: ${now.differences.join('; ')}.`);
    case 'unknown':
      return report('fail', `the live records${place} could not be read: ${now.why}`);
  }
}

/** A destination that does not answer refuses automation. Where the switch is now, it is the outage itself. */
async function checkProbes({ probe, failoverTo }: Switch, now: Reading, prober: Prober, report: Report): Promise<void> {
  const here = now.kind === 'position' ? now.position : undefined;
  await Promise.all(
    Object.entries(probe).map(async ([position, one]: [string, (typeof probe)[string]]) => {
      const { ok, text } = await prober.probe(one, AbortSignal.timeout(one.timeoutMs + 1_000));
      if (ok) return;
      const needed = position === failoverTo && position !== here;
      const what = needed ? 'automation would not fail over' : 'automation would not move there';
      report(needed ? 'fail' : 'warn', `${position} does not answer as its probe expects, and ${what}: ${text}`);
    }),
  );
}
