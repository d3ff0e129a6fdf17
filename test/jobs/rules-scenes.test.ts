import { expect, test } from 'vitest';
import { acknowledgeAll } from '../../cloud/jobs/rules/alerts.ts';
import { hearOfTrip } from '../../cloud/jobs/rules/everywhere.ts';
import { lastLook } from '../../cloud/jobs/rules/permit.ts';
import { initialState } from '../../cloud/jobs/state.ts';
import { HOUR, makeWorld, MINUTE, SECOND, START_MS, type World } from './lane-driver.ts';

/** Automation fails over www, and its move has not sent anything yet. */
function failing() {
  const world = makeWorld({ switches: ['www', 'shop', 'mail', 'api'] });
  world.alert({ cycle: 'c1' });
  return world;
}

function look(world: World): string | null {
  const job = world.running();
  if (!job) throw new Error('nothing runs');
  return lastLook(job, world.stateOf(), world.automation, world.nowMs());
}

/** The running move ends, and nobody can learn whether its change was made. */
function lose(world: World): void {
  const error = { code: 'unknown-outcome', message: 'No answer.', hint: 'Look.', guard: null };
  world.end(world.running(), { status: 'failed', error, reading: { kind: 'unknown', why: 'no answer' } });
}

/** The stories an on-call team would ask about first, played with the rules alone. */

test('alert, failover by automation, a press by a human, recovery: the switch stays failed over', () => {
  const world = makeWorld();
  world.alert();
  world.arrive();
  world.press('failover');
  expect(world.arrive().data.outcome).toBe('already-there');
  expect(world.state().hold?.by).toBe('lobby');

  expect(world.recover().refusal?.code).toBe('held');
  world.pass(HOUR);
  expect(world.state()).toMatchObject({ position: 'maintenance', automation: 'held' });
});

test('alert, restore by hand, renotify: stays at primary; a new cycle fails over', () => {
  const world = makeWorld();
  world.alert({ cycle: 'c1' });
  world.arrive();
  world.press('restore');
  world.arrive();

  world.alert({ cycle: 'c1' });
  world.pass(HOUR);
  expect(world.state()).toMatchObject({ position: 'primary', alerts: [{ acknowledged: true }] });

  expect(world.recover({ cycle: 'c1' }).refusal?.code).toBe('wrong-position');
  world.alert({ cycle: 'c1' });
  expect(world.running()).toBeUndefined();
  expect(world.alert({ cycle: 'c2' }).job?.status).toBe('running');
});

test('failover pressed, a foreign record is in the way: no hold is taken; the cause mended, the open alert moves it', () => {
  const world = makeWorld();
  world.press('failover');
  world.alert();
  const error = { code: 'foreign-record', message: 'An MX record is in the way.', hint: 'Remove it.', guard: null };
  world.end(world.running(), { status: 'refused', error });
  expect(world.state().hold).toBeNull();

  // The alert is judged at once, and meets the same record.
  expect(world.running()?.data.automatic).toBe(true);
  world.end(world.running(), { status: 'refused', error });
  expect(world.state().incident).toBeNull();

  world.pass(30 * SECOND);
  expect(world.running()?.data.alert).toBe('monitor-1');
  world.arrive();
  expect(world.state()).toMatchObject({ position: 'maintenance', hold: null });
});

test('a human failover fails while an alert is open: the incident is that of the failover by automation, which restores it', () => {
  const world = makeWorld();
  world.press('failover');
  world.alert();
  world.fail();
  const failover = world.running()?.id;
  expect(world.state().incident).toBe(failover);
  world.arrive();
  world.recover();
  world.pass(10 * MINUTE);
  expect(world.running()?.data).toMatchObject({ command: 'restore', automatic: true });
});

