import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../shared/system-clock.ts';
import type { Store, StoreChange } from '../../cloud/engine/store.ts';
import { decideTurn } from '../../cloud/store/postgres-lanes.ts';
import { makeConnections, POSTGRES_LIMITS } from '../../cloud/store/postgres-connections.ts';
import { FIRST_HASH, journalHash } from '../../cloud/store/journal.ts';
import { openPostgresStore, type PostgresOptions } from '../../cloud/store/postgres.ts';
import { readPlace } from '../../cloud/store/postgres-place.ts';
import { silentLog } from '../../shared/log.ts';
import { endPostgres, openPostgresSpace, postgresMissing, type PostgresSpace } from '../postgres.ts';
import { add, note, rule, started, turn } from './plans.ts';
import { type Mischief, openProxy } from './postgres-proxy.ts';

const clock = systemClock;

/** Connections of a store that are doing something. */
const BUSY = "select 1 from pg_stat_activity where application_name = $1 and state <> 'idle'";

/** Polls until it holds; a bounded wait, for what another connection must notice first. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    if (tries > 500) throw new Error('what was waited for did not come');
    await clock.sleep(10);
  }
}

/** One job with its message and its line in the journal, under its own id. */
function command(store: Store, id: string, lane = 'www'): ReturnType<Store['decide']> {
  return store.decide(
    turn({ lane, question: { sender: 'ops', commandId: id }, newJobId: id }),
    (state, seen, known, ended) => ({
      ...rule({})(state, seen, known, ended),
      reply: known?.id ?? seen.newJobId,
      ...(!known && {
        jobs: [add(seen.newJobId, { status: 'refused', commandId: id, deadlineAtMs: null })],
        journal: [{ kind: 'accepted', lane, text: seen.newJobId, detail: null }],
        outgoing: [note(seen.newJobId)],
      }),
    }),
  );
}

