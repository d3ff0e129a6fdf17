import { expect } from 'vitest';
import { makeWorld, MINUTE, SECOND, START_MS } from './lane-driver.ts';

/** One rule: its id, what it says, an example in words, and the example played. The README shows the first three. */
export interface RuleExample {
  readonly id: string;
  readonly rule: string;
  readonly example: string;
  readonly play: () => void;
}

const repliesTo = (topic: string) => [{ topic, whole: false, correlationData: null }];

export const ADMIT: readonly RuleExample[] = [
  {
    id: 'admit-known',
    rule: 'A known id of the same sender is the same job.',
    example: 'The lobby sends failover with id p1 twice: one job, answered twice.',
    play: () => {
      const world = makeWorld();
      const first = world.press('failover', { id: 'p1' });
      const second = world.press('failover', { id: 'p1' });
      expect(second.job?.id).toBe(first.job?.id);
      expect(world.jobs).toHaveLength(1);
      expect(world.sent('switches/www/jobs').map(({ type }) => type)).toEqual(['accepted', 'accepted']);
    },
  },
  {
    id: 'admit-known-joined',
    rule: 'The id of a command that joined a job is that job too, also after its end.',
    example: 'The gate joins the failover of the lobby with id g1; its late repeat after the restore moves nothing.',
    play: () => {
      const world = makeWorld();
      const first = world.press('failover', { id: 'p1' });
      world.press('failover', { by: 'gate', id: 'g1' });
      world.arrive();
      world.press('restore');
      world.arrive();
      const late = world.press('failover', { by: 'gate', id: 'g1' });
      expect(late.job?.id).toBe(first.job?.id);
      expect(world.running()).toBeUndefined();
    },
  },
  {
    id: 'admit-expired',
    rule: 'A command older than its expiresInMs is refused as expired.',
    example: 'A press reaches the endpoint 61 s after it was made, good for 60 s.',
    play: () => {
      const world = makeWorld();
      const reply = world.press('failover', { ageMs: 61 * SECOND });
      expect(reply.refusal?.code).toBe('expired');
      expect(reply.job?.status).toBe('refused');
      expect(world.running()).toBeUndefined();
    },
  },
  {
    id: 'admit-expired-at-start',
    rule: 'A queued command that is too old when its turn comes ends expired.',
    example: 'A restore waits 61 s for the move before it to end; nothing moves back.',
    play: () => {
      const world = makeWorld();
      world.press('failover');
      const restore = world.press('restore', { by: 'gate' });
      world.pass(61 * SECOND);
      world.arrive();
      expect(world.job(restore.job?.id).status).toBe('expired');
      expect(world.running()).toBeUndefined();
    },
  },
  {
    id: 'admit-stale',
    rule: 'A restore or drill meant for another revision of the switch is refused as stale.',
    example: 'The lamp showed revision 1; a failover made it 2 before the restore arrived.',
    play: () => {
      const world = makeWorld();
      expect(world.stateOf().revision).toBe(1);
      world.press('failover');
      const reply = world.press('restore', { ifRevision: 1 });
      expect(reply.refusal?.code).toBe('stale');
      expect(reply.job?.status).toBe('refused');
    },
  },
  {
    id: 'admit-failover-never-stale',
    rule: 'A failover is never refused as stale.',
    example: 'A failover with ifRevision 0 of a switch at revision 1 runs.',
    play: () => {
      expect(makeWorld().press('failover', { ifRevision: 0 }).job?.status).toBe('running');
    },
  },
  {
    id: 'admit-position',
    rule: 'A failover goes to any position but primary, a restore to primary or before.',
    example: 'Failover to primary, failover to mars, and restore to dr make no job.',
    play: () => {
      const world = makeWorld();
      for (const [command, to] of [
        ['failover', 'primary'],
        ['failover', 'mars'],
        ['restore', 'dr'],
        ['drill', 'mars'],
      ] as const) {
        expect(world.press(command, { to }).refusal?.code).toBe('unknown-position');
      }
      expect(world.jobs).toHaveLength(0);
    },
  },
  {
    id: 'admit-before',
    rule: 'Restore to before needs the records that a failover found at no position, and brings them along.',
    example: 'Without such a failover there is no before; with one, the job carries exactly those records.',
    play: () => {
      const world = makeWorld();
      expect(world.press('restore', { to: 'before' }).refusal?.code).toBe('unknown-position');
      const found = [{ name: 'www.example.com', type: 'A', ttl: 60, values: ['198.51.100.1'] }];
      world.press('failover');
      const reading = { kind: 'position', position: 'maintenance' } as const;
      world.end(world.running(), { status: 'succeeded', outcome: 'switched', reading, before: found });
      expect(world.press('restore', { to: 'before' }).job?.data.before).toEqual(found);
    },
  },
  {
    id: 'admit-override',
    rule: 'Only probe-failed and drift can be overridden, by a human who has proved who they are.',
    example: 'override: [cooldown] makes no job; override: [drift] from the lobby runs.',
    play: () => {
      const world = makeWorld();
      expect(world.press('restore', { override: ['cooldown'] }).refusal?.code).toBe('malformed');
      expect(world.press('restore', { override: ['drift'] }).job?.data.override).toEqual(['drift']);
      const reply = world.command({
        kind: 'move',
        command: 'restore',
        to: null,
        origin: { kind: 'mqtt', actor: 'switches/www/command', automatic: false, authenticated: false, replyTo: [] },
        alert: null,
        reason: null,
        ageMs: 0,
        expiresInMs: MINUTE,
        ifRevision: null,
        override: ['drift'],
      });
      expect(reply.refusal?.code).toBe('not-allowed');
    },
  },
];

