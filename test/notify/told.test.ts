import { expect, test } from 'vitest';
import { makeRules } from '../../cloud/jobs/make-rules.ts';
import { HOUR, makeWorld, MINUTE, SECOND } from '../jobs/lane-driver.ts';
import { calls, checks, PEOPLE, told, toldWorld } from './people.ts';

test('a failover by hand is told when it begins and when it is done: what, from where to where, who, why, what next', () => {
  const world = toldWorld();
  const job = world.press('failover', { reason: 'deploy went wrong' }).job?.id;
  world.arrive();
  const [begun, done] = told(world);
  expect(begun).toMatchObject({ kind: 'failover-begun', severity: 'warning', job, incident: job, to: 'maintenance' });
  expect(begun?.title).toBe('www is being failed over to maintenance by lobby (button)');
  expect(done).toMatchObject({
    kind: 'failover-done',
    from: 'primary',
    to: 'maintenance',
    by: { trigger: 'button', actor: 'lobby', automatic: false },
    reason: 'deploy went wrong',
    link: 'https://dashover.example.com',
    drill: false,
  });
  expect(done?.text).toContain(
    'www moved from primary to maintenance, asked by lobby (button) because "deploy went wrong".',
  );
  expect(done?.next).toBe(
    'lobby holds it, so automation leaves it alone. When primary is well, "dashover restore www" brings it back.',
  );
});

test('it says until when caches hold the old answer', () => {
  const world = toldWorld();
  const { job } = world.press('failover');
  const cachesUntilMs = world.nowMs() + 60 * SECOND;
  const reading = { kind: 'position', position: 'maintenance' } as const;
  world.end(job, { status: 'succeeded', outcome: 'switched', verified: true, cachesUntilMs, reading });
  const done = told(world).at(-1);
  expect(done?.cachesUntil).toBe('2026-11-22T12:01:00.000Z');
  expect(done?.text).toContain('Caches may show the old answer until 12:01:00 UTC.');
});

test('the pager is called when an incident opens and released when it ends, under the same key', () => {
  const world = toldWorld();
  const job = world.press('failover').job?.id;
  expect(calls(world)).toEqual([`trigger ${job} (warning)`]);
  world.arrive();
  world.press('restore');
  expect(calls(world)).toHaveLength(1);
  world.arrive();
  expect(calls(world)).toEqual([`trigger ${job} (warning)`, `resolve ${job}`]);
  expect(told(world).at(-1)).toMatchObject({ kind: 'restored', severity: 'info', incident: job });
});

test('automation that fails over calls louder than a human who does, and says which alert it was', () => {
  const world = toldWorld();
  const job = world.alert().job?.id;
  expect(calls(world)).toEqual([`trigger ${job} (error)`]);
  expect(told(world)[0]?.text).toContain('The alert: monitor-1 of www.');
  world.arrive();
  expect(told(world).at(-1)?.next).toContain('Automation restores it when every alert has been clear for 2 min');
});

test('a failover that fails calls loudest, stays one page however often it is tried, and is resolved when one succeeds and is restored', () => {
  const world = toldWorld();
  const first = world.alert().job?.id;
  world.fail();
  for (let tries = 0; tries < 4; tries++) {
    world.pass(10 * MINUTE);
    world.fail();
  }
  expect(calls(world)).toEqual([`trigger ${first} (error)`, `trigger ${first} (critical)`]);
  // Told once each, not five times.
  expect(told(world).map(({ kind }) => kind)).toEqual(['failover-begun', 'job-failed']);
  world.pass(10 * MINUTE);
  world.arrive();
  world.press('restore');
  world.arrive();
  expect(calls(world).at(-1)).toBe(`resolve ${first}`);
  expect(calls(world)).toHaveLength(3);
});

test('a failover that failed needs nobody any more when its alert closes', () => {
  const world = toldWorld();
  const job = world.alert().job?.id;
  world.fail();
  world.recover();
  expect(calls(world).at(-1)).toBe(`resolve ${job}`);
});