test('five alerts and recoveries in an hour: ends failed over and tripped', () => {
  const world = makeWorld();
  for (let round = 1; round <= 5; round += 1) {
    const cycle = `c${round}`;
    world.alert({ cycle });
    if (world.running()) world.arrive();
    world.pass(MINUTE);
    world.recover({ cycle });
    world.pass(9 * MINUTE);
    if (world.running()) world.arrive();
  }
  expect(world.state()).toMatchObject({ position: 'maintenance', automation: 'tripped' });
  expect(world.lines('tripped')).toHaveLength(1);
});

test('a limit of more moves than anybody needs is a limit all the same', () => {
  const flapping = { moves: 150, withinMs: 100 * HOUR };
  const world = makeWorld({ guards: { restoreAfterMs: 0, cooldownMs: 0, flapping } });
  for (let round = 1; round <= 80; round += 1) {
    world.alert({ cycle: `c${round}` });
    if (world.running()) world.arrive();
    world.pass(10 * MINUTE);
    world.recover({ cycle: `c${round}` });
    if (world.running()) world.arrive();
  }
  expect(world.state()).toMatchObject({ position: 'maintenance', automation: 'tripped' });
  expect(world.stateOf().moves.length).toBeLessThanOrEqual(flapping.moves);
});

test('the endpoint is down for half an hour while a restore waits: it waits afresh', () => {
  const world = makeWorld();
  world.alert();
  world.arrive();
  world.pass(10 * MINUTE);
  const waiting = world.recover().job;
  world.pass(MINUTE);
  world.silence(HOUR / 2);
  expect(world.job(waiting?.id).status).toBe('waiting');
  expect(world.lines('waits-afresh')).toHaveLength(1);
  world.pass(2 * MINUTE);
  expect(world.running()?.id).toBe(waiting?.id);
});

test('two endpoints whose clocks differ by less than half a second: the wait before a restore is no longer for it', () => {
  const world = makeWorld();
  world.alert();
  world.arrive();
  world.pass(10 * MINUTE);
  const waiting = world.recover().job;
  for (let round = 1; round < 12; round += 1) {
    world.pass(10 * SECOND);
    // The other endpoint reads the records, right after the timer of the one whose clock is ahead.
    world.late(-400);
    world.observe({ kind: 'position', position: 'maintenance' });
    world.late(400);
  }
  world.pass(10 * SECOND);
  expect(world.lines('waits-afresh')).toEqual([]);
  expect(world.running()?.id).toBe(waiting?.id);
});

test('a clock that is set back by an hour: the wait before a restore begins afresh, and is not an hour longer', () => {
  const world = makeWorld();
  world.alert();
  world.arrive();
  world.pass(10 * MINUTE);
  const waiting = world.recover().job;
  world.pass(MINUTE);
  world.late(-HOUR);
  world.observe({ kind: 'position', position: 'maintenance' });
  expect(world.lines('waits-afresh')).toMatchObject([
    { text: 'The clock was set back by 1 h; the wait before the restore of www begins afresh.' },
  ]);
  world.pass(2 * MINUTE);
  expect(world.running()?.id).toBe(waiting?.id);
});

test('the endpoint is down while the cooldown runs and no restore waits: the cooldown starts afresh', () => {
  const world = makeWorld();
  world.alert();
  world.arrive();
  world.pass(MINUTE);
  world.silence(HOUR);
  const waiting = world.recover().job;
  world.pass(5 * MINUTE - SECOND);
  expect(world.job(waiting?.id).status).toBe('waiting');
  world.pass(SECOND);
  expect(world.running()?.id).toBe(waiting?.id);
});

test('a human at dr, the hold runs out by its time: automation leaves the switch there', () => {
  const world = makeWorld({ guards: { hold: 10 * MINUTE } });
  world.alert();
  world.press('failover', { to: 'dr' });
  world.end(world.running(), { status: 'superseded' });
  world.arrive();
  expect(world.state()).toMatchObject({ position: 'dr', hold: { by: 'lobby' } });
  world.recover();
  world.pass(HOUR);
  world.alert({ cycle: 'c2' });
  world.recover({ cycle: 'c2' });
  world.pass(HOUR);
  expect(world.state()).toMatchObject({ position: 'dr', hold: null, job: null });
});