export const ALERTS: readonly RuleExample[] = [
  {
    id: 'alert-opens',
    rule: 'Only the opening of an alert can move a switch.',
    example: 'monitor-1 opens at primary: an automatic failover runs at once.',
    play: () => {
      const world = makeWorld();
      expect(world.alert().job?.status).toBe('running');
      expect(world.state().alerts.map(({ key }) => key)).toEqual(['monitor-1']);
    },
  },
  {
    id: 'alert-repeat',
    rule: 'A repeat of an open alert moves nothing.',
    example: 'monitor-1 is told again after its failover has failed: no second job.',
    play: () => {
      const world = makeWorld();
      world.alert({ cycle: 'c1' });
      world.fail();
      expect(world.alert({ cycle: 'c1' })).toMatchObject({ job: null, movedNothing: 'repeat' });
      expect(world.jobs).toHaveLength(1);
    },
  },
  {
    id: 'alert-overtaken',
    rule: 'By their own dates: an alert that arrives after its newer recovery moves nothing.',
    example: 'The recovery of 12:01 arrives before the alert of 12:00; the switch stays at primary.',
    play: () => {
      const world = makeWorld();
      world.recover({ cycle: 'c1', atMs: START_MS + MINUTE });
      expect(world.alert({ cycle: 'c1', atMs: START_MS }).job).toBeNull();
      expect(world.alert({ atMs: START_MS }).job).toBeNull();
      expect(world.jobs).toHaveLength(0);
    },
  },
  {
    id: 'alert-not-open',
    rule: 'A recovery of an alert that is not open moves nothing.',
    example: 'monitor-2 recovers, though only monitor-1 is open: the failover stays.',
    play: () => {
      const world = makeWorld();
      world.alert();
      world.arrive();
      expect(world.recover({ key: 'monitor-2' }).job).toBeNull();
      expect(world.waiting()).toBeUndefined();
    },
  },
  {
    id: 'alert-old',
    rule: 'An event older than its source allows is only recorded.',
    example: 'An alert of 11 minutes ago with maxAge 10m moves nothing.',
    play: () => {
      const world = makeWorld();
      const reply = world.alert({ atMs: START_MS - 11 * MINUTE, maxAgeMs: 10 * MINUTE });
      expect(reply.job).toBeNull();
      expect(world.lines('alert-old')).toHaveLength(1);
      expect(world.state().alerts).toEqual([]);
    },
  },
  {
    id: 'alert-acknowledged',
    rule: 'A human restore that succeeds acknowledges every open alert: it moves nothing until it has closed and opened anew.',
    example: 'Alert, failover, restore by hand, the alert is told again: refused as acknowledged.',
    play: () => {
      const world = makeWorld();
      world.alert({ cycle: 'c1' });
      world.arrive();
      world.press('restore');
      world.arrive();
      expect(world.state().alerts[0]?.acknowledged).toBe(true);
      expect(world.alert({ cycle: 'c1' }).refusal?.code).toBe('acknowledged');
      expect(world.running()).toBeUndefined();
    },
  },
  {
    id: 'alert-new-cycle',
    rule: 'A new cycle of an open alert is a new opening; its recovery was lost.',
    example: 'After a restore by hand over cycle c1, cycle c2 of the same monitor fails over.',
    play: () => {
      const world = makeWorld();
      world.alert({ cycle: 'c1' });
      world.arrive();
      world.press('restore');
      world.arrive();
      expect(world.alert({ cycle: 'c2' }).job?.status).toBe('running');
    },
  },
  {
    id: 'alert-nameless',
    rule: 'A source that names no alert is one alert, named after its switch, which a human restore that succeeds closes.',
    example: 'HTTP trigger, restore by hand, the same HTTP trigger again: it fails over again.',
    play: () => {
      const world = makeWorld();
      world.alert({ key: null });
      world.arrive();
      expect(world.state().alerts[0]?.key).toBe('url:www');
      world.press('restore');
      world.arrive();
      expect(world.state().alerts).toEqual([]);
      expect(world.alert({ key: null }).job?.status).toBe('running');
    },
  },
  {
    id: 'alert-too-many',
    rule: 'No more than 200 alerts are open on a switch: what opens beyond them is in the journal and moves nothing.',
    example: '200 monitors are open, restored over by hand; the next one that opens moves nothing.',
    play: () => {
      const world = makeWorld();
      for (let n = 1; n <= 200; n += 1) world.alert({ key: `monitor-${n}` });
      world.press('restore');
      world.end(world.running(), { status: 'superseded' });
      world.arrive();
      expect(world.alert({ key: 'monitor-201' })).toMatchObject({ job: null, movedNothing: 'too-many' });
      expect(world.lines('alert-too-many')).toHaveLength(1);
      expect(world.running()).toBeUndefined();
    },
  },
  {
    id: 'alert-clear',
    rule: 'A human clears an alert whose recovery will never come; that is no recovery and moves nothing.',
    example: 'monitor-1 is cleared while failed over: no alert is open, and no restore waits.',
    play: () => {
      const world = makeWorld();
      world.alert();
      world.arrive();
      expect(world.clear('monitor-7').refusal?.code).toBe('malformed');
      expect(world.clear('monitor-1').refusal).toBeNull();
      expect(world.state().alerts).toEqual([]);
      expect(world.waiting()).toBeUndefined();
    },
  },
];

