import { z } from 'zod';
import { isIpv4, isIpv6 } from './dns-name.ts';
import { baseUrl } from './leaves.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, `192.0.2.1:53`, `[2001:db8::1]:53`; undefined when it is none. An IPv6 host comes without brackets. */
function readHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) return undefined;
  const [, ipv6, host] = match;
  if (ipv6 !== undefined) return isIpv6(ipv6) ? { host: ipv6, port } : undefined;
  // All digits and dots, and no address: a typing mistake, not a name.
  if (host === undefined || (/^[0-9.]+$/.test(host) && !isIpv4(host))) return undefined;
  return { host, port };
}

/** Only this machine can reach it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIpv4(host) && host.startsWith('127.'));
}

export const Listen = z
  .string()
  .transform((text, context): HostPort => {
    const address = readHostPort(text);
    if (address) return address;
    context.issues.push({ code: 'custom', message: whyNoListen(text), input: text });
    return z.NEVER;
  })
  .describe("host:port, such as 127.0.0.1:8080, 0.0.0.0:8080 or '[::]:8080'; port 0 takes a free one");

function whyNoListen(text: string): string {
  const write = 'write host:port, such as 127.0.0.1:8080';
  if (/^\d+$/.test(text)) return `is only a port; ${write}.`;
  if (/^:\d+$/.test(text)) return `has no host; ${write}, or 0.0.0.0${text} for every address.`;
  if (text.split(':').length > 2 && !text.includes('[')) {
    return "is not host:port; write an IPv6 address in brackets, such as '[::1]:8080'.";
  }
  return `is not host:port with a port up to 65535; ${write}.`;
}

/** `host:port` of a name server, port 53 unless told. */
export const NameServer = z
  .string()
  .transform((text, context): string => {
    const bare = isIpv4(text) ? `${text}:53` : isIpv6(text) ? `[${text}]:53` : text;
    const address = readHostPort(bare);
    if (address && address.port > 0 && (isIpv4(address.host) || isIpv6(address.host))) return bare;
    // No host names: the resolver may be down in the very emergency.
    const message = "is not an address of a name server; write an IP address and port, such as '192.0.2.53:53'.";
    context.issues.push({ code: 'custom', message, input: text });
    return z.NEVER;
  })
  .describe("an IP address and port, such as '192.0.2.53:53' or '[2001:db8::53]:53'");

const Proxy = z
  .string()
  .refine((text) => {
    const [address = '', bits, ...rest] = text.split('/');
    if (rest.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return false;
    const size = Number(bits ?? 0);
    return (isIpv4(address) && size <= 32) || (isIpv6(address) && size <= 128);
  })
  .describe('an IP address or network, such as 10.0.0.0/8');

export const Proxies = z
  .union([z.boolean(), z.array(Proxy).min(1).max(100)])
  .describe('false, true, or a list of the addresses of the proxies, such as [10.0.0.0/8]');

export const Endpoint = baseUrl('the URL of a local Route 53, such as http://127.0.0.1:15380');

/** Where everything is kept, as written: the path is relative to the file yet. */
type StorePlace =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: string };

const WRITE_STORE = 'write sqlite:./dashover.db, or postgres://user:${PGPASSWORD}@host:5432/dashover';

export const Store = z
  .string()
  .transform((text, context): StorePlace => {
    const why = /^postgres(ql)?:/.test(text) ? whyNoPostgres(text) : whyNoSqlite(text);
    if (why !== undefined) {
      context.issues.push({ code: 'custom', message: why, input: text });
      return z.NEVER;
    }
    return text.startsWith('sqlite:') ? { kind: 'sqlite', path: sqlitePath(text) } : { kind: 'postgres', url: text };
  })
  .describe('sqlite: and the path of the database, as in sqlite:./dashover.db, or the postgres:// URL of one');

function sqlitePath(text: string): string {
  return text.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '');
}

function whyNoSqlite(text: string): string | undefined {
  if (!text.startsWith('sqlite:')) return `is not a store; ${WRITE_STORE}.`;
  const path = sqlitePath(text);
  if (path === '' || path.endsWith('/')) {
    return 'names no file; write sqlite: and a path, as in sqlite:./dashover.db.';
  }
  if (path.startsWith(':') || path.startsWith('//') || path.includes('?')) {
    return 'is not a file; jobs must survive a restart: write a path, as in sqlite:./dashover.db.';
  }
  return undefined;
}

/** Never repeats a piece of the URL: where a password was not encoded, any piece may be part of it. */
function whyNoPostgres(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const rest = url && `${url.pathname}${url.search}${url.hash}`;
  // An unencoded #, ? or / in a password ends the host early; the real host then stands behind an @ in what follows.
  if (!url || !text.includes('://') || url.hash !== '' || rest?.includes('@')) {
    return `is not the URL of a PostgreSQL database; ${WRITE_STORE}, and in the password %23 for #, %2F for /, %3F for ?, %40 for @.`;
  }
  if (url.pathname.length < 2) return `names no database; ${WRITE_STORE}.`;
  return undefined;
}
