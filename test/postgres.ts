import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, chownSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

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

const STARTED_MS = 20_000;

interface Server {
  readonly url: string;
  end(): Promise<void>;
}

/** One that runs, by its URL, or the folder of the programs to start one with. */
const found = (await findRunning()) ?? globSync('/usr/lib/postgresql/*/bin').sort().at(-1);
const missing =
  'PostgreSQL is not here: no server that lets us in at PGHOST or localhost:5432, and none installed. ' +
  'Install it with: sudo apt-get install -y postgresql';

/** Whether tests with PostgreSQL must be skipped; where DASHOVER_REQUIRE_SERVICES is set they fail instead. */
export const postgresMissing = found === undefined && process.env['DASHOVER_REQUIRE_SERVICES'] === undefined;
if (postgresMissing) process.stderr.write(`${missing}\n`);

let server: Promise<Server> | undefined;

async function serve(): Promise<Server> {
  if (found === undefined) throw new Error(missing);
  return found.startsWith('postgres:') ? { url: found, end: () => Promise.resolve() } : startServer(found);
}

/** Ends the server, if it was started for these tests. */
export async function endPostgres(): Promise<void> {
  await (await server)?.end();
}

/**
 * Opens an empty place in a server that runs (PGHOST or localhost, PGPORT, PGUSER, and the database PGDATABASE or
 * `test`), or else in one started for these tests, which `endPostgres` ends.
 */
export async function openPostgresSpace(): Promise<PostgresSpace> {
  server ??= serve();
  const { url } = await server;
  const name = `dashover_test_${process.pid}_${randomBytes(4).toString('hex')}`;
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`create schema ${name}`);
  await client.query(`set search_path = ${name}`);
  const own = new URL(url);
  own.searchParams.set('application_name', name);
  // These tests cut connections, never the power: waiting for the disk would only cost time.
  own.searchParams.set('options', `-c search_path=${name} -c synchronous_commit=off`);
  const ask: PostgresSpace['ask'] = async (text, ...values) =>
    (await client.query<Record<string, unknown>>(text, [...values])).rows;
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
      await client.query('set client_min_messages = warning');
      await client.query(`drop schema ${name} cascade`);
      await client.end();
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

/** Whether a database answers there, lets us in without a question, and lets us make schemas. */
async function allowsUs(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  try {
    await client.connect();
    const { rows } = await client.query<{ may: boolean }>(
      "select has_database_privilege(current_database(), 'create') as may",
    );
    return rows[0]?.may === true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}

async function startServer(bin: string): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'dashover-postgres-'));
  const data = join(folder, 'data');
  // PostgreSQL refuses to run as root, as which containers often run tests.
  const isRoot = process.getuid?.() === 0;
  const owner = isRoot ? { uid: idOf('-u'), gid: idOf('-g') } : {};
  if (isRoot) {
    chownSync(folder, idOf('-u'), idOf('-g'));
    chmodSync(folder, 0o700);
  }
  const quiet = { cwd: folder, stdio: 'ignore' as const, ...owner };
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'], quiet);
  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`, 'fsync=off'];
  const child = spawn(
    join(bin, 'postgres'),
    ['-D', data, '-p', `${port}`, ...settings.flatMap((one) => ['-c', one])],
    quiet,
  );
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await answers(url, child);
  return {
    url,
    async end() {
      const closed = once(child, 'close');
      child.kill('SIGINT');
      await closed;
      rmSync(folder, { recursive: true });
    },
  };
}

function idOf(which: '-u' | '-g'): number {
  return Number(execFileSync('id', [which, 'postgres'], { encoding: 'utf8' }));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  for (let waitedMs = 0; !(await allowsUs(url)); waitedMs += 50) {
    if (child.exitCode !== null) throw new Error(`PostgreSQL ended with ${child.exitCode} at its start`);
    if (waitedMs > STARTED_MS) throw new Error(`PostgreSQL did not answer within ${STARTED_MS} ms`);
    await sleep(50);
  }
}