test('a restore by automation that comes to nothing is tried again only after the next recovery, and nothing says else', () => {
  const world = toldWorld();
  world.alert();
  world.arrive();
  world.recover();
  world.pass(10 * MINUTE);
  const error = { code: 'probe-failed', message: 'No.', hint: 'Mend.', guard: 'probe' };
  world.end(world.running(), { status: 'refused', error });
  expect(told(world).at(-1)).toMatchObject({ kind: 'job-refused', title: expect.stringContaining('restore of www') });
  expect(told(world).at(-1)?.next).toContain('Automation restores it only after the next recovery.');
  world.pass(HOUR);
  const reminded = () => told(world).findLast(({ kind }) => kind === 'reminder')?.next;
  expect(reminded()).toBe(
    'Automation restores it only after the next recovery. When primary is well, "dashover restore www" brings it back.',
  );
  world.alert();
  world.pass(3 * HOUR);
  expect(reminded()).toContain('Automation restores it when every alert has been clear for 2 min');
  world.recover();
  world.pass(2 * MINUTE);
  expect(world.running()?.data.command).toBe('restore');
});

test('a failover by automation that fails says that it is tried again, and so it is', () => {
  const world = toldWorld();
  world.alert();
  world.fail();
  expect(told(world).at(-1)?.next).toContain('Automation looks at it again while the alert is open.');
  world.pass(30 * SECOND);
  expect(world.running()?.data.command).toBe('failover');
});

test('the way back of a failover by hand whose hold has run out leads over the next recovery, and is told so', () => {
  const world = toldWorld({ guards: { hold: 10 * MINUTE } });
  world.press('failover');
  world.arrive();
  world.pass(HOUR);
  expect(told(world).at(-1)?.next).toContain('Automation restores it only after the next recovery.');
  world.hold();
  expect(world.release().text).toContain('Automation restores it only after the next recovery');
  world.alert();
  world.recover();
  expect(world.waiting()?.data.command).toBe('restore');
});

test('the way back of a failover that has kept what it found is a human’s alone, who names where to: nothing promises else', () => {
  const world = toldWorld();
  const before = [{ name: 'www.example.com', type: 'A', ttl: 60, values: ['203.0.113.7'] }];
  world.observe({ kind: 'drifted', differences: ['A www.example.com is 203.0.113.7, not 192.0.2.10'] });
  world.alert();
  const reading = { kind: 'position', position: 'maintenance' } as const;
  world.end(world.running(), { status: 'succeeded', outcome: 'switched', verified: true, before, reading });
  const byHand =
    'When primary is well, "dashover restore www --to primary" brings it back, "--to before" to the records that the failover found.';
  expect(told(world).at(-1)).toMatchObject({
    kind: 'failover-done',
    next: `Nothing restores it by itself. ${byHand}`,
  });
  world.hold();
  world.pass(30 * MINUTE);
  expect(told(world).at(-1)).toMatchObject({
    kind: 'reminder',
    next: `ops holds it, so automation leaves it alone. ${byHand}`,
  });
  world.recover();
  expect(told(world).at(-1)).toMatchObject({
    title: 'Automation may not restore www: held',
    next: expect.stringContaining('"dashover restore www --to primary" moves it'),
  });
  expect(world.release().text).toContain(
    'Automation does not restore it, because the failover found records that equalled no position; restore it by hand, to primary or to before.',
  );
});

test('a failover that waited while somebody else took the switch home is told when it begins, and the page stays open', () => {
  const world = toldWorld();
  const first = world.press('failover').job?.id;
  world.arrive();
  world.press('failover', { to: 'dr' });
  const job = world.press('failover', { by: 'gate' }).job?.id;
  world.end(world.running(), { status: 'superseded', reading: { kind: 'position', position: 'primary' } });
  expect(told(world).some((notice) => notice.kind === 'failover-begun' && notice.incident === job)).toBe(true);
  expect(calls(world)).not.toContain(`resolve ${first}`);
  world.arrive();
  world.press('restore');
  world.arrive();
  expect(calls(world)).toContain(`resolve ${first}`);
});

