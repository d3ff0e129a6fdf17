import { openNameServers } from '../../cloud/adapters/dns.ts';
import type { DnsRecord } from '../../cloud/ports.ts';
import { MAINTENANCE_ADDRESS, PRIMARY_ADDRESS, type WorldFile } from './world-file.ts';

const LOOK_MS_MAX = 3_000;

/** What somebody sees who visits the site right now: the DNS answer, and the site that it leads to. */
export interface Visit {
  /** As `dig +short` would print it: `maintenance.example.test. → 192.0.2.20`. */
  readonly dns: string;
  readonly records: readonly DnsRecord[];
  /** The HTTP status, or null when nothing answers. */
  readonly status: number | null;
  readonly site: 'primary' | 'maintenance' | 'none';
}

/** Asks the world's name server as `dig` does, then visits the site that the address stands for. Never throws. */
export async function visit(world: WorldFile): Promise<Visit> {
  const records = await lookUp(world);
  const address = records.find(({ type }) => type === 'A')?.value;
  const site = siteOf(address);
  const dns = records.length === 0 ? 'no answer' : records.map(({ value }) => value).join(' → ');
  if (site === 'none') return { dns, records, site, status: null };
  return { dns, records, site, status: await statusOf(world.sites[site]) };
}

/** The A answer of the switched name, CNAME included. */
async function lookUp(world: WorldFile): Promise<readonly DnsRecord[]> {
  try {
    const nameServers = openNameServers({ nameServers: [world.dns] });
    return (await nameServers.ask(world.dns, world.name, 'A', AbortSignal.timeout(LOOK_MS_MAX))).records;
  } catch {
    return []; // a name server that does not answer is what a visitor would meet
  }
}

function siteOf(address: string | undefined): Visit['site'] {
  if (address === PRIMARY_ADDRESS) return 'primary';
  return address === MAINTENANCE_ADDRESS ? 'maintenance' : 'none';
}

async function statusOf(url: string): Promise<number | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(LOOK_MS_MAX) });
    await response.body?.cancel();
    return response.status;
  } catch {
    return null; // the site is down, which is what this tells
  }
}
