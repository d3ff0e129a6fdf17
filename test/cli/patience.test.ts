import { expect, test } from 'vitest';
import { checkMachine } from '../../cloud/cli/check-machine.ts';
import { makePatience } from '../../cloud/cli/patience.ts';
import { makeRateBudget, UNLIMITED } from '../../cloud/jobs/rate-budget.ts';
import { Fault } from '../../shared/faults.ts';
import { makePlayedClock } from '../engine/clock.ts';

test('what check, plan and import ask stays below five requests a second, each name a request', async () => {
  const clock = makePlayedClock();
  const startMs = clock.nowMs();
  const asked: number[] = [];
  const records = { read: async () => (asked.push(clock.nowMs() - startMs), []) };
  const names = Array.from({ length: 12 }, (_, at) => `n${at}.example.com`);
  const reading = makePatience(makeRateBudget(clock, 5)).read(records, 'Z1', [...names, 'n0.example.com']);
  await clock.advance(5_000);
  await reading;
  expect(asked).toEqual([0, 0, 0, 0, 0, 1050, 1050, 1050, 1050, 1050, 2100, 2100]);
});

test('a question that is throttled is asked again; one that is refused is not', async () => {
  let asked = 0;
  const once = (code: 'route53-throttled' | 'route53-denied') => async (): Promise<string> => {
    if (asked++ === 0) throw new Fault(code, 'not now');
    return 'answered';
  };
  const patience = makePatience(UNLIMITED);
  expect(await patience.ask(once('route53-throttled'))).toBe('answered');
  asked = 0;
  await expect(patience.ask(once('route53-denied'))).rejects.toThrow('not now');
});

const permanent = { temporary: false, endAtMs: null };
const ENDS = Date.UTC(2026, 10, 22, 12);

test.for([
  ['a clock that is right to the second', { aheadMs: 900, ...permanent }, {}, []],
  ['no answer yet', { aheadMs: null, ...permanent }, {}, []],
  [
    'a clock that is behind',
    { aheadMs: 90_000, ...permanent },
    {},
    [/clock of this machine is 90 s behind Route 53's/],
  ],
  ['a clock that is ahead', { aheadMs: -45_400, ...permanent }, {}, [/clock of this machine is 45 s ahead of Route/]],
  ['a role, renewed by the SDK', { aheadMs: 0, temporary: true, endAtMs: ENDS }, {}, []],
  ['a session token in a profile', { aheadMs: 0, temporary: true, endAtMs: null }, {}, [/they may end before the/]],
  [
    'a session token in the environment, with its end',
    { aheadMs: 0, temporary: true, endAtMs: ENDS },
    { AWS_SESSION_TOKEN: 'SECRET' },
    [/nothing renews them: they end at 2026-11-22T12:00:00/],
  ],
] as const)('of this machine check tells %s', async ([, { aheadMs, ...credentials }, env, says]) => {
  const found = await checkMachine({ aheadMs: () => aheadMs, credentials: async () => credentials }, env);
  expect(found.map(({ text }) => text)).toEqual(says.map((words) => expect.stringMatching(words) as string));
  expect(JSON.stringify(found)).not.toContain('SECRET');
});
