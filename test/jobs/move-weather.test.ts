import { expect, onTestFinished, test } from 'vitest';
import { Fault } from '../../shared/faults.ts';
import { sameSets } from '../../cloud/jobs/records.ts';
import type { WeatherInput } from '../world/route53/weather.ts';
import {
  MAINTENANCE,
  type MoveWorld,
  PRIMARY,
  startMoveWorld,
  switchAs,
  type WorldOptions,
  ZONE,
} from './move-world.ts';
import { type Driver, driveJob } from './run-driver.ts';

async function world(options?: WorldOptions): Promise<MoveWorld> {
  const started = await startMoveWorld(options);
  onTestFinished(() => started[Symbol.asyncDispose]());
  return started;
}

function job({ makeRunbook, state }: MoveWorld, deadlineMs?: number): Driver {
  return driveJob({ makeRunbook, state, ...(deadlineMs && { deadlineMs }) });
}

function isAt({ live }: MoveWorld, wanted: typeof PRIMARY): boolean {
  return sameSets(live(), wanted);
}

const change = { operation: 'ChangeResourceRecordSets' } as const;
const list = { operation: 'ListResourceRecordSets' } as const;
const ask = { operation: 'GetChange' } as const;

test.for<readonly [string, readonly WeatherInput[]]>([
  ['the reply of the change is lost', [{ kind: 'lost-reply', ...change }]],
  ['the change itself is lost', [{ kind: 'lost-request', ...change }]],
  ['the change is never answered', [{ kind: 'hang', ...change }]],
  ['the change is throttled five times', [{ kind: 'throttling', ...change, times: 5 }]],
  ['another change is not complete', [{ kind: 'prior-request', ...change, times: 3 }]],
  ['a load balancer answers the change in HTML', [{ kind: 'error', status: 503, body: 'html', ...change, times: 2 }]],
  ['a load balancer answers the change with an empty 200', [{ kind: 'error', status: 200, body: 'empty', ...change }]],
  ['a load balancer answers the change with HTML and a 200', [{ kind: 'error', status: 200, body: 'html', ...change }]],
  ['the credentials expire at the change', [{ kind: 'expired-token', ...change, times: 2 }]],
  ['the right is missing for a moment', [{ kind: 'access-denied', ...change, times: 2 }]],
  ['Route 53 forgets the change', [{ kind: 'forget' }]],
  [
    'the reply and then the read-back are lost',
    [
      { kind: 'lost-reply', ...change },
      { kind: 'hang', ...list, after: 1 },
    ],
  ],
  ['reading is throttled', [{ kind: 'throttling', ...list, times: 4 }]],
  ['reading is never answered', [{ kind: 'hang', ...list }]],
  ['the credentials have expired at the read', [{ kind: 'expired-token', ...list, times: 2 }]],
  ['asking for the change is throttled', [{ kind: 'throttling', ...ask, times: 4 }]],
  ['asking for the change is never answered', [{ kind: 'hang', ...ask }]],
  ['asking for the change is denied', [{ kind: 'access-denied', ...ask, times: 3 }]],
  ['the zone cannot be asked for', [{ kind: 'access-denied', operation: 'GetHostedZone', times: 1 }]],
  ['everything is throttled for a while', [{ kind: 'throttling', forMs: 250 }]],
])('the move arrives with one effective change when %s', async ([, weather]) => {
  const here = await world();
  here.route53.weather(...weather);
  const move = job(here);
  const end = await move.run();
  expect(end.data.error).toBeNull();
  expect(end.status).toBe('succeeded');
  expect(end.data).toMatchObject({ outcome: 'switched', verified: true, reading: { position: 'maintenance' } });
  expect(here.route53.changes).toBe(1);
  expect(isAt(here, MAINTENANCE)).toBe(true);
});

test('a lost reply is told: the change was made, and its id is unknown', async () => {
  const here = await world();
  here.route53.weather({ kind: 'lost-reply', ...change });
  const move = job(here);
  await move.run();
  expect(move.step('change')?.text).toContain('The change was made, though its reply did not arrive');
  expect(move.step('settle')).toMatchObject({ status: 'skipped', detail: { kind: 'unasked' } });
});

test('a retry says which attempt it is, why, and until when it goes on', async () => {
  const here = await world();
  here.route53.weather({ kind: 'throttling', ...change, times: 2 });
  const move = job(here);
  const told: string[] = [];
  move.onWrite((write) => write === 'progress change' && told.push(move.step('change')?.text ?? ''));
  await move.run();
  expect(told[1]).toMatch(/Throttling: Rate exceeded.*Attempt 3 follows, giving up at \d\d:\d\d:\d\d UTC\./);
  expect(move.step('change')?.text).toBe('Route 53 accepted the change at attempt 3.');
});

test('records that somebody moves between read and change are read and planned again', async () => {
  const here = await world();
  const stranger = { name: 'www.example.test', type: 'A', ttl: 60, values: ['203.0.113.7'] };
  const [a] = PRIMARY;
  const move = job(here);
  move.onWrite((write) => {
    if (write !== 'end plan' || !a) return;
    here.route53.edit(ZONE, [
      { action: 'DELETE', set: a },
      { action: 'CREATE', set: stranger },
    ]);
  });
  const end = await move.run();
  expect(end.data).toMatchObject({ outcome: 'switched', verified: true });
  expect(end.data.before).toMatchObject([{ type: 'A', values: ['203.0.113.7'] }, { type: 'AAAA' }]);
  expect(move.step('change')).toMatchObject({ status: 'skipped', detail: { kind: 'again' } });
  expect(move.step('change')?.text).toContain('A www.example.test 203.0.113.7');
  expect(move.step('change-2')?.status).toBe('succeeded');
  expect(isAt(here, MAINTENANCE)).toBe(true);
});

