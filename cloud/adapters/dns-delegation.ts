import { Resolver } from 'node:dns/promises';
import { normalName } from '../../shared/dns-name.ts';

const RESOLVE_MS_MAX = 3_000;

/**
 * The host names of the name servers to which the Internet goes for a zone, as a resolver sees them. Rejects when the
 * zone is delegated to nobody, or no resolver answers; the reason is in the error's words.
 */
export async function delegatedTo(zone: string, resolvers?: readonly string[]): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: RESOLVE_MS_MAX, tries: 2 });
  if (resolvers) resolver.setServers(resolvers);
  return (await resolver.resolveNs(zone)).map(normalName);
}
