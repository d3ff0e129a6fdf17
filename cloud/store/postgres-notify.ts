import { Client, type PoolConfig } from 'pg';
import { z } from 'zod';
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { StoreChange } from '../engine/store.ts';
import type { Connections } from './postgres-connections.ts';

/** A channel of PostgreSQL carries less than 8,000 bytes; what is longer says that anything may have changed. */
const PAYLOAD_MAX = 7_000;
const RECONNECT_MS = 1_000;
const PROVE_ALIVE_MS = 30_000;
const END_MS = 500;

const Notice = z.object({
  from: z.string(),
  change: z
    .object({ lanes: z.array(z.string()), jobs: z.array(z.string()), receivers: z.array(z.string()) })
    .nullable(),
});

type Listener = (change: StoreChange | null) => void;

/** NOTIFY and LISTEN between the endpoints on one database: a hint to look sooner, never the only way to learn. */
export interface Notices {
  /** Tells the others what was committed. Never waited for: one that is lost costs them the time to their next poll. */
  tell(change: StoreChange): void;
  listen(listener: Listener): () => void;
  close(): Promise<void>;
}

interface Options {
  readonly connections: Connections;
  readonly config: PoolConfig;
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Connects when somebody listens. Must be opened on a database that is reachable. */
export async function openNotices({ connections, config, name, clock, log }: Options): Promise<Notices> {
  const listeners = new Set<{ readonly call: Listener }>();
  const closed = new AbortController();
  let waiting: StoreChange | undefined;
  let telling = false;
  let listening: Promise<void> | undefined;
  // A number that no other endpoint on this server ever gets, to know our own notices by; a channel for each schema.
  const row = await connections.ask((sql) =>
    sql.one("select pg_current_xact_id()::text as me, 'dashover:' || current_schema() as channel"),
  );
  const { me, channel } = row as { readonly me: string; readonly channel: string };

  async function send(): Promise<void> {
    telling = true;
    // One at a time: what is stored meanwhile goes into the next.
    while (waiting) {
      const text = JSON.stringify({ from: me, change: waiting });
      const payload = Buffer.byteLength(text) < PAYLOAD_MAX ? text : JSON.stringify({ from: me, change: null });
      waiting = undefined;
      try {
        await connections.ask((sql) => sql.run('select pg_notify($1, $2)', channel, payload));
      } catch (error) {
        log.debug(
          { err: error },
          `other endpoints on ${name} were not told of a change; they will see it at their poll`,
        );
      }
    }
    telling = false;
  }

  function hear(payload: string | undefined): void {
    const notice = read(payload);
    if (notice?.from !== me) ring(notice?.change ?? null);
  }

  function ring(change: StoreChange | null): void {
    for (const { call } of listeners) call(change);
  }

  async function listenForEver(): Promise<void> {
    for (let failures = 0; !closed.signal.aborted; failures++) {
      try {
        await listenOnce();
      } catch (error) {
        log.debug({ err: error, failures }, `the connection that listens to ${name} broke; it is made again`);
      }
      await clock.sleep(RECONNECT_MS, closed.signal);
    }
  }

  /** Resolves or rejects when the connection ends. */
  async function listenOnce(): Promise<void> {
    const mine = new Client(config);
    const ended = new Promise<void>((resolve, reject) => mine.on('end', resolve).on('error', reject));
    // Said by whoever waits for it below; here so that it is never unheard.
    ended.catch(() => undefined);
    try {
      await mine.connect();
      mine.on('notification', ({ payload }) => hear(payload));
      await mine.query(`listen ${mine.escapeIdentifier(channel)}`);
      // Whatever was told while nobody listened.
      ring(null);
      await Promise.race([ended, proveAlive(mine)]);
    } finally {
      await end(mine);
    }
  }

  /** Rejects when the server no longer answers: silence alone looks like a quiet night. */
  async function proveAlive(mine: Client): Promise<void> {
    while (!closed.signal.aborted) {
      await clock.sleep(PROVE_ALIVE_MS, closed.signal);
      await mine.query('select 1');
    }
  }

  /** A server that says nothing does not confirm an end either. */
  async function end(mine: Client): Promise<void> {
    const confirmed = new AbortController();
    const ending = mine.end().finally(() => confirmed.abort());
    await Promise.race([ending, clock.sleep(END_MS, confirmed.signal)]);
  }

  return {
    tell(change) {
      if (change.lanes.length + change.jobs.length + change.receivers.length === 0) return;
      waiting = waiting ? joined(waiting, change) : change;
      if (!telling && !closed.signal.aborted) void send();
    },
    listen(call) {
      const entry = { call };
      listeners.add(entry);
      listening ??= listenForEver();
      return () => listeners.delete(entry);
    },
    async close() {
      closed.abort();
      waiting = undefined;
      await listening;
    },
  };
}

/** Undefined for what none of us has written: whoever may connect to the database may say anything on the channel. */
function read(payload: string | undefined): z.infer<typeof Notice> | undefined {
  try {
    return Notice.safeParse(JSON.parse(payload ?? '')).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function both(one: readonly string[], other: readonly string[]): readonly string[] {
  return [...new Set([...one, ...other])];
}

function joined(a: StoreChange, b: StoreChange): StoreChange {
  return {
    lanes: both(a.lanes, b.lanes),
    jobs: both(a.jobs, b.jobs),
    receivers: both(a.receivers, b.receivers),
  };
}