test('four switches alert within ten minutes: three move, then all is tripped; a press still works', () => {
  const world = makeWorld({ switches: ['www', 'shop', 'mail', 'api'] });
  for (const on of ['www', 'shop', 'mail']) {
    world.alert({ on });
    world.arrive(on);
    world.pass(MINUTE);
  }
  const fourth = world.alert({ on: 'api' });
  expect(fourth.refusal?.code).toBe('tripped');
  world.pass(0);
  for (const on of ['www', 'shop', 'mail', 'api']) expect(world.state(on).automation).toBe('tripped');
  expect(world.state('www').position).toBe('maintenance');
  expect(world.state('api').position).toBe('primary');

  expect(world.press('failover', { on: 'api' }).job?.status).toBe('running');
  world.arrive('api');
  expect(world.state('api').position).toBe('maintenance');
});

test('four switches alert, more than ten minutes apart: all move', () => {
  const world = makeWorld({ switches: ['www', 'shop', 'mail', 'api'] });
  for (const on of ['www', 'shop', 'mail', 'api']) {
    world.alert({ on });
    world.arrive(on);
    world.pass(4 * MINUTE);
  }
  expect(world.state('api')).toMatchObject({ position: 'maintenance', automation: 'on' });
});

test('a switch that automation moves twice is counted once, and a failover that is a human’s by its end not at all', () => {
  const world = makeWorld({
    switches: ['www', 'shop'],
    automation: { maxSwitches: 1 },
    guards: { restoreAfterMs: 0, cooldownMs: 0 },
  });
  world.alert();
  world.arrive();
  expect(world.recover().job?.status).toBe('running');
  world.arrive();
  world.pass(10 * MINUTE);
  world.alert({ on: 'shop' });
  world.press('failover', { on: 'shop' });
  world.arrive('shop');
  expect(world.alert().job?.status).toBe('running');
});

test('a failover by automation that fails takes no place in the count of moved switches', () => {
  const world = makeWorld({ switches: ['www', 'shop', 'mail', 'api'] });
  for (const on of ['www', 'shop', 'mail']) world.alert({ on });
  world.fail('www');
  expect(world.alert({ on: 'api' }).job?.status).toBe('running');
});

test('a failover by automation in doubt takes its place in the count until it turns out not to have been made', () => {
  const doubted = () => {
    const world = makeWorld({ switches: ['www', 'shop'], automation: { maxSwitches: 1 } });
    world.alert({ on: 'www' });
    lose(world);
    world.recover({ on: 'www' });
    return world;
  };
  const still = doubted();
  still.found('primary');
  expect(still.alert({ on: 'shop' }).refusal).toBeNull();

  const twice = doubted();
  twice.press('failover', { to: 'dr' });
  lose(twice);
  twice.found('primary');
  expect(twice.alert({ on: 'shop' }).refusal).toBeNull();

  const elsewhere = doubted();
  elsewhere.found('dr');
  expect(elsewhere.alert({ on: 'shop' }).refusal?.code).toBe('tripped');

  const back = doubted();
  back.press('restore');
  lose(back);
  back.found('primary');
  expect(back.alert({ on: 'shop' }).refusal?.code).toBe('tripped');
});

test('a switch that is new in the configuration is not touched by a trip from before it was known', () => {
  const everywhere = { moves: [], trips: 1, trip: { atMs: START_MS, text: 'too many switches' } };
  expect(hearOfTrip(initialState('old', START_MS), everywhere).tripped).toMatchObject({ scope: 'everywhere' });
  expect(hearOfTrip(initialState('new', START_MS + 1), everywhere).tripped).toBeNull();
});