test('a failover that was cancelled is told as such, and the page is resolved', () => {
  const world = toldWorld();
  const job = world.press('failover').job;
  world.end(job, { status: 'cancelled' });
  expect(told(world).at(-1)).toMatchObject({ kind: 'job-stopped', severity: 'info' });
  expect(calls(world).at(-1)).toBe(`resolve ${job?.id}`);
});

test('a drill is told as a drill and never pages, whether it goes well or not', () => {
  const world = toldWorld();
  const well = world.press('drill').job;
  world.end(well, { status: 'succeeded', outcome: 'drilled' });
  const ill = world.press('drill').job;
  world.end(ill, { status: 'refused', error: { code: 'probe-failed', message: 'No.', hint: 'Mend.', guard: 'probe' } });
  expect(told(world).map(({ kind, drill }) => [kind, drill])).toEqual([
    ['drill-done', true],
    ['drill-failed', true],
  ]);
  expect(calls(world)).toEqual([]);
  expect(told(world, 'datadog')).toEqual([]);
});

test('reminders come at growing intervals while it is away from primary, and stop with the restore', () => {
  const world = toldWorld();
  world.press('failover');
  world.arrive();
  const startMs = world.nowMs();
  world.pass(80 * HOUR);
  const reminders = told(world).filter(({ kind }) => kind === 'reminder');
  const hours = reminders.map(({ at }) => (Date.parse(at) - startMs) / HOUR);
  expect(hours).toEqual([0.5, 1.5, 3.5, 7.5, 15.5, 39.5, 63.5]);
  expect(reminders[0]?.title).toBe('www is still at maintenance after 30 min');
  expect(new Set(reminders.map(({ id }) => id)).size).toBe(7);
  world.press('restore');
  world.arrive();
  world.pass(80 * HOUR);
  expect(told(world).filter(({ kind }) => kind === 'reminder')).toHaveLength(7);
  expect(calls(world)).toHaveLength(2);
});

test('a long running job keeps no timer busy when its reminder is due', () => {
  const world = toldWorld({ guards: { jobDeadlineMs: 5 * HOUR } });
  world.press('failover');
  world.arrive();
  world.press('restore');
  world.pass(4 * HOUR);
  expect(told(world).filter(({ kind }) => kind === 'reminder')).toEqual([]);
});

test('drift is told with its difference and is no page; another controller that takes our failover back is one', () => {
  const world = toldWorld();
  world.observe({ kind: 'drifted', differences: ['A www.example.com is 192.0.2.99, not 192.0.2.10'] });
  expect(told(world).at(-1)).toMatchObject({ kind: 'drift', severity: 'warning', from: 'primary' });
  expect(told(world).at(-1)?.text).toContain('192.0.2.99');
  expect(calls(world)).toEqual([]);
  const job = world.press('failover').job?.id;
  world.arrive();
  world.pass(MINUTE);
  world.found('primary');
  expect(told(world).at(-1)).toMatchObject({ kind: 'moved-by-others', severity: 'critical' });
  expect(told(world).at(-1)?.next).toContain('external-dns, Terraform');
  const contest = `www:contest:${world.nowMs()}`;
  expect(calls(world).slice(1)).toEqual([`resolve ${job}`, `trigger ${contest} (critical)`]);
  world.press('failover');
  world.arrive();
  expect(calls(world)).toContain(`resolve ${contest}`);
});

test('automation that trips calls a human once for all switches, and is resolved by the first release', () => {
  const switches = ['www', 'api', 'shop', 'mail'];
  const world = toldWorld({ switches });
  for (const on of switches) world.alert({ on });
  for (const name of switches) world.timer(name);
  const key = `everywhere:tripped:${world.nowMs()}`;
  expect(calls(world).filter((call) => call.includes('tripped'))).toEqual([`trigger ${key} (critical)`]);
  const trips = told(world).filter(({ kind }) => kind === 'tripped');
  expect(trips).toMatchObject([{ severity: 'critical', title: 'Automation has stopped itself on every switch' }]);
  world.release('www');
  expect(calls(world)).toContain(`resolve ${key}`);
  expect(told(world).some(({ kind }) => kind === 'armed')).toBe(true);
});

