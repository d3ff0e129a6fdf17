import { expect, test } from 'vitest';
import { Job, JobMessage, State } from '../../shared/messages.ts';
import type { MqttBody } from '../../cloud/jobs/announce.ts';
import { describeJob } from '../../cloud/jobs/describe.ts';
import { makeRules } from '../../cloud/jobs/make-rules.ts';
import { HOUR, makeWorld, MINUTE, SECOND, START_MS, type World } from './lane-driver.ts';

/** The running job of a world ends like this; returns its sentence. */
function ended(world: World, how: Parameters<World['end']>[1]): string {
  const job = world.running();
  world.end(job, how);
  return describeJob(world.job(job?.id)).text;
}

const there = { kind: 'position', position: 'maintenance' } as const;

test('a state and every job message are what the contract says, and name no field of our own', () => {
  const world = makeWorld();
  world.press('failover', { id: 'p1', reason: 'deploy', ageMs: 3 });
  world.alert();
  world.hold(HOUR);
  expect(State.strict().parse(world.state())).toEqual(world.state());
  for (const message of world.sent('switches/www/jobs')) {
    const { job } = JobMessage.strict().parse(message);
    expect(Job.strict().parse(job)).toEqual(job);
  }
});

test('the state is retained, newest only, and pretty-printed with its sentence first', () => {
  const world = makeWorld();
  world.press('failover');
  const told = world.outgoing.filter(({ key }) => key === 'state:www');
  expect(told.length).toBeGreaterThan(1);
  for (const { receiver, expiresAtMs, body } of told) {
    const { topic, retain, payload } = body as MqttBody;
    expect({ receiver, expiresAtMs, topic, retain }).toEqual({
      receiver: 'mqtt',
      expiresAtMs: null,
      topic: 'switches/www/state',
      retain: true,
    });
    expect(payload.startsWith('{\n  "text": "www ')).toBe(true);
  }
});

test('a state that has not changed is told again only after a minute, or when the broker may have lost it', () => {
  const world = makeWorld();
  const told = () => world.sent('switches/www/state').length;
  const before = told();
  world.found('primary');
  expect(told()).toBe(before);
  world.pass(MINUTE);
  world.found('primary');
  expect(told()).toBe(before + 1);
  world.command({ kind: 'tell' });
  expect(told()).toBe(before + 2);
});

test('job messages go to the switch’s jobs and to who asked, are not retained, and expire', () => {
  const world = makeWorld();
  const replyTo = [{ topic: 'console/answers', whole: true, correlationData: 'AQID' }];
  world.press('failover', { replyTo });
  const rules = makeRules({ switches: world.switches, automation: world.automation });
  const job = world.running();
  if (!job) throw new Error('nothing runs');
  const step = rules.announceStep(job, world.nowMs());
  const bodies = step.map(({ body }) => body as MqttBody);
  expect(
    bodies.map(({ topic, retain, whole, correlationData }) => ({ topic, retain, whole, correlationData })),
  ).toEqual([
    { topic: 'console/answers', retain: false, whole: true, correlationData: 'AQID' },
    { topic: 'switches/www/jobs', retain: false, whole: undefined, correlationData: undefined },
  ]);
  for (const { key, expiresAtMs } of step)
    expect({ key, expiresAtMs }).toEqual({ key: null, expiresAtMs: START_MS + MINUTE });
  expect(world.sent('console/answers').map(({ type }) => type)).toEqual(['accepted']);
});

test('a refusal that is recorded as a job is told as finished, with status refused', () => {
  const world = makeWorld();
  world.press('restore', { ifRevision: 99 });
  expect(world.sent('switches/www/jobs')).toMatchObject([
    { type: 'finished', job: { status: 'refused', error: { code: 'stale' } } },
  ]);
});

test('position is moving while a job that would change it is queued or running, and not for a drill or a waiting job', () => {
  const world = makeWorld();
  world.press('drill');
  expect(world.state()).toMatchObject({ position: 'primary', from: null, to: null });
  world.alert();
  expect(world.state()).toMatchObject({ position: 'moving', from: 'primary', to: 'maintenance' });
  world.arrive();
  world.recover();
  expect(world.waiting()).toBeDefined();
  expect(world.state()).toMatchObject({ position: 'maintenance', from: null, to: null });
});

test('a success says what moved, from where, by whom and why, and until when caches may lag', () => {
  const world = makeWorld();
  world.press('failover', { reason: 'deploy went wrong' });
  const text = ended(world, {
    status: 'succeeded',
    outcome: 'switched',
    verified: true,
    reading: there,
    cachesUntilMs: START_MS + MINUTE,
  });
  expect(text).toBe(
    'www moved from primary to maintenance, asked by lobby (button) because "deploy went wrong". Every authoritative name server answers so. Caches may show the old answer until 12:01:00 UTC.',
  );
  expect(world.state().text).toBe(
    'www is at maintenance since 12:00:00 UTC, moved by lobby (button). Held by lobby until released: deploy went wrong.',
  );
  expect(world.state().cachesUntil).toBe('2026-11-22T12:01:00.000Z');
  world.pass(MINUTE);
  expect(world.state().cachesUntil).toBeNull();
});

