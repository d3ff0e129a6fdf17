import { expect, test } from 'vitest';
import { MINUTE } from '../jobs/lane-driver.ts';
import { calls, toldWorld } from './people.ts';

/** A failover by hand that failed at primary: its page is open. */
function failedByHand() {
  const world = toldWorld();
  const job = world.press('failover').job?.id;
  world.fail();
  expect(calls(world)).toEqual([`trigger ${job} (warning)`, `trigger ${job} (critical)`]);
  return { world, job, later: () => calls(world).slice(2) };
}

test('the page of a failover by hand that failed is resolved by a restore that finds the switch at primary', () => {
  const { world, job, later } = failedByHand();
  world.press('restore');
  if (world.running()) world.arrive();
  expect(world.jobs.at(-1)).toMatchObject({ status: 'succeeded', data: { outcome: 'already-there' } });
  expect(later()).toEqual([`resolve ${job}`]);
});

test('the page of a failover by hand that failed is resolved by a release', () => {
  const { world, job, later } = failedByHand();
  world.release();
  expect(later()).toEqual([`resolve ${job}`]);
});

test('a drill that goes well resolves no page', () => {
  const { world, later } = failedByHand();
  world.end(world.press('drill').job, { status: 'succeeded', outcome: 'drilled' });
  expect(later()).toEqual([]);
});

test('an outage after a failover by hand that failed calls anew, under a key of its own, until it is over', () => {
  const { world, job, later } = failedByHand();
  world.pass(3 * 24 * 60 * MINUTE);
  expect(later()).toEqual([]);
  const outage = world.alert().job?.id;
  expect(later()).toEqual([`resolve ${job}`, `trigger ${outage} (error)`]);
  world.arrive();
  world.press('restore');
  world.arrive();
  expect(later()).toEqual([`resolve ${job}`, `trigger ${outage} (error)`, `resolve ${outage}`]);
});

test('an outage that cannot be failed over either is called for loudest, under its own key, however often it is tried', () => {
  const { world, job, later } = failedByHand();
  const outage = world.alert().job?.id;
  world.fail();
  world.pass(10 * MINUTE);
  world.fail();
  expect(later()).toEqual([`resolve ${job}`, `trigger ${outage} (error)`, `trigger ${outage} (critical)`]);
  // The alert is open and nothing has moved: giving the switch to automation does not end that.
  world.release();
  expect(later()).toHaveLength(3);
  world.recover();
  expect(later().slice(3)).toEqual([`resolve ${outage}`]);
});

test('a failover by hand that fails while automation waits to try is one page for both', () => {
  const world = toldWorld();
  const job = world.press('failover').job?.id;
  world.alert();
  world.fail();
  expect(world.running()?.data.automatic).toBe(true);
  world.arrive();
  expect(calls(world)).toEqual([`trigger ${job} (warning)`, `trigger ${job} (critical)`]);
});
