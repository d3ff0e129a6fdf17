import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endPostgres, postgresMissing } from '../postgres.ts';
import { until } from '../road/road.ts';
import { type HeldWire, startHeldWire } from './held-wire.ts';
import { openPair, type Pair } from './pair.ts';

/** One switch for each step in which the owner of its job dies, so that one death is enough for all. */
const DYING = ['silent-guard', 'reading', 'planning', 'unanswered', 'pending', 'verifying'];

let pair: Pair;
let wire: HeldWire;
const jobs = new Map<string, string>();

async function failover(name: string): Promise<string> {
  const { id } = await pair.first.ask(name, 'failover');
  jobs.set(name, id);
  return id;
}

/** The plan of that switch is made, and its end cannot be stored: the owner tries again and again. */
async function stallPlan(of: string): Promise<void> {
  await pair.space.ask(`
    create function stall() returns trigger language plpgsql as $$
      begin
        if new.name = 'plan' and new.finished_at_ms is not null
          and exists (select 1 from job where id = new.job_id and lane = '${of}') then
          perform pg_sleep(60);
        end if;
        return new;
      end
    $$;
    create trigger stall before insert on step for each row execute function stall()`);
}

async function inStep(name: string, step: string): Promise<void> {
  const id = jobs.get(name) ?? '';
  await until(`the job of ${name} is in ${step}`, async () => {
    const last = (await pair.second.job(id)).steps.at(-1);
    return last?.name === step && last.finishedAt === null;
  });
}

async function outcomeOf(name: string): Promise<object> {
  const { status, outcome, verified, error } = await pair.ended(jobs.get(name) ?? '', pair.second);
  const { position } = await pair.second.state(name);
  return { status, outcome, verified, error, position, batches: pair.batches(name) };
}

const ONE_CHANGE = {
  status: 'succeeded',
  outcome: 'switched',
  verified: true,
  error: null,
  position: 'maintenance',
  batches: 1,
};

describe.skipIf(postgresMissing)('the owner of a job', () => {
  beforeAll(async () => {
    pair = await openPair({
      switches: [...DYING, 'frozen'],
      routeOfFirst: async (port) => {
        wire = await startHeldWire(port);
        return wire.port;
      },
    });
  });
  afterAll(async () => {
    await pair?.[Symbol.asyncDispose]();
    await wire?.[Symbol.asyncDispose]();
    await endPostgres();
  });

  test('is frozen while its change is on the way: the other goes on, and what comes late changes nothing', async () => {
    const { route53 } = pair.world;
    await until('somebody is at the broker', () => pair.speakers().length === 1);
    route53.setInsyncAfter(Number.POSITIVE_INFINITY);
    wire.hold();
    const id = await failover('frozen');
    await until('the change is on the way', () => wire.held > 0);
    const stored = (): Promise<unknown> =>
      pair.space.ask(
        `select job.status, job.owner, job.token, step.* from job join step on step.job_id = job.id
         where id = $1 and step.name <> 'settle' order by place`,
        id,
      );
    const pid = pair.first.process.pid() ?? Number.NaN;
    process.kill(pid, 'SIGSTOP');
    let before: unknown;
    let seen: number;
    try {
      await inStep('frozen', 'settle');
      before = await stored();
      const changes = route53.calls.filter(({ operation }) => operation === 'ChangeResourceRecordSets').length;
      wire.release();
      const late = await until('the late change is answered', () => {
        const call = route53.calls.filter(({ operation }) => operation === 'ChangeResourceRecordSets')[changes];
        return call?.outcome === undefined ? undefined : call;
      });
      expect(late).toMatchObject({ outcome: 400, code: 'InvalidChangeBatch' });
      seen = (await readFile(pair.first.logFile, 'utf8')).length;
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await until('the late owner knows that it was replaced', async () => {
      const log = await readFile(pair.first.logFile, 'utf8');
      return log.slice(seen).includes(`job ${id} was taken over by another owner`);
    });
    expect(await stored()).toEqual(before);
    route53.setInsyncAfter(0);
    route53.settle();
    expect(await outcomeOf('frozen')).toEqual(ONE_CHANGE);
    expect(await pair.first.job(id)).toEqual(await pair.second.job(id));
    await until('the late owner serves again', async () => (await pair.first.api('/readyz')).ok);
  });

  describe('is killed in the middle, and the other finishes:', () => {
    beforeAll(async () => {
      const { route53, dns } = pair.world;
      const [server] = dns.servers;

      await failover('silent-guard');
      await inStep('silent-guard', 'guard');

      await stallPlan('planning');
      await failover('planning');
      await inStep('planning', 'plan');

      server?.fallSilent();
      await failover('verifying');
      await inStep('verifying', 'verify');

      route53.setInsyncAfter(Number.POSITIVE_INFINITY);
      await failover('pending');
      await inStep('pending', 'settle');

      const from = route53.calls.length;
      route53.weather({ kind: 'hang', operation: 'ListResourceRecordSets' });
      await failover('reading');
      await until('the read hangs', () => route53.calls.slice(from).some(({ outcome }) => outcome === 'hanging'));

      const { changes } = route53;
      route53.weather({ kind: 'slow', operation: 'ChangeResourceRecordSets', ms: 2_000 });
      await failover('unanswered');
      await until('the change is carried out', () => route53.changes === changes + 1);

      await pair.first.process.kill();
      await pair.space.ask('drop trigger stall on step');
      server?.recover();
      pair.hangUp();
      route53.setInsyncAfter(0);
      route53.settle();
    });

    test.for(DYING)('%s: the same job succeeds, and the change was made once', async (name) => {
      expect(await outcomeOf(name)).toEqual(ONE_CHANGE);
    });
  });
});