export const SCHEDULE: readonly RuleExample[] = [
  {
    id: 'schedule-run',
    rule: 'With nothing else in hand a human command runs at once.',
    example: 'A press at primary: the job is running in the same decision, and an incident is open.',
    play: () => {
      const world = makeWorld();
      const { job } = world.press('failover');
      expect(job?.status).toBe('running');
      expect(world.state()).toMatchObject({
        position: 'moving',
        from: 'primary',
        to: 'maintenance',
        incident: job?.id,
      });
    },
  },
  {
    id: 'schedule-join',
    rule: 'A job for the same position that is queued or running is joined; replies go to all.',
    example: 'The gate presses while the failover of the lobby runs: one job, with the gate in joined.',
    play: () => {
      const world = makeWorld();
      const first = world.press('failover', { replyTo: repliesTo('devices/lobby/replies') });
      const second = world.press('failover', { by: 'gate', replyTo: repliesTo('devices/gate/replies') });
      expect(second.job?.id).toBe(first.job?.id);
      expect(second.job?.data.joined.map(({ actor }) => actor)).toEqual(['gate']);
      world.arrive();
      const types = world.sent('devices/gate/replies').map(({ type }) => type);
      expect(types).toEqual(['accepted', 'finished']);
      expect(world.sent('devices/lobby/replies').map(({ type }) => type)).toEqual(['accepted', 'finished']);
    },
  },
  {
    id: 'schedule-take-over',
    rule: 'A human who joins an automatic job makes it a human job: alert and probe no longer stop it.',
    example: 'A press while automation fails over: automatic is false, and its success takes a hold.',
    play: () => {
      const world = makeWorld();
      world.alert();
      expect(world.press('failover').job?.data).toMatchObject({ automatic: false, alert: null });
      world.arrive();
      expect(world.state().hold?.by).toBe('lobby');
    },
  },
  {
    id: 'schedule-take-over-late',
    rule: 'Also when automation has given its verdict and the job has not ended yet: it goes on as the job of the human.',
    example:
      'The probe has refused a failover by automation; the lobby presses before its end is stored: it still runs.',
    play: () => {
      const world = makeWorld();
      world.alert();
      const verdict = world.running();
      world.press('failover');
      const error = { code: 'probe-failed', message: 'No answer.', hint: 'Look.', guard: 'probe-failed' };
      world.end(verdict, { ...verdict?.data, status: 'refused', error });
      expect(world.running()).toMatchObject({ id: verdict?.id, data: { automatic: false, error: null } });
      world.arrive();
      expect(world.state()).toMatchObject({ position: 'maintenance', hold: { by: 'lobby' } });
    },
  },
  {
    id: 'schedule-human-over-waiting',
    rule: 'A human command supersedes a waiting job, whatever its direction.',
    example: 'A restore waits for restoreAfter; a human restores now: the waiting one gives way.',
    play: () => {
      const world = makeWorld();
      world.alert();
      world.arrive();
      const waiting = world.recover().job;
      expect(waiting?.status).toBe('waiting');
      expect(world.press('restore').job?.status).toBe('running');
      expect(world.job(waiting?.id).status).toBe('superseded');
    },
  },
  {
    id: 'schedule-newer-intent',
    rule: 'A queued job of another direction gives way to a newer intent.',
    example: 'Failover runs, restore is queued, failover to dr is asked: the restore is superseded.',
    play: () => {
      const world = makeWorld();
      world.press('failover');
      const restore = world.press('restore').job;
      const dr = world.press('failover', { to: 'dr' }).job;
      expect(world.job(restore?.id).status).toBe('superseded');
      expect(world.queued()?.id).toBe(dr?.id);
    },
  },
  {
    id: 'schedule-interrupt',
    rule: 'A running move for another position is told to stop at its next safe place, and the new one starts when it has ended.',
    example: 'Restore during a failover: the failover is interrupted, the restore queued, and started at its end.',
    play: () => {
      const world = makeWorld();
      const failover = world.press('failover').job;
      const restore = world.press('restore', { by: 'gate' }).job;
      expect(restore?.status).toBe('queued');
      expect(world.job(failover?.id).interrupt).toMatchObject({ status: 'superseded' });
      world.end(world.running(), { status: 'superseded' });
      expect(world.running()?.id).toBe(restore?.id);
    },
  },
  {
    id: 'schedule-not-human-by-automation',
    rule: 'Automation never supersedes a human.',
    example: 'An alert opens while a human restore runs: it waits, and the restore is not interrupted.',
    play: () => {
      const world = makeWorld({ guards: { hold: 'none' } });
      world.press('failover');
      world.arrive();
      const restore = world.press('restore').job;
      expect(world.alert().job?.status).toBe('waiting');
      expect(world.job(restore?.id)).toMatchObject({ status: 'running', interrupt: null });
    },
  },
  {
    id: 'schedule-already-there',
    rule: 'Already there is a success that changes nothing.',
    example: 'A second failover at maintenance succeeds as already-there; position and revision stay.',
    play: () => {
      const world = makeWorld({ guards: { hold: 'none' } });
      world.press('failover');
      world.arrive();
      const { revision } = world.state();
      world.press('failover');
      expect(world.state().position).toBe('maintenance');
      expect(world.arrive().data.outcome).toBe('already-there');
      expect(world.state().revision).toBe(revision);
    },
  },
  {
    id: 'schedule-drill',
    rule: 'A drill takes no lock, never queues, opens no incident, and gives way to any real command.',
    example: 'A drill runs beside a failover; the next real command interrupts the drill.',
    play: () => {
      const world = makeWorld();
      const drill = world.press('drill').job;
      expect(drill?.status).toBe('running');
      expect(world.state()).toMatchObject({ position: 'primary', incident: null, job: drill?.id });
      expect(world.press('failover').job?.status).toBe('running');
      expect(world.job(drill?.id).interrupt).toMatchObject({ status: 'superseded' });
      expect(world.press('drill', { to: 'dr' }).job?.status).toBe('running');
    },
  },
];