test('a foreign record that appears between read and change refuses the move by its name, in the second plan', async () => {
  const here = await world();
  const mx = { name: 'www.example.test', type: 'MX', ttl: 60, values: ['10 mail.example.test'] };
  const move = job(here);
  move.onWrite((write) => {
    if (write === 'end plan') here.route53.edit(ZONE, [{ action: 'CREATE', set: mx }]);
  });
  const end = await move.run();
  expect(end.status).toBe('refused');
  expect(end.data.error?.message).toContain('MX www.example.test');
  expect(move.job.steps.map(({ name }) => name)).toContain('plan-2');
  expect(here.route53.changes).toBe(0);
});

test('a change that Route 53 refuses twice, with the records as read, fails in its words', async () => {
  const health = {
    name: 'www.example.test',
    type: 'A',
    ttl: 60,
    values: ['192.0.2.99'],
    setIdentifier: 'x',
    weight: 1,
    healthCheckId: 'missing',
  };
  const here = await world({
    healthChecks: [],
    switches: [switchAs({ positions: { primary: PRIMARY, maintenance: [health] } })],
  });
  const end = await job(here).run();
  expect(end.status).toBe('failed');
  expect(end.data).toMatchObject({
    outcome: null,
    error: { code: 'route53-refused' },
    reading: { position: 'primary' },
  });
  expect(end.data.error?.message).toMatch(/NoSuchHealthCheck.*AWS request/);
  expect(isAt(here, PRIMARY)).toBe(true);
});

test('a zone that does not exist fails at once, with what to check', async () => {
  const here = await world({ zone: { id: 'Z00000000000ELSEWHERE' } });
  const end = await job(here).run();
  expect(end.status).toBe('failed');
  expect(end.data.error).toMatchObject({ code: 'route53-zone-missing' });
  expect(end.data.error?.hint).toContain('hosted zone id');
});

test('when Route 53 throttles until the deadline, the job fails and nothing was changed', async () => {
  const here = await world();
  here.route53.weather({ kind: 'throttling', ...change, forMs: 60_000 });
  const end = await job(here, 400).run();
  expect(end.status).toBe('failed');
  expect(end.data.error?.code).toBe('deadline-exceeded');
  expect(end.data.error?.message).toContain('Throttling: Rate exceeded');
  expect(end.data.reading).toEqual({ kind: 'position', position: 'primary' });
  expect(isAt(here, PRIMARY)).toBe(true);
});

test('when nothing can be read until the deadline, the job fails before it has sent anything', async () => {
  const here = await world();
  here.route53.weather({ kind: 'throttling', forMs: 60_000 });
  const end = await job(here, 300).run();
  expect(end).toMatchObject({ status: 'failed', data: { error: { code: 'deadline-exceeded' } } });
  expect(here.route53.calls.map(({ operation }) => operation)).not.toContain('ChangeResourceRecordSets');
});

test('when the reply is lost and nothing can be read back until the deadline, the outcome is said to be unknown', async () => {
  const here = await world();
  here.route53.weather({ kind: 'lost-reply', ...change }, { kind: 'hang', ...list, after: 1, forMs: 60_000 });
  const end = await job(here, 500).run();
  expect(end).toMatchObject({
    status: 'failed',
    data: { outcome: null, error: { code: 'unknown-outcome' }, reading: { kind: 'unknown' } },
  });
});

test.for(['route53-refused', 'route53-zone-missing'] as const)(
  'when the reply is lost and the read-back ends with %s, the outcome is said to be unknown at once',
  async (code) => {
    const reads = { count: 0 };
    const here: MoveWorld = await world({
      move: {
        records: {
          zone: (id, signal) => here.records.zone(id, signal),
          change: (id, batch, signal) => here.records.change(id, batch, signal),
          changeStatus: (id, signal) => here.records.changeStatus(id, signal),
          async read(id, names, signal) {
            reads.count += 1;
            if (reads.count > 1) throw new Fault(code, 'No such thing.');
            return here.records.read(id, names, signal);
          },
        },
      },
    });
    here.route53.weather({ kind: 'lost-reply', ...change });
    expect(await job(here).run()).toMatchObject({
      status: 'failed',
      data: { outcome: null, error: { code: 'unknown-outcome' }, reading: { kind: 'unknown' } },
    });
    expect(isAt(here, MAINTENANCE)).toBe(true);
  },
);

test('a failover from records at no position keeps them also when its outcome is unknown', async () => {
  const found = { name: 'www.example.test', type: 'A', ttl: 60, values: ['203.0.113.7'] };
  const here = await world({ records: [found] });
  here.route53.weather({ kind: 'lost-reply', ...change }, { kind: 'hang', ...list, after: 1, forMs: 60_000 });
  const end = await job(here, 500).run();
  expect(end.data).toMatchObject({ error: { code: 'unknown-outcome' }, before: [found] });
});

test('a change that is still PENDING at the deadline is a success that was not verified', async () => {
  const here = await world({ insyncAfterMs: Number.POSITIVE_INFINITY });
  const move = job(here, 400);
  const end = await move.run();
  expect(end).toMatchObject({ status: 'succeeded', data: { outcome: 'switched', verified: false } });
  expect(end.data.cachesUntilMs).toBeGreaterThan(0);
  expect(move.step('settle')?.text).toContain('still PENDING; the deadline of the job has come');
});