test('why a switch was released is said, and is in the journal', () => {
  const world = makeWorld();
  world.hold();
  expect(world.release('www', 'migration  done').text).toMatch(/released by ops \(button\) because "migration done"\./);
  expect(world.journal.at(-1)).toMatchObject({ kind: 'release', detail: { by: 'ops', reason: 'migration  done' } });
  expect(world.release('www').text).not.toContain('because');
});

test('a release after a trip everywhere re-arms its switch alone, and the count begins again', () => {
  const world = makeWorld({ switches: ['www', 'shop', 'mail', 'api'] });
  for (const on of ['www', 'shop', 'mail', 'api']) world.alert({ on });
  const answer = world.release('api');
  expect(answer.job?.status).toBe('running');
  expect(answer.text).toContain('automation moves it now');
  world.pass(0);
  expect(world.state('www').automation).toBe('tripped');
  world.pass(HOUR);
  expect(world.state('api').automation).toBe('on');
});

test('the alert closes while its failover is still trying: the last look stops it, and nothing else moves', () => {
  const world = makeWorld();
  const job = world.alert().job;
  world.recover();
  expect(world.running()?.id).toBe(job?.id);
  expect(world.waiting()?.data.command).toBe('restore');
  world.end(world.running(), { status: 'superseded' });
  world.pass(HOUR);
  expect(world.state()).toMatchObject({ position: 'primary', incident: null, job: null });
});

test('an alert that opens while an automatic restore runs is judged when that has ended, and fails over at once', () => {
  const world = makeWorld();
  world.alert({ cycle: 'c1' });
  world.arrive();
  world.pass(10 * MINUTE);
  world.recover({ cycle: 'c1' });
  world.pass(2 * MINUTE);
  expect(world.running()?.data.command).toBe('restore');
  const next = world.alert({ cycle: 'c2' }).job;
  expect(next?.status).toBe('waiting');
  world.arrive();
  expect(world.running()?.id).toBe(next?.id);
});

test('a timed hold asked for during a human failover does not shorten that failover’s own hold', () => {
  const world = makeWorld();
  world.press('failover');
  world.arrive();
  world.hold(MINUTE);
  world.pass(HOUR);
  expect(world.state().hold).toMatchObject({ by: 'lobby', until: null });
});

test('a hold that ends while a human’s failover is on its way is not that failover’s: given back, the switch is not automation’s to restore', () => {
  const world = makeWorld();
  world.hold(MINUTE);
  world.press('failover');
  world.pass(MINUTE);
  expect(world.lines('hold-ended')).toHaveLength(1);
  world.arrive();
  world.alert();
  world.release();
  expect(world.recover().refusal?.code).toBe('held');
  world.pass(HOUR);
  expect(world.state()).toMatchObject({ position: 'maintenance', hold: null, job: null });
});

test('restarted on stored state, a timed hold ends when its time has come', () => {
  const world = makeWorld();
  world.hold(10 * MINUTE);
  world.alert();
  world.silence(HOUR);
  expect(world.running()?.data.alert).toBe('monitor-1');
});

test('three presses in a row, each for another position: the last one is where the switch ends', () => {
  const world = makeWorld();
  world.press('failover');
  world.press('failover', { to: 'dr' });
  world.press('restore');
  world.end(world.running(), { status: 'superseded' });
  world.arrive();
  expect(world.state()).toMatchObject({ position: 'primary', incident: null, job: null });
});

test('a restore by hand that fails leaves hold and incident, and the alerts unacknowledged', () => {
  const world = makeWorld();
  world.alert();
  world.press('failover');
  world.arrive();
  world.press('restore');
  world.fail();
  expect(world.state()).toMatchObject({
    position: 'maintenance',
    hold: { by: 'lobby' },
    alerts: [{ acknowledged: false }],
  });
  expect(world.state().incident).not.toBeNull();
});

