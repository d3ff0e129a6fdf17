import { silentLog } from '../../shared/log.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { openNameServers } from '../../cloud/adapters/dns.ts';
import { openIds } from '../../cloud/adapters/ids.ts';
import { openRecordStore } from '../../cloud/adapters/route53.ts';
import { makeMove, type MoveOptions } from '../../cloud/jobs/move.ts';
import type { Switch } from '../../cloud/jobs/switch.ts';
import type { RecordSet, RecordStore } from '../../cloud/ports.ts';
import { type LocalDns, startDns } from '../world/dns/server.ts';
import { type LocalRoute53, type Route53Options, startRoute53 } from '../world/route53/server.ts';
import type { ZoneSeed } from '../world/route53/zone.ts';

process.env['AWS_ACCESS_KEY_ID'] = 'AKIALOCAL';
process.env['AWS_SECRET_ACCESS_KEY'] = 'local';

export const ZONE = 'Z0123456789ABC';
export const PRIMARY: readonly RecordSet[] = [
  { name: 'www.example.test', type: 'A', ttl: 60, values: ['192.0.2.10'] },
  { name: 'www.example.test', type: 'AAAA', ttl: 30, values: ['2001:db8::10'] },
];
export const MAINTENANCE: readonly RecordSet[] = [
  { name: 'www.example.test', type: 'CNAME', ttl: 60, values: ['maintenance.example.net'] },
];

export function switchAs(changed: Partial<Switch> = {}): Switch {
  return {
    name: 'www',
    title: 'Web site',
    zone: ZONE,
    positions: { primary: PRIMARY, maintenance: MAINTENANCE },
    failoverTo: 'maintenance',
    probe: {},
    guards: {
      hold: 'until-released',
      restoreAfterMs: 120_000,
      cooldownMs: 300_000,
      flapping: { moves: 4, withinMs: 3_600_000 },
      jobDeadlineMs: 600_000,
    },
    verify: true,
    ...changed,
  };
}

/** What the rules would say at the last look. */
interface RulesState {
  reason: string | null;
  before: readonly RecordSet[] | null;
}

export interface WorldOptions extends Partial<Omit<Route53Options, 'zones'>> {
  readonly records?: readonly RecordSet[];
  readonly zone?: Partial<ZoneSeed>;
  readonly servers?: number;
  readonly switches?: readonly Switch[];
  readonly move?: Partial<MoveOptions<RulesState>>;
}

export interface MoveWorld extends AsyncDisposable {
  readonly route53: LocalRoute53;
  readonly dns: LocalDns;
  readonly records: RecordStore;
  readonly state: RulesState;
  /** Over this world, as a process that has just started would make it. */
  readonly makeRunbook: () => ReturnType<typeof makeMove<RulesState>>;
  /** The sets of the zone besides its NS and SOA, as the API gives them. */
  readonly live: () => readonly RecordSet[];
}

/** A local Route 53 with name servers, and a move over the real SDK and real sockets, in a hurry. */
export async function startMoveWorld(options: WorldOptions = {}): Promise<MoveWorld> {
  await using parts = new AsyncDisposableStack();
  const { records: seed = PRIMARY, zone, servers = 1, switches = [switchAs()], move, ...more } = options;
  const zones = [{ id: ZONE, name: 'example.test', records: seed, ...zone }];
  const route53 = parts.use(await startRoute53({ ...more, zones }));
  const dns = parts.use(await startDns({ route53, servers }));
  const records = parts.use(await openRecordStore({ region: 'us-east-1', endpoint: route53.url, log: silentLog }));
  const state: RulesState = { reason: null, before: null };
  const kept = parts.move();
  return {
    route53,
    dns,
    records,
    state,
    makeRunbook: () =>
      makeMove<RulesState>({
        switches: Object.fromEntries(switches.map((one) => [one.name, one])),
        records: { ...records },
        nameServers: openNameServers({ nameServers: dns.addresses, answerMsMax: 200 }),
        prober: { probe: async () => ({ ok: true, text: 'The site answered 200.' }) },
        clock: systemClock,
        ids: openIds(),
        log: silentLog,
        mayStillSend: (_, { reason }) => reason,
        beforeOf: ({ before }) => before,
        pace: {
          callMs: 250,
          retryMsMin: 10,
          retryMsMax: 50,
          settlePollMs: [5, 10, 20],
          verifyMs: 400,
          verifyPauseMs: 20,
        },
        ...move,
      }),
    live: () => route53.records(ZONE).filter(({ type }) => type !== 'NS' && type !== 'SOA'),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Polls until it is so; rejects after two seconds with what was waited for. */
export async function until(what: string, so: () => boolean): Promise<void> {
  const endMs = Date.now() + 2_000;
  while (!so()) {
    if (Date.now() > endMs) throw new Error(`waited in vain until ${what}`);
    await systemClock.sleep(5);
  }
}
