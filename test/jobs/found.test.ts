import { expect, test } from 'vitest';
import { Fault } from '../../shared/faults.ts';
import type { Notice } from '../../shared/notice.ts';
import { brokenOff } from '../../cloud/jobs/broken.ts';
import type { JobData, Reading } from '../../cloud/jobs/command.ts';
import type { NotifySettings } from '../../cloud/jobs/notice/settings.ts';
import { HOUR, makeWorld, MINUTE, type World } from './lane-driver.ts';

/** What a job that ends has found out about the records counts as much as what the watch finds. */

const error = (code: string) => ({ code, message: 'No answer.', hint: 'Look.', guard: null });
const at = (position: string): Reading => ({ kind: 'position', position });

const DRIFTED: Reading = { kind: 'drifted', differences: ['A www is 203.0.113.7, where primary has 192.0.2.10'] };
const FOUND = [{ name: 'www.example.com', type: 'A', ttl: 60, values: ['203.0.113.7'] }];
const notify: NotifySettings = {
  receivers: [{ name: 'slack', kind: 'slack', on: ['*'] }],
  link: null,
  devices: [],
  switches: ['www'],
};

/** The running move ends, and nobody can learn whether its change was made. */
function lose(world: World, found: Partial<JobData> = {}): void {
  world.end(world.running(), {
    ...found,
    status: 'failed',
    error: error('unknown-outcome'),
    reading: { kind: 'unknown', why: 'No answer.' },
  });
}

function fail(world: World, reading: Reading): void {
  world.end(world.running(), { status: 'failed', error: error('deadline-exceeded'), reading });
}

function notices(world: World): readonly Notice[] {
  const rows = world.outgoing.filter(({ receiver }) => receiver === 'slack');
  return rows.map(({ body }) => (body as unknown as { readonly notice: Notice }).notice);
}

test('a failover in doubt turns out not to be made when the next job fails: its alert is open as before and moves it', () => {
  const world = makeWorld();
  world.alert();
  lose(world);
  world.press('failover');
  fail(world, at('primary'));
  expect(world.state().alerts).toMatchObject([{ key: 'monitor-1', acknowledged: false }]);
  expect(world.lines('adopted').at(-1)?.text).toBe(
    'www is still at primary: the failover whose outcome was not known was not made.',
  );
  expect(world.running()?.data).toMatchObject({ command: 'failover', automatic: true });
});

test('a failover in doubt turns out to be made when a restore fails: it was automation that moved, and it restores', () => {
  const world = makeWorld();
  world.alert();
  const failover = world.running()?.id;
  lose(world);
  world.press('restore');
  fail(world, at('maintenance'));
  expect(world.state()).toMatchObject({ position: 'maintenance', by: { job: failover }, hold: null });
  world.recover();
  world.pass(10 * MINUTE);
  expect(world.running()?.data).toMatchObject({ command: 'restore', automatic: true });
});

test('a failover in doubt turns out to be made when a human fails over again: moved by automation, held by the human', () => {
  const world = makeWorld();
  world.alert();
  const failover = world.running()?.id;
  lose(world);
  world.press('failover');
  world.end(world.running(), { status: 'succeeded', outcome: 'already-there', reading: at('maintenance') });
  expect(world.state()).toMatchObject({ by: { job: failover }, hold: { by: 'lobby' } });
});

test('the first reading is that of a job which fails at primary: an alert that has waited for it is judged', () => {
  const world = makeWorld({ at: null });
  world.alert();
  world.press('failover');
  world.end(world.running(), { status: 'refused', error: error('foreign-record'), reading: at('primary') });
  expect(world.state().alerts).toMatchObject([{ acknowledged: false }]);
  expect(world.running()?.data).toMatchObject({ command: 'failover', automatic: true });
});

test('a failover before the first reading is in doubt and then found at primary: no incident is left, no alert known', () => {
  const world = makeWorld({ at: null });
  world.press('failover');
  world.alert();
  lose(world);
  world.found('primary');
  expect(world.state().alerts).toMatchObject([{ acknowledged: false }]);
  expect(world.running()?.data).toMatchObject({ command: 'failover', automatic: true });
  expect(world.stateOf().incident).toMatchObject({ id: world.running()?.id, by: 'automation' });
});