describe.skipIf(postgresMissing)('PostgreSQL in bad weather', () => {
  let space: PostgresSpace;
  const stores: Store[] = [];

  beforeAll(async () => {
    space = await openPostgresSpace();
    await (await open())[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store[Symbol.asyncDispose]();
    await space.empty();
  });
  afterAll(async () => {
    await space.remove();
    await endPostgres();
  });

  async function open(options: Partial<PostgresOptions> = {}): Promise<Store> {
    const store = await openPostgresStore({ url: space.url, clock, ...options });
    stores.push(store);
    return store;
  }

  /** Two endpoints; the nth command goes to one after the other. */
  async function openPair(): Promise<(n: number) => Store> {
    const first = await open();
    const second = await open();
    return (n) => (n % 2 === 0 ? first : second);
  }

  async function expectWhole(store: Store, ids: readonly string[]): Promise<void> {
    const rows = await store.journal(0, 100_000);
    expect(rows.map(({ text }) => text).sort()).toEqual([...ids].sort());
    rows.forEach((row, n) => expect(row.hash).toBe(journalHash(rows[n - 1]?.hash ?? FIRST_HASH, row)));
    const jobs = await space.ask('select id from job order by id');
    expect(jobs.map(({ id }) => id)).toEqual([...ids].sort());
    const messages = await space.ask('select body from outgoing');
    expect(messages.map(({ body }) => JSON.parse(String(body)) as string).sort()).toEqual([...ids].sort());
  }

  describe('a commit whose answer is lost', () => {
    test.for<readonly [Mischief, string, number]>([
      ['unanswered', 'was done is answered as what it is, and not done again', 1],
      ['unsent', 'was not done is done again', 2],
      ['stuck', 'never arrived is done again when the server has given it up', 2],
    ])('%s: one that %s', async ([mischief, , times]) => {
      await using proxy = await openProxy(space.url);
      const store = await open({ url: proxy.url, limits: { silenceMs: 1_500 } });
      proxy.atNextCommit(mischief);
      let asked = 0;
      const decided = await store.decide(turn(), (...seen) => {
        asked++;
        return rule({
          reply: 'yes',
          jobs: [add('one')],
          journal: [{ kind: 'accepted', lane: 'www', text: 'one', detail: null }],
          outgoing: [note('one')],
        })(...seen);
      });
      expect(decided).toMatchObject({ reply: 'yes', started: [{ job: { id: 'one' }, lease: { token: 1 } }] });
      expect(asked).toBe(times);
      await expectWhole(store, ['one']);
    });

    test('and cannot be learnt either is said so, in words that do not claim that nothing was stored', async () => {
      await using proxy = await openProxy(space.url);
      const store = await open({ url: proxy.url, limits: { silenceMs: 1_000, connectMs: 1_000, fateMs: 300 } });
      proxy.atNextCommit('gone');
      const decided = store.decide(turn(), rule({ state: 1 }));
      await expect(decided).rejects.toMatchObject({
        code: 'store-unavailable',
        message: expect.stringContaining('broke the connection during a commit') as string,
        hint: expect.stringContaining('could not be learnt') as string,
      });
      proxy.heal();
      await store.ping();
    });
  });

  test('connections killed in the middle of a burst: every accepted command has one job, and none is there twice', async () => {
    const pair = await openPair();
    const ids = Array.from({ length: 100 }, (_, n) => `job ${String(n).padStart(3, '0')}`);
    let answered = 0;
    let killed = 0;
    const send = async (id: string, n: number): Promise<void> => {
      // Refused as store-unavailable while the connections die under it, and sent again under the same id.
      await until(async () => {
        const [result] = await Promise.allSettled([command(pair(n), id, `lane ${n % 7}`)]);
        if (result?.status === 'rejected') expect(result.reason).toMatchObject({ code: 'store-unavailable' });
        return result?.status === 'fulfilled';
      });
      if (++answered % 20 === 0) killed += await space.terminate();
    };
    await Promise.all(ids.map(send));
    expect(killed).toBeGreaterThan(20);
    await expectWhole(await open(), ids);
  });

  test('a server that falls silent is store-unavailable after a while, and is back when it speaks again', async () => {
    await using proxy = await openProxy(space.url);
    const store = await open({ url: proxy.url, limits: { silenceMs: 1_000, connectMs: 1_000 } });
    const before = [1, 2, 3].map((n) => `before ${n}`);
    await Promise.all(before.map((id) => command(store, id, `lane ${id}`)));
    // Then some of the next commands meet a connection that was good, and the others need a new one.
    await until(async () => (await space.ask(BUSY, space.name)).length === 0);
    proxy.silence();
    // A crowd on one of the lanes as well: each of them waiting for a silence of its own would take minutes.
    const lost = Array.from({ length: 100 }, (_, n) => command(store, `lost ${n}`, `lane ${Math.max(0, n - 95)}`));
    for (const result of await Promise.allSettled(lost)) {
      expect(result).toMatchObject({
        status: 'rejected',
        reason: { code: 'store-unavailable', message: expect.stringContaining('does not answer in time') as string },
      });
    }
    await expect(store.ping()).rejects.toMatchObject({ code: 'store-unavailable' });
    proxy.heal();
    await command(store, 'after');
    await expectWhole(store, [...before, 'after']);
  });

  test('an endpoint that stands still inside a transaction keeps a lane only until it is taken for frozen', async () => {
    const limits = { ...POSTGRES_LIMITS, frozenMs: 200 };
    const frozen = makeConnections({ place: readPlace(space.url), clock, log: silentLog, limits });
    const store = await open();
    await command(store, 'first');
    const asleep = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const late = frozen.transact(async (sql, attempt) => {
      if (attempt > 1) return 'tried again';
      await sql.one("select 1 from lane where name = 'www' for update");
      held.resolve();
      await asleep.promise;
      await sql.run("update lane set state = '\"late\"' where name = 'www'");
      return 'late';
    });
    await held.promise;
    await command(store, 'second');
    asleep.resolve();
    expect(await late).toBe('tried again');
    await frozen.close();
    expect(await store.lane('www')).toBeNull();
    await expectWhole(store, ['first', 'second']);
  });

  test('a job that a frozen endpoint is writing to is no obstacle to taking over the others', async () => {
    const limits = { ...POSTGRES_LIMITS, frozenMs: 500 };
    const frozen = makeConnections({ place: readPlace(space.url), clock, log: silentLog, limits });
    const store = await open();
    await started(store, 'held');
    await started(store, 'free', { lane: 'other' });
    const asleep = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const late = frozen.transact(async (sql, attempt) => {
      if (attempt > 1) return;
      await sql.one("select 1 from job where id = 'held' for update");
      held.resolve();
      await asleep.promise;
    });
    await held.promise;
    const ids = async (): Promise<string[]> =>
      (await store.takeOver('you', 1_000_000, 2_000_000)).map(({ job }) => job.id);
    expect(await ids()).toEqual(['free']);
    await until(async () => (await ids()).includes('held'));
    asleep.resolve();
    await late;
    await frozen.close();
  });

  test('of two lanes that change the shared state at once neither loses what the other counted', async () => {
    const pair = await openPair();
    await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        pair(n).decide(turn({ lane: `lane ${n % 6}` }), (state, seen, ...rest) => ({
          ...rule({})(state, seen, ...rest),
          shared: Number(seen.shared ?? 0) + 1,
        })),
      ),
    );
    let shared: unknown;
    await pair(0).decide(turn(), (state, seen, ...rest) => {
      ({ shared } = seen);
      return rule({})(state, seen, ...rest);
    });
    expect(shared).toBe(60);
  });

  test('lanes that wake each other at the same moment do not wait for each other, and no wake is lost', async () => {
    const pair = await openPair();
    for (let round = 0; round < 8; round++) {
      await Promise.all(
        ['a', 'b', 'c'].map((lane, n) =>
          pair(n).decide(turn({ lane }), rule({ wakeLanes: ['a', 'b', 'c'].filter((other) => other !== lane) })),
        ),
      );
    }
    // Whoever decided last cannot have heard of what the others stored after it had looked.
    expect((await pair(0).timers(1_000)).due.length).toBeGreaterThan(0);
    for (const lane of ['a', 'b', 'c']) await pair(0).decide(turn({ lane }), rule({}));
    expect((await pair(0).timers(1_000_000)).due).toEqual([]);
  });

  test('a wake that is committed while a lane decides without having seen its cause outlives that decision', async () => {
    const store = await open();
    const slow = makeConnections({ place: readPlace(space.url), clock, log: silentLog, limits: POSTGRES_LIMITS });
    // An earlier wake, which this decision does answer.
    await store.decide(turn({ lane: 'cause' }), rule({ wakeLanes: ['late'] }));
    let waking: Promise<unknown> | undefined;
    const decided = await slow.transact((sql, attempt) =>
      decideTurn(
        {
          one: async (...statement) => waking?.then(() => sql.one(...statement)) ?? sql.one(...statement),
          all: async (...statement) => waking?.then(() => sql.all(...statement)) ?? sql.all(...statement),
          run: async (...statement) => waking?.then(() => sql.run(...statement)) ?? sql.run(...statement),
          tag: (text) => sql.tag(text),
        },
        turn({ lane: 'late' }),
        (state, seen, ...rest) => {
          // Between what was read and what is written the other lane changes everything.
          waking = store.decide(turn({ lane: 'cause' }), rule({ shared: 'tripped', wakeLanes: ['late'] }));
          return { ...rule({})(state, seen, ...rest), reply: seen.shared ?? null };
        },
        attempt,
      ),
    );
    await slow.close();
    expect(decided).toMatchObject({ reply: null });
    expect((await store.timers(1_000)).due).toEqual(['late']);
  });

  test('one id of a sender that arrives on two lanes at once is one job', async () => {
    const pair = await openPair();
    for (let round = 0; round < 10; round++) {
      const id = `id ${round}`;
      const replies = await Promise.all(
        [0, 1].map((n) =>
          pair(n).decide(
            turn({ lane: `lane ${n}`, question: { sender: 'lobby', commandId: id }, newJobId: `${id} ${n}` }),
            (state, seen, known, ended) => ({
              ...rule({})(state, seen, known, ended),
              reply: known?.id ?? seen.newJobId,
              jobs: known
                ? []
                : [add(seen.newJobId, { sender: 'lobby', commandId: id, status: 'refused', deadlineAtMs: null })],
            }),
          ),
        ),
      );
      expect(new Set(replies.map((decided) => decided !== 'lease-lost' && decided.reply)).size).toBe(1);
    }
    expect(await space.ask('select id from job')).toHaveLength(10);
  });

  test('a deadlock with somebody else’s transaction is tried again and not seen by anybody', async () => {
    const store = await open({ limits: { frozenMs: 5_000, lockMs: 5_000, statementMs: 5_000, silenceMs: 6_000 } });
    await command(store, 'first', 'lane 1');
    await store.decide(turn({ lane: 'lane 2' }), rule({ shared: 1 }));
    await space.ask("set deadlock_timeout = '10s'");
    await space.ask('begin');
    await space.ask('select 1 from shared for update');
    const decided = store.decide(turn({ lane: 'lane 1' }), (state, seen, ...rest) => ({
      ...rule({})(state, seen, ...rest),
      shared: Number(seen.shared) + 1,
    }));
    await until(async () => (await waitingFor('update shared%')) === 1);
    const ours = space.ask("select 1 from lane where name = 'lane 1' for update");
    await ours;
    await space.ask('commit');
    await decided;
    expect(await space.ask('select state from shared')).toEqual([{ state: '2' }]);
  });

  async function waitingFor(statement: string): Promise<number> {
    await space.ask('select pg_stat_clear_snapshot()');
    const rows = await space.ask(
      "select 1 from pg_stat_activity where application_name = $1 and wait_event_type = 'Lock' and query like $2",
      space.name,
      statement,
    );
    return rows.length;
  }

  test('a lock that somebody keeps for too long is store-unavailable in words', async () => {
    const store = await open({ limits: { lockMs: 100 } });
    await command(store, 'first');
    await space.ask('begin');
    await space.ask("select 1 from lane where name = 'www' for update");
    await expect(command(store, 'second')).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('is busy: another transaction holds what is needed') as string,
    });
    await space.ask('rollback');
    await command(store, 'second');
    await expectWhole(store, ['first', 'second']);
  });

  test('a burst does not keep the heartbeat of a running job waiting', async () => {
    const store = await open();
    const { lease } = await started(store);
    const order: string[] = [];
    const burst = Array.from({ length: 100 }, async (_, n) => {
      await command(store, `burst ${n}`, `lane ${n}`);
      order.push('command');
    });
    await until(() => order.length > 0);
    const answered = order.length;
    await store.heartbeat([lease], 99_000);
    // Beside those that had a connection already, and what they let in while the heartbeat was under way.
    expect(order.length).toBeLessThan(answered + 50);
    await Promise.all(burst);
  });

  test('an endpoint hears what another has stored, and not what it stored itself', async () => {
    const [mine, other] = [await open(), await open()];
    const heard: (StoreChange | null)[] = [];
    const stop = mine.onChange?.((change) => heard.push(change));
    await until(() => heard.length === 1); // it listens: anything may have been stored before
    expect(heard.splice(0)).toEqual([null]);
    await command(mine, 'mine');
    const { lease } = await started(other, 'theirs', { lane: 'api' });
    await until(() => heard.some((change) => change?.jobs.includes('theirs')));
    await other.decide(turn({ lane: 'api' }), rule({ wakeAtMs: 5, wakeLanes: ['www'], outgoing: [note(1)] }));
    await until(() => heard.some((change) => change?.receivers.includes('mqtt') && change.lanes.includes('www')));
    await other.handOver([lease]);
    expect(heard.some((change) => change?.jobs.includes('mine'))).toBe(false);
    stop?.();
  });

  test.for(['', 'nonsense', '{"from":"us","change":{"lanes":"all"}}', '{"change":null}', 'null'])(
    'a notice that no endpoint wrote (%j) is a reason to look, and no more',
    async (payload) => {
      const store = await open();
      const heard: (StoreChange | null)[] = [];
      store.onChange?.((change) => heard.push(change));
      await until(() => heard.length === 1);
      await space.ask('select pg_notify($1, $2)', `dashover:${space.name}`, payload);
      await until(() => heard.length === 2);
      expect(heard).toEqual([null, null]);
    },
  );

  test('whoever listens is told that anything may have changed when its connection was broken', async () => {
    const store = await open();
    const heard: (StoreChange | null)[] = [];
    store.onChange?.((change) => heard.push(change));
    await until(() => heard.length === 1);
    await space.terminate();
    await until(() => heard.length === 2);
    expect(heard).toEqual([null, null]);
  });

  test('an end finishes what was on its way', async () => {
    const store = await open();
    const decided = command(store, 'last');
    await store[Symbol.asyncDispose]();
    await decided;
    expect(await (await open()).job('last')).toMatchObject({ id: 'last' });
  });

  test('the journal cannot be rewritten', async () => {
    const store = await open();
    await store.record({ kind: 'x', lane: null, text: 'as it was', detail: null }, 1);
    for (const attempt of ["update journal set text = 'as I like it'", 'delete from journal', 'truncate journal']) {
      await expect(space.ask(attempt)).rejects.toThrow('the journal is append-only');
    }
    for (const forged of [
      'update journal_anchor set seq = 1',
      'update journal_anchor set seq = 9',
      'delete from journal_anchor',
    ]) {
      await expect(space.ask(forged)).rejects.toThrow('the journal can begin only after one of its rows');
    }
  });
});
