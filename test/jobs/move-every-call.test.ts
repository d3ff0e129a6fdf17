import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { openRecordStore } from '../../cloud/adapters/route53.ts';
import { makeMove } from '../../cloud/jobs/move.ts';
import { makeRateBudget } from '../../cloud/jobs/rate-budget.ts';
import { sameSets } from '../../cloud/jobs/records.ts';
import type { RecordStore } from '../../cloud/ports.ts';
import { silentLog } from '../../shared/log.ts';
import { makePlayedClock } from '../engine/clock.ts';
import { startRoute53 } from '../world/route53/server.ts';
import type { WeatherInput } from '../world/route53/weather.ts';
import { MAINTENANCE, PRIMARY, startMoveWorld, switchAs, ZONE } from './move-world.ts';
import { driveJob } from './run-driver.ts';

/** All that the road asks of Route 53. */
const CALLS = ['GetHostedZone', 'ListResourceRecordSets', 'ChangeResourceRecordSets', 'GetChange'] as const;

const TROUBLES: readonly (readonly [string, WeatherInput])[] = [
  ['is carried out and its reply is lost', { kind: 'lost-reply' }],
  ['is lost on its way', { kind: 'lost-request' }],
  ['is never answered', { kind: 'hang' }],
  ['is throttled', { kind: 'throttling', times: 3 }],
  ['is answered 500 in XML', { kind: 'error', status: 500, body: 'xml', times: 2 }],
  ['is answered 502 in HTML', { kind: 'error', status: 502, body: 'html', times: 2 }],
  ['is answered 503 with nothing', { kind: 'error', status: 503, body: 'empty', times: 2 }],
  ['finds the credentials expired', { kind: 'expired-token', times: 2 }],
];

test.for(CALLS.flatMap((operation) => TROUBLES.map(([what, weather]) => [operation, what, weather] as const)))(
  'when %s %s, the move arrives with one effective change',
  async ([operation, , weather]) => {
    const here = await startMoveWorld();
    onTestFinished(() => here[Symbol.asyncDispose]());
    here.route53.weather({ ...weather, operation });
    const end = await driveJob({ makeRunbook: here.makeRunbook, state: here.state }).run();
    expect(end.data.error).toBeNull();
    expect(end).toMatchObject({ status: 'succeeded', data: { outcome: 'switched', verified: true } });
    // It was met, and not gone around.
    expect(here.route53.calls.some((call) => call.operation === operation && call.outcome !== 200)).toBe(true);
    expect(here.route53.changes).toBe(1);
    expect(sameSets(here.live(), MAINTENANCE)).toBe(true);
  },
);

test('Route 53 throttles every call for twenty seconds: the job says so in its steps, keeps within the budget, and arrives', async () => {
  const clock = makePlayedClock();
  const timing = { nowMs: () => clock.nowMs(), after: () => () => undefined };
  await using route53 = await startRoute53({
    zones: [{ id: ZONE, name: 'example.test', records: PRIMARY }],
    ratePerSecond: 5,
    timing,
  });
  await using sdk = await openRecordStore({ region: 'us-east-1', endpoint: route53.url, log: silentLog });
  const now = { underWay: 0, ended: false };
  const counted = async <Answer>(call: () => Promise<Answer>): Promise<Answer> => {
    now.underWay += 1;
    return call().finally(() => (now.underWay -= 1));
  };
  const records: RecordStore = {
    zone: (...args) => counted(() => sdk.zone(...args)),
    read: (...args) => counted(() => sdk.read(...args)),
    change: (...args) => counted(() => sdk.change(...args)),
    changeStatus: (...args) => counted(() => sdk.changeStatus(...args)),
  };
  route53.weather({ kind: 'throttling', forMs: 20_000 });
  const startMs = clock.nowMs();
  const said: string[] = [];
  const move = driveJob({
    state: null,
    deadlineMs: 600_000,
    makeRunbook: () =>
      makeMove<null>({
        switches: { www: switchAs({ verify: false }) },
        records,
        nameServers: { addresses: async () => [], ask: async () => Promise.reject(new Error('nobody is asked here')) },
        prober: { probe: async () => ({ ok: true, text: '' }) },
        clock,
        ids: { next: () => 'id', random: () => 0.5 },
        log: silentLog,
        mayStillSend: () => null,
        beforeOf: () => null,
        budget: makeRateBudget(clock, 5),
      }),
  });
  move.onWrite(() => said.push(move.step('read')?.text ?? ''));
  const running = move.run().finally(() => (now.ended = true));
  // Time stands still while a call is under way: what was sent in a second arrives in it.
  for (let steps = 0; !now.ended && steps < 10_000; steps += 1) {
    while (now.underWay > 0) await turn();
    await clock.advance(25);
  }
  const end = await running;
  expect(end).toMatchObject({ status: 'succeeded', data: { outcome: 'switched', error: null } });
  expect(route53.changes).toBe(1);
  expect(said.some((text) => /Throttling.*Attempt \d+ follows, giving up at/.test(text))).toBe(true);
  // It came back as soon as its pause of at most eight seconds was over, and asked a handful of times meanwhile.
  expect(clock.nowMs() - startMs).toBeLessThan(40_000);
  expect(route53.calls.filter(({ code }) => code === 'Throttling').length).toBeLessThan(20);
}, 30_000);