test('automation finds the switch where somebody else has moved it: adopted, told, and not said to be failed over by it', () => {
  const world = makeWorld({ notify });
  world.alert();
  world.end(world.running(), { status: 'succeeded', outcome: 'already-there', reading: at('maintenance') });
  expect(world.state()).toMatchObject({ position: 'maintenance', by: null, hold: { by: 'external' } });
  expect(world.lines('adopted').at(-1)?.text).toBe(
    'Somebody else moved www from primary to maintenance; it is held until released.',
  );
  const told = notices(world).map(({ title }) => title);
  expect(told).toContain('www was found at maintenance, and dashover did not move it there');
  expect(told).toContain('www was at maintenance already; the failover by datadog (Datadog) changed nothing');
  expect(told.join('\n')).not.toContain('failed over by');
});

test('a failover that fails finds the switch where somebody else has moved it: adopted with a hold, and told', () => {
  const world = makeWorld({ notify });
  world.press('failover');
  fail(world, at('dr'));
  expect(world.state()).toMatchObject({ position: 'dr', hold: { by: 'external' } });
  expect(world.lines('adopted')).toHaveLength(2); // the first reading is one
  expect(notices(world).map(({ kind }) => kind)).toContain('moved-by-others');
});

test('a failover that fails finds records that equal no position: they are told with what differs', () => {
  const world = makeWorld({ notify });
  world.press('failover');
  fail(world, DRIFTED);
  expect(world.state()).toMatchObject({ position: 'drifted', hold: null });
  expect(world.lines('drift').at(-1)?.text).toContain('A www is 203.0.113.7');
  expect(notices(world).map(({ kind }) => kind)).toContain('drift');
});

test('a failover from drifted records turns out not to be made: no incident is left, nobody is reminded', () => {
  const world = makeWorld({ notify });
  world.observe(DRIFTED);
  world.press('failover');
  lose(world);
  expect(world.state().incident).not.toBeNull();
  world.observe(DRIFTED);
  expect(world.state()).toMatchObject({ position: 'drifted', incident: null });
  expect(world.lines('drift').at(-1)?.text).toBe(
    'The records of www equal no position: A www is 203.0.113.7, where primary has 192.0.2.10. The failover whose outcome was not known was not made.',
  );
  const told = notices(world).length;
  world.pass(3 * HOUR);
  expect(notices(world)).toHaveLength(told);
});

test('a failover from drifted records turns out to be made: what it has found is kept, and a human may bring it back', () => {
  const world = makeWorld();
  world.observe(DRIFTED);
  world.alert();
  lose(world, { before: FOUND });
  world.found('maintenance');
  expect(world.stateOf().before).toEqual(FOUND);
  expect(world.press('restore', { to: 'before' }).job?.data.before).toEqual(FOUND);
});

test('what a failover in doubt has found is there for a restore to before, and is not forgotten by what follows', () => {
  const world = makeWorld();
  world.observe(DRIFTED);
  world.press('failover');
  lose(world, { before: FOUND });
  world.press('restore', { to: 'before' });
  expect(world.running()?.data.before).toEqual(FOUND);
  lose(world);
  world.press('failover', { to: 'dr' });
  world.arrive();
  expect(world.stateOf().before).toEqual(FOUND);
});

test('a failover that a mistake of ours breaks off after its change began keeps what it has found', () => {
  const world = makeWorld();
  world.observe(DRIFTED);
  const plan = { name: 'plan', status: 'succeeded', startedAtMs: 0, finishedAtMs: 0, text: 'One change.' } as const;
  const job = world.press('failover').job;
  if (!job) throw new Error('no job');
  const steps = [{ ...plan, detail: { kind: 'change', found: FOUND } }];
  const { data } = brokenOff({ ...job, steps }, new Fault('internal-error', 'the job broke'));
  expect(data).toMatchObject({ before: FOUND, reading: { kind: 'unknown' } });
});

