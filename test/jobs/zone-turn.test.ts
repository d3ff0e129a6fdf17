import { expect, test } from 'vitest';
import { makeZoneTurns } from '../../cloud/jobs/zone-turn.ts';

const ZONE = 'Z0';
const never = new AbortController().signal;

/** Lets everything that is ready go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('one that gives up while it waits at the end of the line lets nobody past the one that is at it', async () => {
  const turns = makeZoneTurns();
  const first = Promise.withResolvers<void>();
  const done: string[] = [];
  const holding = turns.take(ZONE, never, () => first.promise);
  const tired = new AbortController();
  const waiting = turns.take(ZONE, tired.signal, async () => done.push('the one that gave up'));
  tired.abort(new Error('given up'));
  await expect(waiting).rejects.toThrow('given up');

  const next = turns.take(ZONE, never, async () => done.push('the next one'));
  await settle();
  expect(done).toEqual([]);
  first.resolve();
  await Promise.all([holding, next]);
  expect(done).toEqual(['the next one']);
});

test('zones do not wait for each other, and a turn that fails is over like any other', async () => {
  const turns = makeZoneTurns();
  const first = Promise.withResolvers<void>();
  const holding = turns.take(ZONE, never, () => first.promise);
  expect(await turns.take('Z1', never, async () => 'at once')).toBe('at once');
  first.reject(new Error('refused'));
  await expect(holding).rejects.toThrow('refused');
  expect(await turns.take(ZONE, never, async () => 'then')).toBe('then');
});
