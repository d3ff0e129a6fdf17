import { expect, test } from 'vitest';
import { within } from '../../cloud/jobs/within.ts';
import { makeZoneTurns } from '../../cloud/jobs/zone-turn.ts';
import { makePlayedClock, settle } from '../engine/clock.ts';

const never = new AbortController().signal;

test('a call that never ends, and does not listen, is given up after its time', async () => {
  const clock = makePlayedClock();
  let told: AbortSignal | undefined;
  const call = within(clock, 5_000, never, (signal) => {
    told = signal;
    return new Promise<never>(() => undefined);
  });
  const failed = call.catch((error: unknown) => error);
  await clock.advance(4_999);
  expect(told?.aborted).toBe(false);
  await clock.advance(1);
  expect(await failed).toMatchObject({ code: 'route53-unreachable' });
  expect(told?.aborted).toBe(true);
  expect(clock.sleeping()).toBe(0);
});

test('a call begins in the same tick, and its end wakes its deadline', async () => {
  const clock = makePlayedClock();
  let begun = false;
  const call = within(clock, 5_000, never, async () => {
    begun = true;
    return 'done';
  });
  expect(begun).toBe(true);
  expect(await call).toBe('done');
});

test('who gives up ends the call with their reason', async () => {
  const giveUp = new AbortController();
  const call = within(makePlayedClock(), 5_000, giveUp.signal, () => new Promise<never>(() => undefined));
  giveUp.abort(new Error('shutdown'));
  await expect(call).rejects.toThrow('shutdown');
  await expect(within(makePlayedClock(), 5_000, giveUp.signal, async () => 1)).rejects.toThrow('shutdown');
});

test('turns in a zone come one after the other, in order, and other zones do not wait', async () => {
  const turns = makeZoneTurns();
  const log: string[] = [];
  const gates = ['a', 'b', 'c'].map(() => Promise.withResolvers<void>());
  const acting = ['a', 'b', 'c'].map((name, at) =>
    turns.take(name === 'c' ? 'Z2' : 'Z1', never, async () => {
      log.push(`${name} begins`);
      await gates[at]?.promise;
      log.push(`${name} ends`);
    }),
  );
  await settle();
  expect(log).toEqual(['a begins', 'c begins']);
  for (const gate of gates) gate.resolve();
  await Promise.all(acting);
  expect(log.slice(-2)).toEqual(['b begins', 'b ends']);
});

test('one who fails, and one who gives up while waiting, do not hold up the line', async () => {
  const turns = makeZoneTurns();
  const giveUp = new AbortController();
  const gate = Promise.withResolvers<void>();
  const first = turns.take('Z1', never, async () => {
    await gate.promise;
    throw new Error('refused');
  });
  const second = turns.take('Z1', giveUp.signal, async () => 'second');
  const third = turns.take('Z1', never, async () => 'third');
  giveUp.abort(new Error('interrupted'));
  await expect(second).rejects.toThrow('interrupted');
  gate.resolve();
  await expect(first).rejects.toThrow('refused');
  expect(await third).toBe('third');
});