test('a move by automation whose outcome is unknown counts among its moves: it may have been made', () => {
  const world = makeWorld({ switches: ['www', 'shop'], automation: { maxSwitches: 1 } });
  world.alert({ on: 'www' });
  lose(world);
  expect(world.alert({ on: 'shop' }).refusal?.code).toBe('tripped');
});

test('a job that did not succeed has moved nothing, whatever its result carries', () => {
  const world = makeWorld({ switches: ['www', 'shop'], automation: { maxSwitches: 1 } });
  const since = world.state().since;
  world.pass(MINUTE);
  world.alert();
  const cachesUntilMs = world.nowMs() + HOUR;
  world.end(world.running(), { status: 'superseded', outcome: 'switched', cachesUntilMs, reading: at('primary') });
  expect(world.state()).toMatchObject({ position: 'primary', since, by: null, cachesUntil: null });
  expect(world.alert({ on: 'shop' }).refusal).toBeNull();
});

test('two moves in a row are in doubt and the earlier one turns out to be made: it is not taken for that of somebody else', () => {
  const world = makeWorld();
  world.alert();
  const failover = world.running()?.id;
  lose(world);
  world.press('restore');
  lose(world);
  world.found('maintenance');
  expect(world.state()).toMatchObject({ position: 'maintenance', by: { job: failover }, hold: null });
  expect(world.stateOf().incident?.id).toBe(failover);
});

test('a failover in doubt that was the first to see the drift turns out not to be made: automation has its switch back', () => {
  const world = makeWorld({ notify });
  world.press('failover');
  lose(world, { before: FOUND });
  world.observe(DRIFTED);
  expect(world.state()).toMatchObject({ position: 'drifted', incident: null });
  expect(world.lines('drift').at(-1)?.text).toContain('The failover whose outcome was not known was not made.');
  world.alert();
  const failover = world.running()?.id;
  expect(world.stateOf().incident).toMatchObject({ id: failover, by: 'automation' });
});

test('a restore in doubt was made, as the failover shows that has to move once more: what it gave back is not kept', () => {
  const world = makeWorld();
  const failOver = (before: JobData['before']) => {
    world.press('failover');
    const end = { status: 'succeeded', outcome: 'switched', verified: true, reading: at('maintenance') } as const;
    world.end(world.running(), { ...end, before });
  };
  world.observe(DRIFTED);
  failOver(FOUND);
  world.press('restore', { to: 'primary' });
  lose(world);
  failOver(null);
  expect(world.stateOf().before).toBeNull();
});

test('a restore in doubt may not have been made: what was found before it is kept by a failover to somewhere else', () => {
  const world = makeWorld();
  world.observe(DRIFTED);
  world.press('failover');
  const end = { status: 'succeeded', outcome: 'switched', verified: true } as const;
  world.end(world.running(), { ...end, before: FOUND, reading: at('maintenance') });
  world.press('restore', { to: 'primary' });
  lose(world);
  world.press('failover', { to: 'dr' });
  world.end(world.running(), { ...end, before: null, reading: at('dr') });
  expect(world.stateOf().before).toEqual(FOUND);
});

test('a human wants back the records from before, and they were never replaced: shown with what differs, and no alarm', () => {
  const world = makeWorld({ notify });
  world.observe(DRIFTED);
  world.press('failover');
  lose(world, { before: FOUND });
  world.press('restore', { to: 'before' });
  const [lines, told] = [world.lines('drift').length, notices(world).length];
  world.end(world.running(), { status: 'succeeded', outcome: 'already-there', reading: DRIFTED });
  expect(world.state()).toMatchObject({ position: 'drifted', drift: { differences: DRIFTED.differences } });
  expect(world.stateOf()).toMatchObject({ incident: null, before: null, doubt: null });
  expect(world.state().text).toContain('A www is 203.0.113.7');
  expect(world.lines('drift')).toHaveLength(lines);
  const after = notices(world).slice(told);
  expect(after.map(({ kind }) => kind)).toEqual(['restored']);
});
