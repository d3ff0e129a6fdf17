import { expect, test } from 'vitest';
import { makeThrottle } from '../../cloud/intake/throttle.ts';
import type { Clock } from '../../shared/clock.ts';
import { systemClock } from '../../shared/system-clock.ts';

function playedClock(): Clock & { passMs(ms: number): void } {
  let nowMs = 0;
  return { ...systemClock, monotonicMs: () => nowMs, passMs: (ms) => void (nowMs += ms) };
}

test('ten wrong secrets in a minute are answered as such, the next is told when to come again', () => {
  const clock = playedClock();
  const throttle = makeThrottle(clock);
  for (let i = 0; i < 10; i++) expect(throttle.failed('192.0.2.1')).toBeNull();
  clock.passMs(20_000);
  expect(throttle.failed('192.0.2.1')).toBe(40);
  expect(throttle.failed('192.0.2.2')).toBeNull();
  clock.passMs(40_000);
  expect(throttle.failed('192.0.2.1')).toBeNull();
});

test('a flood from a million addresses does not fill the memory, and forgets the oldest first', () => {
  const throttle = makeThrottle(playedClock());
  for (let i = 0; i < 11; i++) throttle.failed('the first');
  for (let i = 0; i < 9_999; i++) throttle.failed(`address ${i}`);
  expect(throttle.failed('the first')).toBe(60);
  for (let i = 0; i < 10_000; i++) throttle.failed(`other ${i}`);
  expect(throttle.failed('the first')).toBeNull();
});
