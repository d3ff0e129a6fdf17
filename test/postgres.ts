import { randomBytes } from 'node:crypto';
import { globSync } from 'node:fs';
import { userInfo } from 'node:os';
import { Client } from 'pg';
import { allowsUs, type PostgresServer, startPostgres } from './postgres-server.ts';

/** An empty place in a PostgreSQL server: a schema of its own, so that tests beside each other do not meet. */
export interface PostgresSpace {
  /** Its connections carry `name` as their application_name. */
  readonly url: string;
  readonly name: string;
  /** A connection of the test's own, closed by `remove`. */
  ask(text: string, ...values: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  /** Breaks every connection that a store has open here; how many. */
  terminate(): Promise<number>;
  /** Takes everything out of a store's tables, for the next test: making them anew takes a tenth of a second. */
  empty(): Promise<void>;
  remove(): Promise<void>;
}

const programs = globSync('/usr/lib/postgresql/*/bin').sort().at(-1);
/** One that runs, by its URL, or the folder of the programs to start one with. */
const found = (await findRunning()) ?? programs;
const missing =
  'PostgreSQL is not here: no server that lets us in at PGHOST or localhost:5432, and none installed. ' +
  'Install it with: sudo apt-get install -y postgresql';

/** Whether tests with PostgreSQL must be skipped; where DASHOVER_REQUIRE_SERVICES is set they fail instead. */
export const postgresMissing = found === undefined && process.env['DASHOVER_REQUIRE_SERVICES'] === undefined;
if (postgresMissing) process.stderr.write(`${missing}\n`);

/** The same for tests that restart a server of their own. */
export const ownPostgresMissing = programs === undefined && process.env['DASHOVER_REQUIRE_SERVICES'] === undefined;

/** A server of one test's own, which it may stop and start. */
export function startOwnPostgres(): Promise<PostgresServer> {
  if (programs === undefined) throw new Error(missing);
  return startPostgres(programs);
}

let server: Promise<Pick<PostgresServer, 'url' | 'end'>> | undefined;

async function serve(): Promise<Pick<PostgresServer, 'url' | 'end'>> {
  if (found === undefined) throw new Error(missing);
  return found.startsWith('postgres:') ? { url: found, end: () => Promise.resolve() } : startPostgres(found);
}

/** Ends the server, if it was started for these tests. */
export async function endPostgres(): Promise<void> {
  await (await server)?.end();
}

/**
 * Opens an empty place in a server that runs (PGHOST or localhost, PGPORT, PGUSER, and the database PGDATABASE or
 * `test`), or else in one started for these tests, which `endPostgres` ends; or in a test's own.
 */
export async function openPostgresSpace(of?: PostgresServer): Promise<PostgresSpace> {
  if (!of) server ??= serve();
  const { url } = of ?? (await (server ?? serve()));
  const name = `dashover_test_${process.pid}_${randomBytes(4).toString('hex')}`;
  let client: Client | undefined;
  const ask: PostgresSpace['ask'] = async (text, ...values) => {
    client ??= await connect();
    return (await client.query<Record<string, unknown>>(text, [...values])).rows;
  };

  async function connect(): Promise<Client> {
    const fresh = new Client({ connectionString: url });
    // A test's own server may go away under us; the next question connects again.
    fresh.on('error', () => {
      client = undefined;
    });
    await fresh.connect();
    await fresh.query(`set search_path = ${name}; set client_min_messages = warning`);
    return fresh;
  }

  await ask(`create schema ${name}`);
  const own = new URL(url);
  own.searchParams.set('application_name', name);
  // Most tests cut connections, never the power: waiting for the disk would only cost time. One's own server crashes.
  const options = of ? '' : ' -c synchronous_commit=off';
  own.searchParams.set('options', `-c search_path=${name}${options}`);
  return {
    // Spaces as %20: libpq, and so the driver, does not read a plus as one.
    url: own.href.replaceAll('+', '%20'),
    name,
    ask,
    async terminate() {
      const rows = await ask(
        'select pg_terminate_backend(pid) as done from pg_stat_activity where application_name = $1',
        name,
      );
      return rows.filter(({ done }) => done === true).length;
    },
    async empty() {
      client ??= await connect();
      await client.query(`
        alter table journal disable trigger user; alter table journal_anchor disable trigger user;
        delete from lane; delete from wake; delete from shared; delete from job; delete from outgoing;
        delete from journal; delete from endpoint_lease;
        update journal_head set seq = 0, hash = repeat('0', 64);
        update journal_anchor set seq = 0, hash = repeat('0', 64);
        alter table journal enable trigger user; alter table journal_anchor enable trigger user;
      `);
    },
    async remove() {
      await ask(`drop schema ${name} cascade`);
      await client?.end();
    },
  };
}

async function findRunning(): Promise<string | undefined> {
  const { PGHOST = 'localhost', PGPORT = '5432', PGDATABASE = 'test', PGUSER } = process.env;
  for (const user of PGUSER === undefined ? [userInfo().username, 'postgres'] : [PGUSER]) {
    const url = `postgres://${user}@${encodeURIComponent(PGHOST)}:${PGPORT}/${PGDATABASE}`;
    if (await allowsUs(url)) return url;
  }
  return undefined;
}