test('an alert that comes too late is recorded and told, and moves nothing', () => {
  const world = toldWorld();
  world.alert({ atMs: world.nowMs() - 11 * MINUTE, maxAgeMs: 10 * MINUTE });
  expect(told(world)).toMatchObject([{ kind: 'late-alert', severity: 'warning' }]);
  expect(calls(world)).toEqual([]);
});

test('what automation may not do is told once with what a human can do, and what it only would have done as that', () => {
  const world = toldWorld();
  world.hold();
  world.alert();
  world.alert({ key: 'monitor-2' });
  expect(told(world)).toMatchObject([{ kind: 'job-refused', title: 'Automation may not fail over www: held' }]);
  const watching = toldWorld({ automation: { mode: 'observe' } });
  watching.alert();
  expect(told(watching)).toMatchObject([{ kind: 'would-have', severity: 'info' }]);
});

test('guards that a human passed over by name are told', () => {
  const world = toldWorld();
  world.press('failover', { override: ['probe-failed'] });
  expect(told(world)[0]?.text).toContain('It passed over probe-failed by name.');
});

test('a press too many on a switch that is there already is no news', () => {
  const world = toldWorld();
  world.press('failover');
  world.arrive();
  const before = told(world).length;
  world.press('failover', { by: 'gate' });
  world.arrive();
  expect(told(world)).toHaveLength(before);
});

test('a failover whose outcome was not known calls, and what it turned out to be is told', () => {
  const world = toldWorld();
  const { job } = world.press('failover');
  const error = { code: 'unknown-outcome', message: 'No answer.', hint: 'Look.', guard: null };
  world.end(job, { status: 'failed', error, reading: { kind: 'unknown', why: 'no answer' } });
  expect(calls(world).at(-1)).toBe(`trigger ${job?.id} (critical)`);
  world.found('maintenance');
  expect(told(world).at(-1)).toMatchObject({
    kind: 'failover-done',
    title: 'It is known now that www is at maintenance',
  });
});

test('only receivers of a switch are told of it, and all of them that automation stopped everywhere', () => {
  const switches = ['www', 'api', 'shop', 'mail'];
  const receivers = [{ name: 'slack', kind: 'slack', on: ['shop'] }] as const;
  const world = toldWorld({ switches, people: { receivers } });
  for (const on of ['www', 'api', 'shop', 'mail']) world.alert({ on });
  expect(told(world).map(({ kind, switch: name }) => [kind, name])).toEqual([
    ['failover-begun', 'shop'],
    ['tripped', 'mail'],
  ]);
});

test('Datadog is told each change of position, and how the switch is, of which only the newest waits', () => {
  const world = toldWorld();
  expect(checks(world).at(-1)).toMatchObject({ switch: 'www', status: 0 });
  world.press('failover');
  world.arrive();
  expect(told(world, 'datadog')).toMatchObject([{ kind: 'failover-done', from: 'primary', to: 'maintenance' }]);
  expect(checks(world).at(-1)).toMatchObject({ status: 1 });
  const rows = world.outgoing.filter(({ receiver, key }) => receiver === 'datadog' && key !== null);
  expect(new Set(rows.map(({ key }) => key))).toEqual(new Set(['check:www']));
});

test('people who begin to be told in the middle of an incident are called for it', () => {
  const world = makeWorld();
  const job = world.press('failover').job?.id;
  world.arrive();
  const rules = makeRules({ switches: world.switches, automation: world.automation, notify: PEOPLE });
  const seen = { jobs: [], shared: world.shared(), newJobId: 'next' };
  const { outgoing } = rules.decide(world.stateOf(), { kind: 'timer' }, seen, world.nowMs());
  const bodies = outgoing.filter(({ receiver }) => receiver === 'pagerduty').map(({ body }) => body);
  expect(bodies).toMatchObject([{ notice: { page: { action: 'trigger', key: job }, title: 'www needs somebody' } }]);
  expect(JSON.stringify(bodies)).toContain('www is at maintenance since');
});