test('foreign values found by the failover come back with restore to before', () => {
  const world = makeWorld();
  const found = [{ name: 'www.example.com', type: 'A', ttl: 60, values: ['198.51.100.1'] }];
  world.observe({ kind: 'drifted', differences: ['www.example.com A is 198.51.100.1'] });
  world.press('failover');
  world.end(world.running(), {
    status: 'succeeded',
    outcome: 'switched',
    reading: { kind: 'position', position: 'maintenance' },
    before: found,
  });
  expect(world.press('restore', { to: 'before' }).job?.data).toMatchObject({ before: found, toNamed: true });
  world.arrive();
  expect(world.state()).toMatchObject({ position: 'drifted', incident: null, hold: null });
  expect(world.stateOf().before).toBeNull();
});

test('a press cancelled before its change leaves the switch where it was, and the next press runs', () => {
  const world = makeWorld();
  const { job } = world.press('failover');
  world.cancel(job?.id ?? '');
  const again = world.press('failover', { by: 'gate' });
  expect(again.job?.status).toBe('queued');
  world.end(world.running(), { status: 'cancelled' });
  expect(world.job(job?.id).data.note).toContain('ops (button) cancelled it');
  expect(world.running()?.id).toBe(again.job?.id);
});

test('a job that waited for its turn says where the switch is when it starts, not where it was when it was asked for', () => {
  const world = makeWorld({ at: 'maintenance' });
  world.press('restore');
  const { job } = world.press('failover');
  expect(job?.data.from).toBe('maintenance');
  const reading = { kind: 'position', position: 'primary' } as const;
  world.end(world.running(), { status: 'succeeded', outcome: 'switched', verified: false, reading });
  expect(world.running()?.id).toBe(job?.id);
  expect(world.running()?.data.from).toBe('primary');
});

test.for(['somebody else took it home', 'a restore in doubt was made'])(
  'a failover that waited for its turn opens an incident of its own when the job before it finds that %s',
  (how) => {
    const world = makeWorld();
    world.press('failover');
    world.arrive();
    if (how === 'a restore in doubt was made') {
      world.press('restore');
      lose(world);
    }
    world.press('failover', { to: 'dr' });
    const { job } = world.press('failover', { by: 'gate' });
    world.end(world.running(), { status: 'superseded', reading: { kind: 'position', position: 'primary' } });
    expect(world.running()?.id).toBe(job?.id);
    expect(world.stateOf().incident).toMatchObject({ id: job?.id, by: 'human' });
    world.arrive();
    expect(world.state()).toMatchObject({ position: 'maintenance', incident: job?.id, hold: { by: 'gate' } });
  },
);

test('the last look lets an automatic failover go while nothing has changed, and stops it for whatever has', () => {
  expect(look(failing())).toBeNull();

  const closed = failing();
  closed.recover({ cycle: 'c1' });
  expect(look(closed)).toContain('alert closed');

  const held = failing();
  held.hold();
  expect(look(held)).toContain('A human took the switch');

  const tripped = failing();
  for (const on of ['shop', 'mail', 'api']) tripped.alert({ on });
  tripped.pass(0);
  expect(look(tripped)).toContain('Automation stopped itself');

  const acknowledged = failing();
  const { alerts } = acknowledged.stateOf();
  const state = { ...acknowledged.stateOf(), alerts: acknowledgeAll(alerts, false) };
  const job = acknowledged.running();
  expect(job && lastLook(job, state, acknowledged.automation, acknowledged.nowMs())).toContain(
    'restored over its alert',
  );
  expect(job && lastLook(job, acknowledged.stateOf(), { ...acknowledged.automation, mode: 'off' }, 0)).toContain('off');

  const human = failing();
  human.press('failover');
  human.hold();
  expect(look(human)).toBeNull();
});