test('no sentence claims more than was confirmed', () => {
  const unverified = makeWorld();
  unverified.press('failover');
  expect(ended(unverified, { status: 'succeeded', outcome: 'switched', verified: false, reading: there })).toContain(
    'It is not confirmed that every authoritative name server answers so.',
  );
  const unasked = makeWorld();
  unasked.press('failover');
  expect(ended(unasked, { status: 'succeeded', outcome: 'switched', verified: null, reading: there })).not.toContain(
    'name server',
  );
  const unknown = makeWorld();
  unknown.press('failover');
  const error = { code: 'unknown-outcome', message: 'No answer came.', hint: 'Look in Route 53.', guard: null };
  expect(ended(unknown, { status: 'failed', error })).toBe(
    'It could not be learnt whether www moved to maintenance. No answer came. Look in Route 53.',
  );
  expect(unknown.state().text).toContain('Where www is');
});

test('each other end has its own sentence', () => {
  const failed = makeWorld();
  failed.press('failover');
  expect(describeJob(failed.fail()).text).toBe(
    'Failover of www to maintenance, asked by lobby (button), failed; the records were not changed. No. Again.',
  );
  const drilled = makeWorld();
  const drill = drilled.press('drill').job;
  drilled.end(drill, { status: 'succeeded', outcome: 'drilled' });
  expect(describeJob(drilled.job(drill?.id)).text).toContain('walked the whole road and changed nothing');
  const superseded = makeWorld();
  const first = superseded.press('failover').job;
  superseded.press('restore', { by: 'gate' });
  superseded.end(superseded.running(), { status: 'superseded' });
  expect(describeJob(superseded.job(first?.id)).text).toBe(
    'Failover of www to maintenance, asked by lobby (button), gave way and changed nothing. gate (button) asked for a restore to primary.',
  );
});

test('what a job waits for, and why it gave way unasked, begin their sentence as sentences begin', () => {
  const busy = makeWorld();
  busy.press('failover');
  const waiting = busy.alert().job;
  expect(waiting && describeJob(waiting).text).toMatch(
    /, waits\. Another job moves www; this one is judged again when that has ended\.$/,
  );
  expect(busy.state().text).toContain('A failover waits: another job moves www;');
  const again = makeWorld();
  again.alert();
  again.arrive();
  const restore = again.recover().job;
  again.alert({ key: 'monitor-2' });
  expect(describeJob(again.job(restore?.id)).text).toMatch(
    /, gave way and changed nothing\. An alert opened while it waited\.$/,
  );
});

test('a waiting restore says until when it waits, and says so in the state too', () => {
  const world = makeWorld();
  world.alert();
  world.arrive();
  world.pass(6 * MINUTE);
  const waiting = world.recover().job;
  const until = 'the restore begins at 12:08:00 UTC if it stays so';
  expect(describeJob(world.job(waiting?.id)).text).toContain(until);
  expect(world.state().text).toContain(until);
});

test('a running job says its newest step', () => {
  const world = makeWorld();
  const { job } = world.press('failover');
  world.step(job?.id, 'change');
  expect(describeJob(world.job(job?.id)).text).toBe(
    'www is being moved from primary to maintenance, asked by lobby (button). change: sending.',
  );
});

test('what goes to where the switch already is does not claim that it is being moved, before it is', () => {
  const world = makeWorld();
  world.press('failover');
  world.arrive();
  const { job } = world.press('failover');
  const told = () => describeJob(world.job(job?.id)).text;
  expect(told()).toBe('www was already at maintenance when asked to go there by lobby (button).');
  world.step(job?.id, 'change');
  expect(told()).toMatch(/^www is being moved to maintenance, asked by lobby \(button\)\./);
});

test('when the button was pressed is told only when the sender said its age', () => {
  const world = makeWorld();
  const { job } = world.press('failover', { ageMs: 3 * SECOND });
  expect(describeJob(world.job(job?.id)).pressedAt).toBe('2026-11-22T11:59:57.000Z');
  const silent = makeWorld();
  expect(describeJob(silent.job(silent.press('failover').job?.id)).pressedAt).toBeNull();
});

test('automation is said in one word: the mode, then tripped, then held', () => {
  expect(makeWorld().state().automation).toBe('on');
  const held = makeWorld();
  held.hold();
  expect(held.state().automation).toBe('held');
  const tripped = makeWorld({ automation: { maxSwitches: 0 } });
  tripped.alert();
  tripped.hold();
  expect(tripped.state().automation).toBe('tripped');
  const off = makeWorld({ automation: { mode: 'off' } });
  off.hold();
  expect(off.state().automation).toBe('off');
});

test('drift is shown difference by difference', () => {
  const world = makeWorld();
  world.observe({ kind: 'drifted', differences: ['www.example.com A is 198.51.100.1'] });
  expect(world.state()).toMatchObject({
    position: 'drifted',
    drift: { differences: ['www.example.com A is 198.51.100.1'] },
  });
  expect(world.state().text).toContain('equal no position since 12:00:00 UTC: www.example.com A is 198.51.100.1.');
});

test('a job that broke off after its change had begun does not claim that nothing was changed', () => {
  const world = makeWorld();
  const { job } = world.press('failover');
  world.step(job?.id, 'change');
  const error = { code: 'internal-error', message: 'A mistake in dashover.', hint: 'Look at the log.', guard: null };
  world.end(world.running(), { status: 'failed', error, reading: { kind: 'unknown', why: 'broken off' } });
  expect(describeJob(world.job(job?.id)).text).toContain('It could not be learnt whether');
  world.found('maintenance');
  expect(world.state()).toMatchObject({ by: { actor: 'lobby' }, hold: { by: 'lobby' } });
});
