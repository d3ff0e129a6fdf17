import { expect, test } from 'vitest';
import { openSqliteStore } from '../../cloud/store/sqlite.ts';
import { makePlayedClock, settle } from './clock.ts';
import { done, move, openDoor } from './door.ts';

const DAY_MS = 86_400_000;

test('an ended job and the id of its command are known for thirty days, and then forgotten', async () => {
  const clock = makePlayedClock();
  await using store = await openSqliteStore({ path: ':memory:' });
  const engine = openDoor({ store, clock, runbook: (run) => Promise.resolve(done(run)) });
  engine.start();
  await settle();
  const { job } = await move(engine, 'open', 'press');
  await clock.advance(1_000);
  expect((await store.job(job ?? ''))?.status).toBe('succeeded');
  await engine.stop(0);

  const later = openDoor({ store, clock, owner: 'later', runbook: (run) => Promise.resolve(done(run)) });
  await clock.advance(29 * DAY_MS);
  later.start();
  await settle();
  expect(await store.job(job ?? '')).toBeDefined();
  await later.stop(0);

  const last = openDoor({ store, clock, owner: 'last', runbook: (run) => Promise.resolve(done(run)) });
  await clock.advance(DAY_MS);
  last.start();
  await settle();
  expect(await store.job(job ?? '')).toBeUndefined();
  await last.stop(0);
});