test('the last look stops an automatic restore when an alert has opened', () => {
  const world = makeWorld({ guards: { restoreAfterMs: 0, cooldownMs: 0 } });
  world.alert({ cycle: 'c1' });
  world.arrive();
  const restore = world.recover({ cycle: 'c1' }).job;
  expect(restore && lastLook(restore, world.stateOf(), world.automation, world.nowMs())).toBeNull();
  world.alert({ cycle: 'c2' });
  expect(restore && lastLook(restore, world.stateOf(), world.automation, world.nowMs())).toContain('alert opened');
});

test('a recovery of an older cycle does not close a newer alert', () => {
  const world = makeWorld();
  world.alert({ cycle: 'c2' });
  world.recover({ cycle: 'c1' });
  expect(world.state().alerts).toHaveLength(1);
  const dated = makeWorld();
  dated.alert({ cycle: 'c1', atMs: 2_000 });
  dated.recover({ cycle: 'c1', atMs: 1_000 });
  expect(dated.state().alerts).toHaveLength(1);
});

test('a repeat of a command that was refused on its road is answered with the job, at its start with the refusal', () => {
  const world = makeWorld();
  world.press('failover', { id: 'p1' });
  const error = { code: 'foreign-record', message: 'An MX record is in the way.', hint: 'Remove it.', guard: null };
  world.end(world.running(), { status: 'refused', error });
  expect(world.press('failover', { id: 'p1' })).toMatchObject({ refusal: null, job: { status: 'refused' } });
  world.press('restore', { id: 'p2', ifRevision: 99 });
  expect(world.press('restore', { id: 'p2', ifRevision: 99 }).refusal?.code).toBe('stale');
});

test('a human joins a failover that its probe refuses, and then stops it: nobody says that it goes on', () => {
  const world = makeWorld();
  const { job } = world.alert();
  world.press('failover');
  world.press('restore');
  const error = { code: 'probe-failed', message: 'No.', hint: 'Mend.', guard: 'probe-failed' };
  world.end(job, { status: 'refused', automatic: true, error });
  expect(world.running()?.id).toBe(job?.id);
  expect(world.lines('goes-on')).toEqual([]);
});

test('a repeat after the job’s end is answered with accepted, which its sender waits for, and then with the end', () => {
  const world = makeWorld();
  const replyTo = [{ topic: 'devices/lobby/replies', whole: false, correlationData: null }];
  world.press('failover', { id: 'p1', replyTo });
  world.arrive();
  world.outgoing.splice(0);
  world.press('failover', { id: 'p1', replyTo });
  world.press('failover', { id: 'p1' });
  const types = (topic: string) => world.sent(topic).map(({ type }) => type);
  expect(types('devices/lobby/replies')).toEqual(['accepted', 'finished']);
  expect(types('switches/www/jobs')).toEqual(['accepted', 'finished']);
  world.outgoing.splice(0);
  for (let times = 0; times < 2; times++) world.press('restore', { id: 'old', ageMs: HOUR, replyTo });
  expect(types('devices/lobby/replies')).toEqual(['finished', 'finished']);
});

test('a release that comes when the hold has just ended by its time says so, and what the end of the hold brought', () => {
  const restored = makeWorld({ guards: { restoreAfterMs: 0, cooldownMs: 0 } });
  restored.alert();
  restored.arrive();
  restored.hold(MINUTE);
  restored.recover();
  restored.late(MINUTE);
  const reply = restored.release();
  expect(reply.text).toMatch(
    /hold has just ended by its time, .*nothing changed\. The hold had ended by its time before/,
  );
  expect(reply.job?.data.command).toBe('restore');

  const alerted = makeWorld();
  alerted.hold(MINUTE);
  alerted.alert();
  alerted.late(MINUTE);
  expect(alerted.release().text).toMatch(
    /hold has just ended by its time, .* An alert is open, so automation moves it now/,
  );
  expect(alerted.running()?.data.command).toBe('failover');
});

