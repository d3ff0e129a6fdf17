import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../../shared/json.ts';
import type { JobChange, Outgoing } from '../../cloud/engine/lane.ts';
import type { Store } from '../../cloud/engine/store.ts';
import { FIRST_HASH, journalHash } from '../../cloud/store/journal.ts';
import type { Opened } from './opened.ts';
import { add, note, NOW, rule, started, step, turn } from './plans.ts';
import { truncationConformance } from './truncation.ts';

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The suite that every store is held to: `open` gives an empty one. */
export function storeConformance(name: string, open: () => Promise<Opened>): void {
  describe(`${name} as a store`, () => {
    let opened: Opened;
    let store: Store;

    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.remove());

    function send(...outgoing: readonly Outgoing[]): Promise<unknown> {
      return store.decide(turn(), rule({ outgoing }));
    }

    async function refused(id: string, atMs: number, commandId: string): Promise<void> {
      const job = add(id, { commandId, status: 'refused', deadlineAtMs: null });
      await store.decide(turn({ nowMs: atMs }), rule({ jobs: [job] }));
    }

    async function bodies(receiver = 'mqtt'): Promise<Json[]> {
      const found: Json[] = [];
      for (let row = await store.nextOutgoing(receiver, NOW); row; row = await store.nextOutgoing(receiver, NOW)) {
        found.push(row.body);
        await store.delivered(row.id);
      }
      return found;
    }

    describe('decide', () => {
      test('stores all that a rule returns, and another process reads it', async () => {
        const decided = await store.decide(
          turn(),
          rule({
            state: { at: 'primary' },
            shared: { count: 1 },
            reply: 'yes',
            jobs: [add('one', { commandId: 'c1' })],
            journal: [{ kind: 'accepted', lane: 'www', text: 'accepted', detail: { by: 'ops' } }],
            outgoing: [note('hello')],
            wakeAtMs: NOW + 5,
          }),
        );
        expect(decided).toMatchObject({
          reply: 'yes',
          started: [{ job: { id: 'one', status: 'running' }, lease: { job: 'one', owner: 'me', token: 1 } }],
          interrupted: [],
          outgoing: [{ body: 'hello' }],
          wakeAtMs: NOW + 5,
          wakeLanes: [],
        });
        const other = await opened.again();
        expect(await other.lane('www')).toEqual({ at: 'primary' });
        expect(await other.job('one')).toEqual({
          id: 'one',
          lane: 'www',
          status: 'running',
          exclusive: true,
          sender: 'ops',
          commandId: 'c1',
          data: { made: 'one' },
          acceptedAtMs: NOW,
          startedAtMs: NOW,
          finishedAtMs: null,
          deadlineAtMs: NOW + 60_000,
          interrupt: null,
          steps: [],
        });
        expect(await other.timers(NOW)).toEqual({ due: [], nextAtMs: NOW + 5 });
        expect(await other.timers(NOW + 5)).toEqual({ due: ['www'], nextAtMs: null });
        expect(await other.nextOutgoing('mqtt', NOW)).toMatchObject({ body: 'hello', attempts: 0, createdAtMs: NOW });
        expect(await other.journal(0, 10)).toMatchObject([
          { seq: 1, atMs: NOW, kind: 'accepted', detail: { by: 'ops' } },
        ]);
      });

      test('lets a rule see the state, the shared state, the new id, and unfinished jobs, oldest first', async () => {
        await store.decide(
          turn(),
          rule({
            state: 7,
            shared: { trip: true },
            jobs: [
              add('b'),
              add('a', { status: 'queued', deadlineAtMs: null }),
              add('c', { status: 'refused', deadlineAtMs: null }),
            ],
          }),
        );
        await store.decide(turn({ lane: 'other' }), rule({ jobs: [add('elsewhere')] }));
        const saw: unknown[] = [];
        await store.decide(turn({ newJobId: 'next' }), (state, seen, known, ended) => {
          saw.push(
            state,
            seen.shared,
            seen.newJobId,
            seen.jobs.map(({ id }) => id),
            known,
            ended,
          );
          return rule({})(state, seen, known, ended);
        });
        expect(saw).toEqual([7, { trip: true }, 'next', ['b', 'a'], null, null]);
      });

      test('a lane and a shared state never written are undefined', async () => {
        expect(await store.lane('www')).toBeUndefined();
        await store.decide(turn(), (state, seen, ...rest) => {
          expect([state, seen.shared]).toEqual([undefined, undefined]);
          return rule({})(state, seen, ...rest);
        });
      });

      test('shares the shared state between lanes, and leaves it when a decision says nothing', async () => {
        await store.decide(turn({ lane: 'a' }), rule({ shared: { count: 1 } }));
        await store.decide(turn({ lane: 'b' }), rule({}));
        let shared: Json | undefined;
        await store.decide(turn({ lane: 'c' }), (state, seen, ...rest) => {
          ({ shared } = seen);
          return rule({})(state, seen, ...rest);
        });
        expect(shared).toEqual({ count: 1 });
      });

      test("the same sender's id is the same job, also after its end; another sender's is not", async () => {
        const saw: (string | undefined)[] = [];
        const ask = (sender: string, commandId: string): Promise<unknown> =>
          store.decide(turn({ question: { sender, commandId } }), (state, seen, known, ended) => {
            saw.push(known?.id);
            return rule({})(state, seen, known, ended);
          });
        await store.decide(turn(), rule({ jobs: [add('one', { sender: 'ops', commandId: 'x', status: 'refused' })] }));
        await ask('ops', 'x');
        await ask('ops', 'y');
        await ask('lobby', 'x');
        expect(saw).toEqual(['one', undefined, undefined]);
      });

      test('an id, a reason and a message of any characters come back as they were, and are told apart', async () => {
        const texts = ['\0', '"', '"\\u0000"', 'é', ''];
        for (const [n, text] of texts.entries()) {
          const job = add(`job ${n}`, { sender: text, commandId: text, data: { reason: text }, status: 'queued' });
          await store.decide(
            turn({ lane: `lane ${text}` }),
            rule({ state: text, jobs: [job], outgoing: [note(text)] }),
          );
        }
        for (const [n, text] of texts.entries()) {
          const question = { sender: text, commandId: text };
          let known: unknown;
          await store.decide(turn({ lane: `lane ${text}`, question }), (state, seen, found, ended) => {
            known = [state, found?.id, found?.sender, found?.commandId, found?.data];
            return rule({})(state, seen, found, ended);
          });
          expect(known).toEqual([text, `job ${n}`, text, text, { reason: text }]);
        }
        expect(await bodies()).toEqual(texts);
      });

      test('a command that joined a job is known as that job', async () => {
        await started(store, 'one');
        await store.decide(turn(), rule({ jobs: [{ kind: 'alias', id: 'one', sender: 'lobby', commandId: 'press' }] }));
        let known: string | undefined;
        await store.decide(turn({ question: { sender: 'lobby', commandId: 'press' } }), (state, seen, found, ended) => {
          known = found?.id;
          return rule({})(state, seen, found, ended);
        });
        expect(known).toBe('one');
      });

      test('a rule that throws stores nothing, rejects with what it threw, and hurts no neighbour', async () => {
        const results = await Promise.allSettled([
          store.decide(turn({ lane: 'a' }), rule({ state: 1 })),
          store.decide(turn({ lane: 'b' }), () => {
            throw new Error('the rule broke');
          }),
          store.decide(turn({ lane: 'c' }), rule({ state: 3 })),
        ]);
        expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
        expect(results[1]).toMatchObject({ reason: { message: 'the rule broke' } });
        expect(await Promise.all(['a', 'b', 'c'].map((lane) => store.lane(lane)))).toEqual([1, undefined, 3]);
      });

      test('a decision that cannot be stored as a whole is not stored in part', async () => {
        await started(store, 'one');
        const second = store.decide(
          turn(),
          rule({ state: 'changed', journal: [{ kind: 'x', lane: null, text: '', detail: null }], jobs: [add('two')] }),
        );
        await expect(second).rejects.toThrow(/contradicts itself/);
        expect(await store.lane('www')).toBeNull();
        expect(await store.job('two')).toBeUndefined();
        expect(await store.journal(0, 10)).toEqual([]);
      });

      test('one exclusive job runs on a lane, whoever tries; drills run beside it', async () => {
        await started(store, 'one');
        await expect(started(await opened.again(), 'two')).rejects.toThrow(/contradicts itself/);
        await store.decide(turn(), rule({ jobs: [add('drill', { exclusive: false })] }));
        await started(store, 'elsewhere', { lane: 'other' });
        const running = await store.jobs({ status: 'running', limit: 10 });
        expect(running.map(({ id }) => id)).toEqual(['elsewhere', 'drill', 'one']);
      });

      test('a queued job starts with a lease, and ends and the next starts in one decision, in any order', async () => {
        const { lease } = await started(store, 'one');
        await store.decide(turn(), rule({ jobs: [add('two', { status: 'queued', deadlineAtMs: null })] }));
        const decided = await store.decide(
          turn({ lease, nowMs: NOW + 9 }),
          rule({
            jobs: [
              { kind: 'start', id: 'two', deadlineAtMs: NOW + 99, data: { made: 'again' } },
              { kind: 'update', id: 'one', status: 'succeeded', data: { ended: true } },
            ],
          }),
        );
        expect(decided).toMatchObject({ started: [{ lease: { job: 'two', owner: 'me', token: 1 } }] });
        expect(await store.job('one')).toMatchObject({
          status: 'succeeded',
          data: { ended: true },
          finishedAtMs: NOW + 9,
        });
        expect(await store.job('two')).toMatchObject({
          status: 'running',
          data: { made: 'again' },
          startedAtMs: NOW + 9,
          deadlineAtMs: NOW + 99,
        });
      });

      test('an update may leave a job waiting, queued or running with new data', async () => {
        await started(store, 'run');
        await store.decide(turn(), rule({ jobs: [add('wait', { status: 'waiting', deadlineAtMs: null })] }));
        await store.decide(
          turn(),
          rule({
            jobs: [
              { kind: 'update', id: 'run', status: 'running', data: 'joined' },
              { kind: 'update', id: 'wait', status: 'queued', data: 'clear' },
            ],
          }),
        );
        expect(await store.job('run')).toMatchObject({ status: 'running', data: 'joined', finishedAtMs: null });
        expect(await store.job('wait')).toMatchObject({ status: 'queued', data: 'clear', startedAtMs: null });
      });

      test.for<readonly [string, JobChange<Json>]>([
        ['start a job that runs', { kind: 'start', id: 'run', deadlineAtMs: 1, data: null }],
        ['start a job that has ended', { kind: 'start', id: 'end', deadlineAtMs: 1, data: null }],
        ['change a job that has ended', { kind: 'update', id: 'end', status: 'failed', data: null }],
        ['let a waiting job run without a start', { kind: 'update', id: 'wait', status: 'running', data: null }],
        ['queue a running job again', { kind: 'update', id: 'run', status: 'queued', data: null }],
        ['interrupt a job that does not run', { kind: 'interrupt', id: 'wait', reason: 'x' }],
        ['change a job of another lane', { kind: 'update', id: 'far', status: 'failed', data: null }],
        ['change a job that is not there', { kind: 'update', id: 'none', status: 'failed', data: null }],
      ])('refuses to %s, and says so', async ([, change]) => {
        await started(store, 'run');
        await started(store, 'far', { lane: 'other' });
        await store.decide(
          turn(),
          rule({
            jobs: [
              add('end', { status: 'refused', deadlineAtMs: null }),
              add('wait', { status: 'waiting', deadlineAtMs: null }),
            ],
          }),
        );
        const before = await store.jobs({ limit: 10 });
        await expect(store.decide(turn(), rule({ jobs: [change] }))).rejects.toThrow(/which its status forbids/);
        expect(await store.jobs({ limit: 10 })).toEqual(before);
      });

      test('wakes other lanes in the same transaction, never later than they were to wake', async () => {
        await store.decide(turn({ lane: 'early' }), rule({ state: 1, wakeAtMs: NOW - 100 }));
        await store.decide(turn({ lane: 'late' }), rule({ state: 1, wakeAtMs: NOW + 100 }));
        await store.decide(turn(), rule({ wakeLanes: ['early', 'late', 'never seen'] }));
        expect((await store.timers(NOW - 100)).due).toEqual(['early']);
        expect([...(await store.timers(NOW)).due].sort((a, b) => a.localeCompare(b))).toEqual([
          'early',
          'late',
          'never seen',
        ]);
        expect(await store.lane('never seen')).toBeUndefined();
        await store.decide(turn({ lane: 'late' }), rule({}));
        expect((await store.timers(NOW)).due).not.toContain('late');
      });

      test('decisions of one lane in two processes come one after the other: each sees what the one before stored', async () => {
        const stores = [store, await opened.again()];
        for (let round = 0; round < 20; round++) {
          await Promise.all(
            stores.map((one) =>
              one.decide(turn(), (state, ...seen) => rule({ state: Number(state ?? 0) + 1 })(state, ...seen)),
            ),
          );
        }
        expect(await store.lane('www')).toBe(40);
      });

      test('a hundred commands with one id at the same moment make one job', async () => {
        const stores = [store, await opened.again()];
        const question = { sender: 'ops', commandId: 'once' };
        const ids = await Promise.all(
          Array.from({ length: 100 }, async (_, n) => {
            const decided = await stores[n % 2]?.decide(
              turn({ question, newJobId: `job ${n}` }),
              (state, seen, known, ended) => ({
                ...rule({})(state, seen, known, ended),
                reply: known?.id ?? seen.newJobId,
                jobs: known ? [] : [add(seen.newJobId, question)],
              }),
            );
            return decided && decided !== 'lease-lost' ? decided.reply : null;
          }),
        );
        expect(new Set(ids).size).toBe(1);
        expect(await store.jobs({ limit: 200 })).toHaveLength(1);
      });
    });

    describe('a lease', () => {
      test('lets its owner write steps, in their order, with their messages', async () => {
        const { lease } = await started(store);
        await store.step(lease, step('read', { status: 'running', finishedAtMs: null }), () => [note('begun')]);
        await store.step(lease, step('read', { detail: { live: [1] } }), (job) => [note(job.steps.length)]);
        const job = await store.step(lease, step('change', { text: 'sent' }), () => []);
        expect(job).toMatchObject({
          id: 'job',
          steps: [
            { name: 'read', status: 'succeeded', detail: { live: [1] } },
            { name: 'change', text: 'sent' },
          ],
        });
        expect(await bodies()).toEqual(['begun', 1]);
        expect((await store.job('job'))?.steps.map(({ name }) => name)).toEqual(['read', 'change']);
      });

      test('a step whose announcement throws is not stored', async () => {
        const { lease } = await started(store);
        const written = store.step(lease, step('read'), () => {
          throw new Error('no words');
        });
        await expect(written).rejects.toThrow('no words');
        expect((await store.job('job'))?.steps).toEqual([]);
      });

      test('shows the job and the state of its lane as they are', async () => {
        const { lease } = await started(store);
        await store.decide(
          turn(),
          rule({ state: { hold: true }, jobs: [{ kind: 'interrupt', id: 'job', reason: { by: 'ops' } }] }),
        );
        expect(await store.look(lease)).toMatchObject({ job: { interrupt: { by: 'ops' } }, state: { hold: true } });
      });

      test('keeps others from the job until it runs out, and no longer', async () => {
        await started(store);
        const until = NOW + 4_000;
        expect(await store.takeOver('you', until - 1, until + 9)).toEqual([]);
        const claims = await store.takeOver('you', until, until + 9);
        expect(claims).toMatchObject([{ job: { id: 'job' }, lease: { job: 'job', owner: 'you', token: 2 } }]);
        expect(await store.takeOver('third', until, until + 9)).toEqual([]);
      });

      test('is taken over with the lanes that are asked for, and left alone with all others', async () => {
        await started(store);
        await started(store, 'far', { lane: 'other' });
        const until = NOW + 4_000;
        expect(await store.takeOver('you', until, until + 9, [])).toEqual([]);
        const claims = await store.takeOver('you', until, until + 9, ['other', 'third']);
        expect(claims.map(({ lease: { job } }) => job)).toEqual(['far']);
        expect(await store.job('job')).toMatchObject({ status: 'running' });
      });

      test('is extended by heartbeats, which bring interrupts and leave out what is lost', async () => {
        const { lease } = await started(store);
        const far = await started(store, 'far', { lane: 'other' });
        await store.decide(turn(), rule({ jobs: [{ kind: 'interrupt', id: 'job', reason: 'stop' }] }));
        const jobs = await store.heartbeat([lease, { ...far.lease, token: 9 }], NOW + 50_000);
        expect(jobs).toMatchObject([{ id: 'job', interrupt: 'stop' }]);
        const claims = await store.takeOver('you', NOW + 49_999, NOW + 60_000);
        expect(claims.map(({ lease: { job } }) => job)).toEqual(['far']);
      });

      test('that was lost writes nothing: no step, no end, no heartbeat, no look, no handing over', async () => {
        const { lease } = await started(store);
        const [mine] = await store.takeOver('you', NOW + 4_000, NOW + 8_000);
        const before = await store.job('job');
        for (const stale of [lease, { ...lease, token: 2 }, { ...lease, owner: 'you' }]) {
          expect(await store.step(stale, step('late'), () => [note('late')])).toBe('lease-lost');
          let asked = false;
          const end = await store.decide(turn({ lease: stale }), (...seen) => {
            asked = true;
            return rule({ state: 'late' })(...seen);
          });
          expect([end, asked]).toEqual(['lease-lost', false]);
          expect(await store.heartbeat([stale], NOW + 90_000)).toEqual([]);
          expect(await store.look(stale)).toBe('lease-lost');
          await store.handOver([stale]);
        }
        expect(await store.job('job')).toEqual(before);
        expect(await store.lane('www')).toBeNull();
        expect(await bodies()).toEqual([]);
        expect(await store.takeOver('third', NOW + 7_999, NOW + 9_000)).toEqual([]);
        expect(mine && (await store.look(mine.lease))).toMatchObject({ job: { id: 'job' } });
      });

      test('is over when the job has ended', async () => {
        const { lease } = await started(store);
        await store.decide(turn(), rule({ jobs: [{ kind: 'update', id: 'job', status: 'cancelled', data: null }] }));
        expect(await store.step(lease, step('late'), () => [])).toBe('lease-lost');
        expect(await store.takeOver('you', NOW + 90_000, NOW + 99_000)).toEqual([]);
      });

      test('shows the rule the job that ended', async () => {
        const { lease } = await started(store);
        await store.step(lease, step('read'), () => []);
        await store.decide(turn({ lease }), (state, seen, known, ended) => {
          expect(ended).toMatchObject({ id: 'job', steps: [{ name: 'read' }] });
          return rule({ jobs: [{ kind: 'update', id: 'job', status: 'failed', data: null }] })(
            state,
            seen,
            known,
            ended,
          );
        });
        expect(await store.job('job')).toMatchObject({ status: 'failed' });
      });

      test('handed over is free at once, and its late owner writes nothing even before anyone takes it', async () => {
        const { lease } = await started(store);
        await store.handOver([lease]);
        expect(await store.step(lease, step('late'), () => [])).toBe('lease-lost');
        expect(await store.takeOver('you', NOW, NOW + 4_000)).toMatchObject([{ lease: { owner: 'you', token: 3 } }]);
      });
    });

    describe('messages', () => {
      test('form a line for each receiver, in order', async () => {
        await send(note(1), note('s1', { receiver: 'slack' }), note(2));
        await send(note(3), note('s2', { receiver: 'slack' }));
        expect(await bodies()).toEqual([1, 2, 3]);
        expect(await bodies('slack')).toEqual(['s1', 's2']);
        expect(await bodies('nobody')).toEqual([]);
      });

      test('of those with a key only the newest waits, behind what came before it; keys are per receiver', async () => {
        await send(note('old', { key: 'state/www' }), note('event'), note('other', { key: 'state/api' }));
        await send(note('new', { key: 'state/www' }), note('slack', { receiver: 'slack', key: 'state/www' }));
        expect(await bodies()).toEqual(['event', 'other', 'new']);
        expect(await bodies('slack')).toEqual(['slack']);
      });

      test('a postponed one holds those behind it back until it is due, and counts its attempts', async () => {
        await send(note('first'), note('second'));
        const row = await store.nextOutgoing('mqtt', NOW);
        await store.postpone(row?.id ?? 0, NOW + 500, 'no route');
        expect(await store.nextOutgoing('mqtt', NOW + 499)).toBeUndefined();
        expect(await store.outgoingDueAtMs('mqtt')).toBe(NOW + 500);
        expect(await store.nextOutgoing('mqtt', NOW + 500)).toMatchObject({ body: 'first', attempts: 1 });
        expect(await store.outgoingDueAtMs('slack')).toBeNull();
      });

      test('those on their way are passed over, and forgotten together', async () => {
        await send(note(1), note(2), note(3), note('s', { receiver: 'slack' }));
        const first = await store.nextOutgoing('mqtt', NOW);
        const second = await store.nextOutgoing('mqtt', NOW, [first?.id ?? 0]);
        const third = await store.nextOutgoing('mqtt', NOW, [first?.id ?? 0, second?.id ?? 0]);
        expect([first?.body, second?.body, third?.body]).toEqual([1, 2, 3]);
        const all = [first, second, third].map((row) => row?.id ?? 0);
        expect(await store.nextOutgoing('mqtt', NOW, all)).toBeUndefined();
        await store.delivered(...all.slice(0, 2));
        expect(await bodies()).toEqual([3]);
        expect(await bodies('slack')).toEqual(['s']);
      });

      test('a pointless one is dropped together with its line in the journal', async () => {
        await send(note('late', { expiresAtMs: NOW + 1 }));
        const row = await store.nextOutgoing('mqtt', NOW);
        expect(row?.expiresAtMs).toBe(NOW + 1);
        await store.drop(row?.id ?? 0, { kind: 'dropped', lane: null, text: 'too late', detail: null }, NOW + 2);
        expect(await bodies()).toEqual([]);
        expect(await store.journal(0, 10)).toMatchObject([{ kind: 'dropped', atMs: NOW + 2 }]);
      });
    });

    describe('jobs', () => {
      test('are listed newest first, by lane, by status, and before another', async () => {
        for (const [n, lane] of ['a', 'b', 'a', 'a', 'b'].entries()) {
          const status = n % 2 === 0 ? 'refused' : 'expired';
          await store.decide(turn({ lane }), rule({ jobs: [add(`j${n}`, { status, deadlineAtMs: null })] }));
        }
        const ids = async (filter: Parameters<Store['jobs']>[0]): Promise<string[]> =>
          (await store.jobs(filter)).map(({ id }) => id);
        expect(await ids({ limit: 10 })).toEqual(['j4', 'j3', 'j2', 'j1', 'j0']);
        expect(await ids({ limit: 2 })).toEqual(['j4', 'j3']);
        expect(await ids({ lane: 'a', limit: 10 })).toEqual(['j3', 'j2', 'j0']);
        expect(await ids({ status: 'refused', limit: 10 })).toEqual(['j4', 'j2', 'j0']);
        expect(await ids({ before: 'j3', limit: 2 })).toEqual(['j2', 'j1']);
        expect(await ids({ before: 'j4', lane: 'b', status: 'expired', limit: 10 })).toEqual(['j1']);
        expect(await ids({ before: 'nobody', limit: 10 })).toEqual([]);
        expect(await store.job('nobody')).toBeUndefined();
      });
    });

    describe('the journal', () => {
      test('is one chain: each hash covers its row and the hash before it', async () => {
        const entry = {
          kind: 'refused',
          lane: null,
          text: 'ünïcode "quoted"\n',
          detail: { b: [1, null], a: { z: 1, y: 2 } },
        };
        await Promise.all([1, 2, 3].map((n) => store.record({ ...entry, lane: `lane ${n}` }, NOW + n)));
        await (await opened.again()).record(entry, NOW + 4);
        const rows = await store.journal(0, 10);
        expect(rows.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
        const hashes = rows.map((row, n) => journalHash(rows[n - 1]?.hash ?? FIRST_HASH, row));
        expect(rows.map(({ hash }) => hash)).toEqual(hashes);
        expect(rows[3]).toMatchObject({ ...entry, atMs: NOW + 4 });
      });

      test('holds whatever a sender wrote: NUL, quotes, half a surrogate pair, a field without a value', async () => {
        for (const [n, text] of ['\0 and \u2028', '"quoted"', 'half \ud83d a pair', '🙂', ''].entries()) {
          const detail = { text, left: [text] };
          Object.assign(detail, { out: undefined });
          await store.record({ kind: 'refused', lane: text, text, detail }, NOW + n);
        }
        const rows = await store.journal(0, 10);
        const hashes = rows.map((row, n) => journalHash(rows[n - 1]?.hash ?? FIRST_HASH, row));
        expect(rows.map(({ hash }) => hash)).toEqual(hashes);
        expect(rows.map(({ text }) => text)).toEqual(['\0 and \u2028', '"quoted"', 'half \ufffd a pair', '🙂', '']);
      });

      test('hashes as it is documented, so that anybody can verify it with other tools', () => {
        const row = { seq: 1, atMs: 5, kind: 'k', lane: null, text: 't', detail: { b: 2, a: [true] } };
        const written = '{"atMs":5,"detail":{"a":[true],"b":2},"kind":"k","lane":null,"seq":1,"text":"t"}';
        expect(journalHash(FIRST_HASH, row)).toBe(sha256(`${'0'.repeat(64)}\n${written}`));
        expect(journalHash('another', row)).toBe(sha256(`another\n${written}`));
      });

      test('is read on from any row, so many at a time', async () => {
        for (let n = 1; n <= 5; n++) await store.record({ kind: `${n}`, lane: null, text: '', detail: null }, NOW);
        expect((await store.journal(2, 2)).map(({ seq }) => seq)).toEqual([3, 4]);
        expect(await store.journal(5, 2)).toEqual([]);
      });

      test('is read back from its end, or from before any row, newest first', async () => {
        for (let n = 1; n <= 5; n++) await store.record({ kind: `${n}`, lane: null, text: '', detail: null }, NOW);
        expect((await store.journalBefore(Number.MAX_SAFE_INTEGER, 2)).map(({ kind }) => kind)).toEqual(['5', '4']);
        expect((await store.journalBefore(4, 9)).map(({ seq }) => seq)).toEqual([3, 2, 1]);
        expect(await store.journalBefore(1, 2)).toEqual([]);
      });
    });

    truncationConformance(() => opened);

    describe('pruning', () => {
      test('forgets jobs that ended long enough ago, with their steps and ids, and nothing else', async () => {
        const { lease } = await started(store, 'old');
        await store.step(lease, step('read'), () => []);
        await store.decide(
          turn({ lease, nowMs: NOW + 5 }),
          rule({
            jobs: [{ kind: 'update', id: 'old', status: 'succeeded', data: null }],
            journal: [{ kind: 'ended', lane: 'www', text: 'old ended', detail: null }],
          }),
        );
        await started(store, 'runs', { lane: 'other' });
        await refused('refused', NOW + 5, 'a');
        await refused('young', NOW + 6, 'b');
        expect(await store.prune(NOW + 4)).toBe(0);
        expect(await (await opened.again()).prune(NOW + 5)).toBe(2);
        expect((await store.jobs({ limit: 10 })).map(({ id }) => id)).toEqual(['young', 'runs']);
        expect(await store.prune(NOW + 5)).toBe(0);
        expect(await store.journal(0, 10)).toHaveLength(1);
        const known: (string | undefined)[] = [];
        for (const commandId of ['a', 'b']) {
          await store.decide(turn({ question: { sender: 'ops', commandId } }), (state, seen, found, job) => {
            known.push(found?.id);
            return rule({})(state, seen, found, job);
          });
        }
        expect(known).toEqual([undefined, 'young']);
      });

      test('takes some at a time, the oldest first, until there are no more', async () => {
        const jobs = Array.from({ length: 450 }, (_, n) => add(`job ${n}`, { status: 'refused', deadlineAtMs: null }));
        await store.decide(turn(), rule({ jobs }));
        const first = await store.prune(NOW);
        expect(first).toBeGreaterThan(0);
        expect(first).toBeLessThan(450);
        expect(await store.job('job 0')).toBeUndefined();
        expect(await store.job('job 449')).toBeDefined();
        let all = first;
        for (let more = first; more > 0; all += more) more = await store.prune(NOW);
        expect(all).toBe(450);
        expect(await store.jobs({ limit: 1 })).toEqual([]);
      });
    });

    describe('a named lease among endpoints', () => {
      test('has one holder, until it runs out or is given back', async () => {
        const other = await opened.again();
        expect(await store.hold('mqtt', 'a', NOW, NOW + 10)).toBe(true);
        expect(await other.hold('mqtt', 'b', NOW + 9, NOW + 20)).toBe(false);
        expect(await store.hold('mqtt', 'a', NOW + 9, NOW + 30)).toBe(true);
        expect(await other.hold('mqtt', 'b', NOW + 29, NOW + 40)).toBe(false);
        expect(await other.hold('mqtt', 'b', NOW + 30, NOW + 40)).toBe(true);
        await store.release('mqtt', 'a'); // not theirs any more
        expect(await store.hold('mqtt', 'a', NOW + 31, NOW + 50)).toBe(false);
        await other.release('mqtt', 'b');
        expect(await store.hold('mqtt', 'a', NOW + 31, NOW + 50)).toBe(true);
        expect(await store.hold('watch', 'c', NOW, NOW + 1)).toBe(true);
      });
    });

    test('answers a ping, and after its end refuses everything as store-unavailable', async () => {
      await expect(store.ping()).resolves.toBeUndefined();
      const other = await opened.again();
      await other[Symbol.asyncDispose]();
      await expect(other.ping()).rejects.toMatchObject({ code: 'store-unavailable' });
      await expect(other.lane('www')).rejects.toMatchObject({ code: 'store-unavailable' });
      await expect(other.decide(turn(), rule({}))).rejects.toMatchObject({ code: 'store-unavailable' });
    });
  });
}
