import { Fault } from '../../shared/faults.ts';

/** Where a PostgreSQL database is. */
export interface PostgresPlace {
  /** For the driver: holds the password. */
  readonly url: string;
  /** For people: `the database dashover on db.example.com:5432`. */
  readonly name: string;
}

/** What a URL may say after its `?`; the rest is dashover's to decide, such as timeouts. */
const OPTIONS = [
  'application_name',
  'host',
  'port',
  'sslmode',
  'sslcert',
  'sslkey',
  'sslrootcert',
  'sslnegotiation',
  'uselibpqcompat',
  'options',
];

const EXAMPLE = 'postgres://user:password@db.example.com:5432/dashover';

/**
 * Reads a `postgres://` URL. Throws `store-unavailable` in words that never hold a piece of it, except the name of an
 * unknown option: where a password was not encoded, any piece may be part of the password.
 */
export function readPlace(text: string): PostgresPlace {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const rest = url && `${url.pathname}${url.search}${url.hash}`;
  // An unencoded #, ? or / in a password ends the host early, and the real host stands behind an @ in what follows.
  if (!url || !/^postgres(ql)?:$/.test(url.protocol) || url.hash !== '' || rest?.includes('@')) {
    throw new Fault('store-unavailable', 'the store is not the URL of a PostgreSQL database', {
      hint: `Write store: ${EXAMPLE} in dashover.yaml, and in the password %23 for #, %2F for /, %3F for ?, %40 for @.`,
    });
  }
  const unknown = [...url.searchParams.keys()].find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined) {
    throw new Fault('store-unavailable', `the URL of the store has an unknown option "${unknown}"`, {
      hint: `Take it out of store in dashover.yaml; it may hold ${OPTIONS.join(', ')}.`,
    });
  }
  const host = url.searchParams.get('host') ?? (url.hostname === '' ? 'this machine' : url.hostname);
  const port = url.searchParams.get('port') ?? url.port;
  const database = url.pathname.slice(1) || url.username;
  const at = port === '' ? host : `${host}:${port}`;
  return { url: text, name: `the database ${database === '' ? 'of this user' : decoded(database)} on ${decoded(at)}` };
}

function decoded(text: string): string {
  return /%[^0-9a-f]|%.[^0-9a-f]|%.?$/i.test(text) ? text : decodeURIComponent(text);
}
