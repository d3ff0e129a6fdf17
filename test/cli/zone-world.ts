import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordSet } from '../../cloud/ports.ts';
import { startDns, type LocalDns } from '../world/dns/server.ts';
import { startRoute53, type LocalRoute53, type Route53Options } from '../world/route53/server.ts';
import type { ZoneSeed } from '../world/route53/zone.ts';
import { dashover, type Ran, type RunOptions } from './run.ts';

export const ZONE = 'Z0LOCAL';
export const A: RecordSet = { name: 'www.example.test', type: 'A', ttl: 60, values: ['192.0.2.10'] };
export const AAAA: RecordSet = { name: 'www.example.test', type: 'AAAA', ttl: 60, values: ['2001:db8::10'] };

/** The switch `www` between A and AAAA and a CNAME. */
export const WWW = `switches:
  www:
    zone: ${ZONE}
    positions:
      primary:
        - { name: www.example.test, type: A, ttl: 60, values: [192.0.2.10] }
        - { name: www.example.test, type: AAAA, ttl: 60, values: ['2001:db8::10'] }
      maintenance:
        - { name: www.example.test, type: CNAME, ttl: 60, values: [maintenance.example.net] }
`;

export interface ZoneWorld extends AsyncDisposable {
  readonly route53: LocalRoute53;
  readonly dns: LocalDns;
  /** Writes dashover.yaml with the addresses of this world above `text`; gives its path. */
  write(text: string): string;
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
  operations(): readonly string[];
  /** The sets of the zone besides its NS and SOA. */
  live(): readonly RecordSet[];
}

export interface ZoneWorldOptions extends Partial<Omit<Route53Options, 'zones'>> {
  readonly records?: readonly RecordSet[];
  readonly zone?: Partial<ZoneSeed>;
  readonly servers?: number;
  /** Addresses beside the zone's name server where nobody answers. */
  readonly deadServers?: readonly string[];
}

/** A zone of a local Route 53 with its name server, and the real command line as a process that reads and changes it. */
export async function startZoneWorld(options: ZoneWorldOptions = {}): Promise<ZoneWorld> {
  const { records = [A, AAAA], zone, servers = 1, deadServers = [], ...more } = options;
  await using parts = new AsyncDisposableStack();
  const route53 = parts.use(
    await startRoute53({ ...more, zones: [{ id: ZONE, name: 'example.test', records, ...zone }] }),
  );
  const dns = parts.use(await startDns({ route53, servers }));
  const folder = mkdtempSync(join(tmpdir(), 'dashover-zone-'));
  parts.defer(() => rmSync(folder, { recursive: true, force: true }));
  const kept = parts.move();
  return {
    route53,
    dns,
    write(text) {
      const path = join(folder, 'dashover.yaml');
      const addresses = `route53: { endpoint: '${route53.url}' }\ndns: { nameServers: ${JSON.stringify([...dns.addresses, ...deadServers])} }\n`;
      writeFileSync(path, `${addresses}${text}`);
      return path;
    },
    run: (args, runOptions) => dashover(args, runOptions),
    operations: () => route53.calls.map(({ operation }) => operation),
    live: () => route53.records(ZONE).filter(({ type }) => type !== 'NS' && type !== 'SOA'),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
