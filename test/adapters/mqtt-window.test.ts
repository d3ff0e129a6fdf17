import { expect, test } from 'vitest';
import { makeWindow, type WindowLimits } from '../../cloud/adapters/mqtt-window.ts';
import { makePlayedClock } from '../engine/clock.ts';

const clock = makePlayedClock();
const patient = new AbortController().signal;

function openWindow(limits: WindowLimits) {
  const over = new AbortController();
  const window = makeWindow(clock, over.signal);
  window.limit(limits);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const pass = (name: string, signal: AbortSignal = patient): Promise<void> =>
    window.pass(signal, () => {
      begun.push(name);
      const { promise, resolve } = Promise.withResolvers<void>();
      ends.set(name, resolve);
      return promise;
    });
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    await clock.advance(0);
  };
  return { pass, begun, end, over };
}

test('no more are on their way than the broker has said, and the next goes when the first is acknowledged', async () => {
  const { pass, begun, end } = openWindow({ atOnce: 2, gapMs: 0 });
  const first = pass('one');
  void pass('two');
  void pass('three');
  void pass('four');
  expect(begun).toEqual(['one', 'two']);
  await end('one');
  await first;
  expect(begun).toEqual(['one', 'two', 'three']);
});

test('while there is room each goes in the moment it is asked for: the order on the wire is that of the calls', () => {
  const { pass, begun } = openWindow({ atOnce: Number.POSITIVE_INFINITY, gapMs: 0 });
  for (const name of ['one', 'two', 'three']) void pass(name);
  expect(begun).toEqual(['one', 'two', 'three']);
});

test('one that has given up waiting is never sent late', async () => {
  const { pass, begun, end } = openWindow({ atOnce: 1, gapMs: 0 });
  const impatient = new AbortController();
  void pass('one');
  void pass('two', impatient.signal);
  void pass('three');
  impatient.abort();
  await end('one');
  expect(begun).toEqual(['one', 'three']);
});

test('with a gap no second holds more than that leaves room for, and none goes after the connection has ended', async () => {
  const { pass, begun, over } = openWindow({ atOnce: 1_000, gapMs: 10 });
  for (let count = 0; count < 250; count += 1) void pass(`${count}`);
  await clock.advance(999);
  expect(begun).toHaveLength(100);
  await clock.advance(1_000);
  expect(begun).toHaveLength(200);
  over.abort();
  await clock.advance(1_000);
  expect(begun).toHaveLength(200);
});
