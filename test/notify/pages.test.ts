import { expect, test } from 'vitest';
import { HOUR, MINUTE } from '../jobs/lane-driver.ts';
import { calls, told, toldWorld } from './people.ts';

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

test('automation that stops itself on one switch calls and releases those who are told of that switch, and nobody else', () => {
  const receivers = [
    { name: 'pagerduty', kind: 'pagerduty', on: ['www'] },
    { name: 'other-pager', kind: 'pagerduty', on: ['shop'] },
    { name: 'other-chat', kind: 'slack', on: ['shop'] },
  ] as const;
  const guards = { flapping: { moves: 2, withinMs: HOUR }, restoreAfterMs: 0, cooldownMs: 0 };
  const world = toldWorld({ switches: ['www', 'shop'], people: { receivers }, guards });
  world.alert();
  world.arrive();
  world.recover();
  expect(world.stateOf().tripped?.scope).toBe('switch');
  const key = `www:tripped:${world.nowMs()}`;
  expect(calls(world).at(-1)).toBe(`trigger ${key} (critical)`);
  world.release();
  expect(calls(world).at(-1)).toBe(`resolve ${key}`);
  expect([...told(world, 'other-pager'), ...told(world, 'other-chat')]).toEqual([]);
});

test('automation that stops itself on every switch calls the pagers of all, and each is released with its own switch', () => {
  const switches = ['www', 'shop'];
  const receivers = switches.map((on) => ({ name: on, kind: 'pagerduty', on: [on] }) as const);
  const world = toldWorld({ switches, people: { receivers }, automation: { maxSwitches: 1 } });
  world.alert();
  world.alert({ on: 'shop' });
  for (const name of switches) world.timer(name);
  const key = `everywhere:tripped:${world.nowMs()}`;
  const heard = (name: string) => told(world, name).flatMap(({ page }) => (page?.key === key ? [page.action] : []));
  expect(switches.map(heard)).toEqual([['trigger'], ['trigger']]);
  for (const name of switches) world.release(name);
  expect(switches.map(heard)).toEqual([
    ['trigger', 'resolve'],
    ['trigger', 'resolve'],
  ]);
});
