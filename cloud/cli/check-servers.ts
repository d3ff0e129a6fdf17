import { delegatedTo } from '../adapters/dns-delegation.ts';
import { askAll, serversOf, wrongInWords } from '../jobs/move/asking.ts';
import { questionsFor } from '../jobs/move/questions.ts';
import { ownedAmong, ownedBy } from '../jobs/records.ts';
import type { Switch } from '../jobs/switch.ts';
import type { NameServers, RecordSet, Zone } from '../ports.ts';
import type { Report } from './check-finding.ts';

const ASK_MS_MAX = 20_000;

/** Whether the zone's name servers can be found, answer, and answer what Route 53 has. Gives how many were right. */
export async function checkServers(
  { positions }: Switch,
  live: readonly RecordSet[],
  zone: Zone,
  nameServers: NameServers,
  report: Report,
): Promise<number> {
  const signal = AbortSignal.timeout(ASK_MS_MAX);
  const servers = await serversOf(nameServers, zone.nameServers, signal);
  if (typeof servers === 'string') {
    report('warn', `${servers} Without them no change can be verified; see that this machine can resolve names.`);
    return 0;
  }
  const owned = ownedBy(positions);
  const ours = ownedAmong(live, owned);
  const strangers = live.filter((set) => !ours.includes(set));
  const wrong = await askAll(nameServers, servers, questionsFor(ours, owned, strangers), zone.name, signal);
  if (wrong.length > 0) {
    const hint = 'Unless a change is just on its way, see that this machine may ask them (UDP and TCP, port 53).';
    report('warn', `${wrongInWords(wrong, servers.length)} ${hint}`);
  }
  return servers.length - wrong.length;
}

/** Whether the Internet goes to this zone at all: another zone of the same name would take the changes, and nobody see them. */
export async function checkDelegation(zone: Zone, report: Report, resolvers?: readonly string[]): Promise<void> {
  let hosts: readonly string[];
  try {
    hosts = await delegatedTo(zone.name, resolvers);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'for no known reason';
    report(
      'warn',
      `to whom ${zone.name} is delegated could not be learnt (${why}). Look at it with: dig NS ${zone.name}`,
    );
    return;
  }
  const others = hosts.filter((host) => !zone.nameServers.includes(host));
  if (others.length === 0) return;
  const all = others.length === hosts.length;
  const whither = `${zone.name} is delegated to ${others.join(', ')}, which ${all ? 'are' : 'is'} not of this hosted zone`;
  const hint = `Delegate it to ${zone.nameServers.join(', ')}, or configure the zone that is in use.`;
  report(all ? 'fail' : 'warn', `${whither}${all ? ': changes here reach nobody' : ''}. ${hint}`);
}
