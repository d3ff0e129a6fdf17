import { randomInt } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import type { DnsAnswer, NameServers } from '../ports.ts';
import { askTcp, askUdp, hasRoute, type Server } from './dns-exchange.ts';
import type { Question } from './dns-packets.ts';

const ANSWER_MS_MAX = 1_500;
const UDP_ATTEMPTS = 2;
const RESOLVE_MS_MAX = 3_000;
/** Addresses of name servers hardly ever change; looked up again after this, and kept when that fails. */
const ADDRESSES_FRESH_MS = 3_600_000;
const DNS_PORT = 53;

export interface NameServersOptions {
  /** `host:port` of the servers to ask in place of the zone's own. */
  readonly nameServers: readonly string[] | undefined;
  /** Resolvers (`host` or `host:port`) that find the addresses of name servers; by default the machine's. */
  readonly resolvers?: readonly string[];
  /** How long a server has for one answer, milliseconds; by default 1,500. */
  readonly answerMsMax?: number;
}

/** Name servers asked directly, over UDP (twice), then TCP. Addresses are remembered: the resolver may be down later. */
export function openNameServers(options: NameServersOptions): NameServers {
  const remembered = new Map<string, { readonly addresses: readonly string[]; readonly atMs: number }>();
  const answerMsMax = options.answerMsMax ?? ANSWER_MS_MAX;

  const addressesOf = async (host: string, signal: AbortSignal): Promise<readonly string[]> => {
    const known = remembered.get(host);
    if (known && performance.now() - known.atMs < ADDRESSES_FRESH_MS) return known.addresses;
    try {
      const addresses = await resolveHost(host, options.resolvers, signal);
      remembered.set(host, { addresses, atMs: performance.now() });
      return addresses;
    } catch (error) {
      if (known) return known.addresses;
      throw new Error(`The addresses of name server ${host} cannot be found: ${reasonOf(error)}.`, { cause: error });
    }
  };

  return {
    async addresses(hostNames, signal) {
      if (options.nameServers) return options.nameServers;
      const found = await Promise.all(hostNames.map((host) => addressesOf(host, signal)));
      return [...new Set(found.flat())];
    },
    ask: (server, name, type, signal) => ask(readServer(server), { name, type }, answerMsMax, signal),
  };
}

async function ask(
  server: Server,
  asked: Omit<Question, 'id'>,
  answerMsMax: number,
  signal: AbortSignal,
): Promise<DnsAnswer> {
  const failures: string[] = [];
  const within = (): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(answerMsMax)]);
  for (let attempt = 1; attempt <= UDP_ATTEMPTS && !signal.aborted; attempt += 1) {
    try {
      // A fresh port and id each time: nobody off the path can guess both.
      const answer = await askUdp(server, { ...asked, id: randomInt(0x1_0000) }, within());
      if (answer !== 'truncated') return answer;
      break;
    } catch (error) {
      failures.push(`UDP: ${reasonOf(error)}`);
    }
  }
  try {
    return await askTcp(server, { ...asked, id: randomInt(0x1_0000) }, within());
  } catch (error) {
    signal.throwIfAborted();
    const why = [...new Set([...failures, `TCP: ${reasonOf(error)}`])].join('; ');
    throw new Error(`${serverInWords(server)} does not answer (${why})`, { cause: error });
  }
}

/** Addresses of one host, IPv4 and IPv6, as `host:port`; those that this machine has no way to are left out. */
async function resolveHost(
  host: string,
  resolvers: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<string[]> {
  const resolver = new Resolver({ timeout: RESOLVE_MS_MAX, tries: 1 });
  if (resolvers) resolver.setServers(resolvers);
  const cancel = (): void => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    signal.throwIfAborted();
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const found = [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (found.length === 0) throw v4.status === 'rejected' ? v4.reason : new Error('it has no address');
    const servers = found.map((address) => ({ address, port: DNS_PORT }));
    const routed = await Promise.all(servers.map(hasRoute));
    const reachable = servers.filter((_, index) => routed[index]);
    return (reachable.length > 0 ? reachable : servers).map(serverInWords);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

function serverInWords({ address, port }: Server): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

/** `192.0.2.1:53`, `[2001:db8::1]:53`, or an address alone. */
function readServer(text: string): Server {
  if (isIP(text) !== 0) return { address: text, port: DNS_PORT };
  const match = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(text);
  return match?.[1] ? { address: match[1], port: Number(match[2]) } : { address: text, port: DNS_PORT };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  if ('code' in error && error.code === 'ECONNREFUSED') return 'refused';
  return error.message;
}
