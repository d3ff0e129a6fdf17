import type { NameServers } from '../../ports.ts';
import { type Question, wireQuestion, wrongIn } from './questions.ts';

/** One address of the zone's name servers. */
export interface Server {
  readonly address: string;
  /** For people: with the host's name, where one is known. */
  readonly label: string;
}

/** A server that does not give the wanted answers, and what it gives. */
export type WrongServer = { readonly server: string; readonly why: string };

/** Every address of the zone's name servers, or why they cannot be asked, in a sentence. */
export async function serversOf(
  nameServers: NameServers,
  hostNames: readonly string[],
  signal: AbortSignal,
): Promise<Server[] | string> {
  const hosts = new Map<string, string[]>();
  try {
    for (const host of hostNames) {
      for (const address of await nameServers.addresses([host], signal)) {
        hosts.set(address, [...(hosts.get(address) ?? []), host]);
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof Error ? error.message : 'The addresses of the name servers cannot be found.';
  }
  if (hosts.size === 0) return 'The zone has no name servers that could be asked.';
  // An address that several hosts share (servers named by the configuration) is called by itself.
  return [...hosts].map(([address, names]) => ({
    address,
    label: names.length === 1 ? `${names[0]} (${address})` : address,
  }));
}

/** The servers that answer otherwise than wanted. Each is asked the questions one after the other, up to a wrong answer. */
export async function askAll(
  nameServers: NameServers,
  servers: readonly Server[],
  questions: readonly Question[],
  zone: string,
  signal: AbortSignal,
): Promise<readonly WrongServer[]> {
  const found = await Promise.all(
    servers.map(async (server) => ({
      server: server.label,
      why: await wrongAt(nameServers, server, questions, zone, signal),
    })),
  );
  return found.flatMap(({ server, why }) => (why === undefined ? [] : [{ server, why }]));
}

async function wrongAt(
  nameServers: NameServers,
  { address }: Server,
  questions: readonly Question[],
  zone: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const question of questions) {
    const { name, type } = wireQuestion(question);
    try {
      const why = wrongIn(question, await nameServers.ask(address, name, type, signal), zone);
      if (why !== undefined) return why;
    } catch (error) {
      return error instanceof Error ? error.message : 'does not answer';
    }
  }
  return undefined;
}

/** `1 of 4 name servers do not give the wanted answers: ns-1.example.net (192.0.2.53:53) still answers …`. */
export function wrongInWords(wrong: readonly WrongServer[], servers: number): string {
  const named = wrong.slice(0, 4).map(({ server, why }) => (why.includes(server) ? why : `${server} ${why}`));
  const more = wrong.length > named.length ? `; and ${wrong.length - named.length} more` : '';
  return `${wrong.length} of ${servers} name servers do not give the wanted answers: ${named.join('; ')}${more}.`;
}