test('a recovery told twice is one recovery: after a hold has ended its restore, the repeat starts none', () => {
  const world = makeWorld();
  world.alert({ cycle: 'c1' });
  world.arrive();
  world.recover({ cycle: 'c1' });
  world.hold();
  expect(world.waiting()).toBeUndefined();
  world.release();
  expect(world.recover({ cycle: 'c1' }).job).toBeNull();
  expect(world.waiting()).toBeUndefined();
});

test('a restore that a hold stops before its change is sent is made when the hold has ended; one that was sent ends in its own way', () => {
  const stopped = makeWorld();
  stopped.alert();
  stopped.arrive();
  stopped.recover();
  stopped.pass(5 * MINUTE);
  stopped.hold(10 * MINUTE);
  stopped.end(stopped.running(), { status: 'superseded' });
  stopped.pass(10 * MINUTE);
  expect(stopped.waiting()?.data.command).toBe('restore');
  stopped.pass(2 * MINUTE);
  expect(stopped.running()?.data.command).toBe('restore');

  const sent = makeWorld();
  sent.alert();
  sent.arrive();
  sent.recover();
  sent.pass(5 * MINUTE);
  sent.step(sent.running()?.id, 'change');
  sent.hold(10 * MINUTE);
  sent.arrive();
  const jobs = sent.jobs.length;
  sent.pass(HOUR);
  expect(sent.jobs).toHaveLength(jobs);
  expect(sent.state()).toMatchObject({ position: 'primary', hold: null, incident: null });
});

test('a press never shortens a hold: what somebody else moved stays held until released', () => {
  const world = makeWorld({ guards: { hold: 10 * MINUTE } });
  world.found('maintenance');
  world.press('failover');
  world.arrive();
  world.pass(HOUR);
  expect(world.state().hold).toMatchObject({ by: 'external', until: null });
});

test('a recovery from before a release is forgotten by it: no later hold that ends brings it back', () => {
  const world = makeWorld();
  world.alert();
  world.arrive();
  world.hold();
  world.recover();
  world.release();
  world.hold(MINUTE);
  world.pass(HOUR);
  expect(world.state()).toMatchObject({ position: 'maintenance', hold: null, job: null });
});

test('a failover that a human joined is not automation’s to restore, though no hold is taken', () => {
  const world = makeWorld({ guards: { hold: 'none' } });
  world.alert();
  world.press('failover');
  world.arrive();
  expect(world.recover().refusal?.code).toBe('held');
});

test('an HTTP trigger during a restore by hand waits, and that restore’s success closes it: nothing moves back', () => {
  const world = makeWorld({ guards: { hold: 'none' } });
  world.press('failover');
  world.arrive();
  world.press('restore');
  const waiting = world.alert({ key: null }).job;
  world.arrive();
  expect(world.job(waiting?.id).status).toBe('superseded');
  expect(world.state()).toMatchObject({ position: 'primary', alerts: [], job: null });
});

test('a second failover of unknown outcome that turns out not to have been made ends the incident of the first', () => {
  const world = makeWorld();
  world.press('failover', { to: 'dr' });
  world.press('failover');
  world.fail();
  lose(world);
  expect(world.state()).toMatchObject({ position: 'unknown', incident: 'job-2' });
  world.found('primary');
  expect(world.state()).toMatchObject({ position: 'primary', incident: null, hold: null });
});

test('a hold for a time says when it shortens nothing, because a longer one is in force', () => {
  const world = makeWorld();
  world.press('failover');
  world.arrive();
  const { text } = world.hold(30 * MINUTE);
  expect(text).toMatch(/Held by lobby until released/);
  expect(text).toMatch(/The 30 min asked for now do not shorten it; a release ends both\./);
  expect(world.hold().text).not.toMatch(/shorten/);
});

test('a hold for a time replaces one that was asked for until released', () => {
  const world = makeWorld();
  world.hold();
  expect(world.hold(30 * MINUTE).text).toMatch(/Held by ops until 12:30/);
  world.pass(31 * MINUTE);
  expect(world.state().hold).toBeNull();
});
