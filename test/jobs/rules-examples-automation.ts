import { expect } from 'vitest';
import { lastLook } from '../../cloud/jobs/rules/permit.ts';
import { HOUR, makeWorld, MINUTE, SECOND, type World } from './lane-driver.ts';
import type { RuleExample } from './rules-examples.ts';

function look(world: World): string | null {
  const job = world.running();
  return job ? lastLook(job, world.stateOf(), world.automation, world.nowMs()) : 'nothing runs';
}

export const PERMIT: readonly RuleExample[] = [
  {
    id: 'permit-human',
    rule: 'A human is never stopped by the guards of automation.',
    example: 'Automation off and held, or tripped: a press still fails over.',
    play: () => {
      const off = makeWorld({ automation: { mode: 'off' } });
      off.hold();
      expect(off.press('failover').job?.status).toBe('running');
      const tripped = makeWorld({ automation: { maxSwitches: 0 } });
      tripped.alert();
      expect(tripped.state().automation).toBe('tripped');
      expect(tripped.press('failover').job?.status).toBe('running');
    },
  },
  {
    id: 'permit-off',
    rule: 'With automation.mode off nothing automatic runs; alerts are remembered.',
    example: 'An alert opens: refused as off, and shown as open.',
    play: () => {
      const world = makeWorld({ automation: { mode: 'off' } });
      expect(world.alert().refusal?.code).toBe('off');
      expect(world.state()).toMatchObject({ automation: 'off', alerts: [{ key: 'monitor-1' }] });
    },
  },
  {
    id: 'permit-observe',
    rule: 'With automation.mode observe the journal says what would have been done.',
    example: 'An alert opens: refused as observe, journalled as would-have.',
    play: () => {
      const world = makeWorld({ automation: { mode: 'observe' } });
      const reply = world.alert();
      expect(reply.refusal?.code).toBe('observe');
      expect(reply.job?.status).toBe('refused');
      expect(world.lines('would-have')[0]?.text).toContain('would have begun to failover www to maintenance');
    },
  },
  {
    id: 'permit-held',
    rule: 'A held switch is not moved by automation.',
    example: 'Held by ops; an alert opens: refused as held.',
    play: () => {
      const world = makeWorld();
      world.hold();
      expect(world.alert().refusal?.code).toBe('held');
      expect(world.state().automation).toBe('held');
    },
  },
  {
    id: 'permit-join',
    rule: 'An automatic job for the same position that is running is joined; one alert closing leaves it the other.',
    example: 'monitor-2 opens during the failover of monitor-1, which then closes: the job answers monitor-2.',
    play: () => {
      const world = makeWorld();
      const first = world.alert().job;
      expect(world.alert({ key: 'monitor-2' }).job?.id).toBe(first?.id);
      world.recover({ key: 'monitor-1' });
      expect(world.running()?.data.alert).toBe('monitor-2');
    },
  },
  {
    id: 'permit-wait-for-job',
    rule: 'While another job runs, automation waits for its end and is judged again.',
    example: 'An alert opens while a human failover runs; when that has ended the switch is held: refused.',
    play: () => {
      const world = makeWorld();
      world.press('failover');
      const waiting = world.alert().job;
      expect(waiting?.status).toBe('waiting');
      world.arrive();
      expect(world.job(waiting?.id)).toMatchObject({ status: 'refused', data: { error: { code: 'held' } } });
    },
  },
  {
    id: 'permit-wait-unread',
    rule: 'While the position has not been read yet, automation waits for that and is judged again.',
    example: 'An alert opens right after the start; the records are found at primary: it fails over.',
    play: () => {
      const world = makeWorld({ at: null });
      const waiting = world.alert().job;
      expect(waiting?.status).toBe('waiting');
      world.found('primary');
      expect(world.running()?.id).toBe(waiting?.id);
    },
  },
  {
    id: 'permit-wrong-position',
    rule: 'Automation fails over from primary or drifted only, and restores from failoverTo only.',
    example: 'A human is at dr without a hold: alert and recovery are refused as wrong-position.',
    play: () => {
      const world = makeWorld({ guards: { hold: 'none' } });
      world.press('failover', { to: 'dr' });
      world.arrive();
      expect(world.alert().refusal?.code).toBe('wrong-position');
      expect(world.recover().refusal?.code).toBe('wrong-position');
      world.observe({ kind: 'drifted', differences: ['www.example.com A is 198.51.100.1'] });
      expect(world.alert({ key: 'monitor-2' }).job?.status).toBe('running');
    },
  },
  {
    id: 'permit-not-ours',
    rule: 'Automation restores only an incident that it opened, or whose human hold has run out by its own time.',
    example: 'A human failed over and released: the recovery is refused as held.',
    play: () => {
      const world = makeWorld();
      world.press('failover');
      world.arrive();
      world.release();
      world.alert();
      expect(world.recover().refusal?.code).toBe('held');
    },
  },
  {
    id: 'permit-alerts-open',
    rule: 'Automation restores only when no alert is open, acknowledged ones included.',
    example: 'Two monitors open, one recovers: refused as alerts-open.',
    play: () => {
      const world = makeWorld();
      world.alert();
      world.alert({ key: 'monitor-2' });
      world.arrive();
      expect(world.recover().refusal?.code).toBe('alerts-open');
      expect(world.recover({ key: 'monitor-2' }).job?.status).toBe('waiting');
    },
  },
  {
    id: 'permit-restore-waits',
    rule: 'An automatic restore waits until restoreAfter and cooldown have passed.',
    example:
      'Recovery one minute after the failover: it starts five minutes after the failover, not two after the recovery.',
    play: () => {
      const world = makeWorld();
      world.alert();
      world.arrive();
      world.pass(MINUTE);
      const waiting = world.recover().job;
      world.pass(4 * MINUTE - SECOND);
      expect(world.job(waiting?.id).status).toBe('waiting');
      world.pass(SECOND);
      expect(world.running()?.id).toBe(waiting?.id);
    },
  },
  {
    id: 'permit-afresh',
    rule: 'Both clocks count only time in which an endpoint was alive to hear; after a gap they start afresh.',
    example: 'The endpoint is away for half an hour while a restore waits: it waits its full time again.',
    play: () => {
      const world = makeWorld();
      world.alert();
      world.arrive();
      world.pass(6 * MINUTE);
      const waiting = world.recover().job;
      world.silence(HOUR / 2);
      expect(world.job(waiting?.id).status).toBe('waiting');
      world.pass(2 * MINUTE - SECOND);
      expect(world.job(waiting?.id).status).toBe('waiting');
      world.pass(SECOND);
      expect(world.running()?.id).toBe(waiting?.id);
    },
  },
  {
    id: 'permit-new-alert',
    rule: 'A new alert supersedes a waiting restore.',
    example: 'monitor-2 opens while the restore of monitor-1 waits.',
    play: () => {
      const world = makeWorld();
      world.alert();
      world.arrive();
      const waiting = world.recover().job;
      world.alert({ key: 'monitor-2' });
      expect(world.job(waiting?.id).status).toBe('superseded');
      world.pass(HOUR);
      expect(world.state().position).toBe('maintenance');
    },
  },
  {
    id: 'permit-failover-at-once',
    rule: 'Neither cooldown nor restoreAfter delays an automatic failover.',
    example: 'A new alert one second after an automatic restore: it fails over in the same decision.',
    play: () => {
      const world = makeWorld();
      world.alert({ cycle: 'c1' });
      world.arrive();
      world.pass(10 * MINUTE);
      world.recover({ cycle: 'c1' });
      world.pass(2 * MINUTE);
      expect(world.running()?.data.command).toBe('restore');
      world.arrive();
      world.pass(SECOND);
      expect(world.alert({ cycle: 'c2' }).job).toMatchObject({ status: 'running', data: { command: 'failover' } });
    },
  },
  {
    id: 'permit-last-look',
    rule: 'In the tick before its change is sent, an automatic job is judged again by alert, hold, trip and mode.',
    example:
      'The alert closes while its failover reads the records: it ends superseded. One that a human joined is sent.',
    play: () => {
      const world = makeWorld();
      world.alert();
      expect(look(world)).toBeNull();
      world.recover();
      expect(look(world)).toContain('Its alert closed');
      const joined = makeWorld();
      joined.alert();
      joined.press('failover');
      joined.recover();
      expect(look(joined)).toBeNull();
    },
  },
  {
    id: 'permit-flapping',
    rule: 'An automatic restore that would leave no move for the next failover trips instead; a human restore re-arms.',
    example: 'With 4 moves an hour the second restore trips; restored by hand, automation is on again.',
    play: () => {
      const world = makeWorld({ guards: { restoreAfterMs: 0, cooldownMs: 0 } });
      for (const cycle of ['c1', 'c2']) {
        world.alert({ cycle });
        world.arrive();
        world.recover({ cycle });
        if (world.running()) world.arrive();
      }
      expect(world.state()).toMatchObject({ position: 'maintenance', automation: 'tripped' });
      world.press('restore');
      world.arrive();
      expect(world.state()).toMatchObject({ position: 'primary', automation: 'on' });
    },
  },
  {
    id: 'permit-too-many',
    rule: 'One switch more than automation.maxSwitches within its time stops automation on all of them, where they stand.',
    example: 'Three switches were moved in two minutes; the alert of the fourth moves nothing and stops all four.',
    play: () => {
      const names = ['www', 'b', 'c', 'd'];
      const world = makeWorld({ switches: names });
      for (const on of ['www', 'b', 'c']) {
        world.alert({ on });
        world.arrive(on);
        world.pass(MINUTE);
      }
      world.alert({ on: 'd' });
      world.pass(0);
      expect(names.map((on) => world.state(on).automation)).toEqual(names.map(() => 'tripped'));
      expect(names.map((on) => world.state(on).position)).toEqual([
        'maintenance',
        'maintenance',
        'maintenance',
        'primary',
      ]);
    },
  },
  {
    id: 'permit-tripped',
    rule: 'Tripped automation moves nothing until a human releases.',
    example: 'Four switches alert, the limit is three: the fourth and the next alert are refused as tripped.',
    play: () => {
      const world = makeWorld({ switches: ['www', 'b', 'c', 'd'] });
      for (const on of ['www', 'b', 'c']) expect(world.alert({ on }).job?.status).toBe('running');
      expect(world.alert({ on: 'd' }).refusal?.code).toBe('tripped');
      world.pass(0);
      expect(world.state('b').automation).toBe('tripped');
      expect(world.alert({ on: 'd', key: 'monitor-2' }).refusal?.code).toBe('tripped');
      expect(world.release('d').job?.status).toBe('running');
      expect(world.state('b').automation).toBe('tripped');
    },
  },
];

export const OWNERSHIP: readonly RuleExample[] = [
  {
    id: 'own-failover-takes',
    rule: 'A human failover takes the hold when its job succeeds.',
    example: 'Not yet held while the move runs; held until released when it has succeeded.',
    play: () => {
      const world = makeWorld();
      world.press('failover', { reason: 'deploy went wrong' });
      expect(world.state().hold).toBeNull();
      world.arrive();
      expect(world.state().hold).toMatchObject({ by: 'lobby', reason: 'deploy went wrong', until: null });
    },
  },
  {
    id: 'own-failed-takes-nothing',
    rule: 'A job that fails, is refused or is cancelled leaves the hold as it was, and no incident.',
    example: 'A failover that a foreign record stops: no hold, no incident.',
    play: () => {
      const world = makeWorld();
      world.press('failover');
      const error = { code: 'foreign-record', message: 'An MX record is in the way.', hint: 'Remove it.', guard: null };
      world.end(world.running(), { status: 'refused', error });
      expect(world.state()).toMatchObject({ position: 'primary', hold: null, incident: null });
    },
  },
  {
    id: 'own-restore-gives-back',
    rule: 'A human restore that succeeds gives back the hold that a failover took, and ends the incident.',
    example: 'Press, press back: automation owns the switch again.',
    play: () => {
      const world = makeWorld();
      world.press('failover');
      world.arrive();
      world.press('restore');
      world.arrive();
      expect(world.state()).toMatchObject({ position: 'primary', hold: null, incident: null, automation: 'on' });
    },
  },
  {
    id: 'own-asked-stays',
    rule: 'A hold that was asked for stays until release or its time, whatever moves.',
    example: 'Held by ops, failed over and restored by the lobby: still held by ops.',
    play: () => {
      const world = makeWorld();
      world.hold();
      world.press('failover');
      world.arrive();
      world.press('restore');
      world.arrive();
      expect(world.state().hold?.by).toBe('ops');
      world.release();
      expect(world.state().hold).toBeNull();
    },
  },
  {
    id: 'own-hold-supersedes',
    rule: 'A hold ends automatic jobs that have not sent their change; one that has goes on.',
    example: 'Held while a failover by automation reads the records: interrupted. Held after its change began: not.',
    play: () => {
      const early = makeWorld();
      early.alert();
      early.hold();
      expect(early.running()?.interrupt).toMatchObject({ status: 'superseded' });
      const late = makeWorld();
      late.step(late.alert().job?.id, 'change');
      expect(late.hold().text).toContain('goes on to its end');
      expect(late.running()?.interrupt).toBeNull();
    },
  },
  {
    id: 'own-judged-after-human',
    rule: 'After a human job an alert that is still open is judged at once.',
    example: 'The human failover failed while an alert was open: automation fails over in the same decision.',
    play: () => {
      const world = makeWorld();
      world.hold();
      world.alert();
      world.press('failover');
      world.release();
      world.fail();
      expect(world.running()?.data).toMatchObject({ automatic: true, alert: 'monitor-1' });
    },
  },
  {
    id: 'own-judged-after-automatic',
    rule: 'After an automatic job that did not succeed an open alert is judged again after 30 s, doubling to 10 minutes.',
    example: 'The failover fails again and again: tried after 30 s, 60 s, 2 min and so on, at last every 10 minutes.',
    play: () => {
      const world = makeWorld();
      world.alert();
      for (const wait of [30, 60, 120, 240, 480, 600, 600]) {
        world.fail();
        world.pass(wait * SECOND - 1);
        expect(world.running()).toBeUndefined();
        world.pass(1);
        expect(world.running()?.data.alert).toBe('monitor-1');
      }
    },
  },
  {
    id: 'own-hold-ends',
    rule: 'When a hold ends, an open alert is judged as newly arrived.',
    example: 'Held for ten minutes at primary; an alert opens meanwhile; after ten minutes it fails over.',
    play: () => {
      const world = makeWorld();
      world.hold(10 * MINUTE);
      world.alert();
      world.pass(10 * MINUTE - 1);
      expect(world.running()).toBeUndefined();
      world.pass(1);
      expect(world.running()?.data.automatic).toBe(true);
    },
  },
  {
    id: 'own-hold-ends-recovery',
    rule: 'When a hold ends by its time and all alerts have closed meanwhile, the last recovery is judged too.',
    example: 'Failed over by hand with a hold of 30 minutes; the alert recovers; then a restore waits and runs.',
    play: () => {
      const world = makeWorld({ guards: { hold: 30 * MINUTE } });
      world.alert();
      world.press('failover');
      world.arrive();
      expect(world.recover().refusal?.code).toBe('held');
      world.pass(30 * MINUTE);
      expect(world.waiting()?.data.command).toBe('restore');
      world.pass(2 * MINUTE);
      expect(world.running()?.data.command).toBe('restore');
    },
  },
  {
    id: 'own-hold-keeps-recovery',
    rule: 'A hold that ends a restore by automation keeps its recovery, to be judged when the hold ends by its time.',
    example:
      'A restore waits, held for ten minutes: then it waits anew and runs. Released, or alerted meanwhile: it does not.',
    play: () => {
      const [ended, released, alerted] = [makeWorld(), makeWorld(), makeWorld()];
      for (const world of [ended, released, alerted]) {
        world.alert();
        world.arrive();
        world.recover();
        world.hold(10 * MINUTE);
        expect(world.waiting()).toBeUndefined();
      }
      released.release();
      alerted.alert();
      for (const world of [ended, released, alerted]) world.pass(10 * MINUTE);
      expect(ended.waiting()?.data.command).toBe('restore');
      for (const world of [ended, released, alerted]) world.pass(2 * MINUTE);
      expect(ended.running()?.data.command).toBe('restore');
      expect([released, alerted].map((world) => world.unfinished('www'))).toEqual([[], []]);
    },
  },
  {
    id: 'own-release',
    rule: 'A release answers with what follows from it, and never starts a restore.',
    example: 'The alert recovered during the hold; released: no restore waits, and the answer says so.',
    play: () => {
      const world = makeWorld();
      world.alert();
      world.arrive();
      world.hold();
      world.recover();
      expect(world.release().text).toContain('restores it only after the next recovery');
      world.pass(HOUR);
      expect(world.waiting()).toBeUndefined();
      expect(world.state().position).toBe('maintenance');
    },
  },
  {
    id: 'own-release-arms',
    rule: 'A release re-arms automation that has stopped itself, on its switch alone, and the count begins again.',
    example: 'All four have stopped; d is released: its alert, still open, moves it, and the others stay stopped.',
    play: () => {
      const world = makeWorld({ switches: ['www', 'b', 'c', 'd'] });
      for (const on of ['www', 'b', 'c', 'd']) world.alert({ on });
      world.pass(0);
      expect(world.state('d').automation).toBe('tripped');
      expect(world.release('d').job).toMatchObject({ status: 'running', data: { command: 'failover' } });
      world.pass(0);
      expect(['www', 'b', 'c', 'd'].map((on) => world.state(on).automation)).toEqual([
        'tripped',
        'tripped',
        'tripped',
        'on',
      ]);
    },
  },
  {
    id: 'own-cancel',
    rule: 'A job can be cancelled until its change begins.',
    example: 'Cancelled in read: interrupted. Cancelled in change: too-late. Of no unfinished job: unknown-job.',
    play: () => {
      const world = makeWorld();
      const id = world.press('failover').job?.id ?? '';
      world.step(id, 'read', 'succeeded');
      expect(world.cancel(id).refusal).toBeNull();
      expect(world.job(id).interrupt).toMatchObject({ status: 'cancelled' });
      world.step(id, 'change');
      expect(world.cancel(id).refusal?.code).toBe('too-late');
      expect(world.cancel('job-99').refusal?.code).toBe('unknown-job');
    },
  },
];

export const OTHERS: readonly RuleExample[] = [
  {
    id: 'others-elsewhere',
    rule: 'Records that someone else moved elsewhere than primary are adopted with a hold by external.',
    example: 'Found at maintenance without a job: by null, revision + 1, held.',
    play: () => {
      const world = makeWorld();
      const { revision } = world.state();
      world.found('maintenance');
      expect(world.state()).toMatchObject({
        position: 'maintenance',
        by: null,
        revision: revision + 1,
        hold: { by: 'external', until: null },
      });
    },
  },
  {
    id: 'others-primary',
    rule: 'Records that someone else moved back to primary end the incident, acknowledge open alerts and give back what a move took.',
    example: 'Failed over by hand, then found at primary: no incident, no hold, the alert acknowledged.',
    play: () => {
      const world = makeWorld();
      world.press('failover');
      world.arrive();
      world.alert();
      world.found('primary');
      expect(world.state()).toMatchObject({ incident: null, hold: null, by: null, alerts: [{ acknowledged: true }] });
      expect(world.running()).toBeUndefined();
    },
  },
  {
    id: 'others-busy',
    rule: 'What is read while a job is unfinished is not adopted.',
    example: 'Found at dr while a failover runs: nothing is taken from it.',
    play: () => {
      const world = makeWorld();
      world.press('failover');
      world.found('dr');
      expect(world.stateOf().position).toBe('primary');
    },
  },
  {
    id: 'others-job',
    rule: 'What a job reads and has not moved counts as what the watch reads; only a human who wanted it there owns it by their own command.',
    example:
      'A failover by automation finds the switch at maintenance already: held by external. One by the lobby: held by the lobby.',
    play: () => {
      const found = {
        status: 'succeeded',
        outcome: 'already-there',
        reading: { kind: 'position', position: 'maintenance' },
      } as const;
      const world = makeWorld();
      world.alert();
      world.end(world.running(), found);
      expect(world.state()).toMatchObject({ by: null, hold: { by: 'external' } });
      expect(world.lines('adopted').at(-1)?.text).toContain('Somebody else moved www from primary to maintenance');

      const other = makeWorld();
      other.press('failover');
      other.end(other.running(), found);
      expect(other.state()).toMatchObject({ by: null, hold: { by: 'lobby' } });
    },
  },
  {
    id: 'others-drift',
    rule: 'Records that equal no position are drifted: shown, not held, not moved.',
    example: 'An A record was edited by hand at primary: drifted, with the difference in words.',
    play: () => {
      const world = makeWorld();
      world.observe({ kind: 'drifted', differences: ['www.example.com A is 198.51.100.1'] });
      expect(world.state()).toMatchObject({
        position: 'drifted',
        hold: null,
        drift: { differences: ['www.example.com A is 198.51.100.1'] },
      });
    },
  },
  {
    id: 'others-contest',
    rule: 'Records that leave our position within ten minutes of our move are told as another controller at work.',
    example:
      'Failed over by hand, found at primary a minute later: in the journal and in the state, until it is moved again; found there an hour later: not.',
    play: () => {
      const said = 'Another controller seems to be at work: the records of www left maintenance 60 s after';
      const world = makeWorld();
      world.press('failover');
      world.arrive();
      world.pass(MINUTE);
      world.found('primary');
      expect(world.lines('adopted').at(-1)).toMatchObject({
        text: expect.stringContaining(said),
        detail: { contest: true },
      });
      expect(world.state().text).toContain(said);
      world.press('failover');
      world.arrive();
      expect(world.state().text).not.toContain('Another controller');
      world.pass(HOUR);
      world.found('primary');
      expect(world.state().text).not.toContain('Another controller');
      expect(world.lines('adopted').at(-1)?.detail).not.toHaveProperty('contest');
    },
  },
  {
    id: 'others-doubt',
    rule: 'A move whose outcome could not be learnt is settled by the next reading, of the watch or of a job, as the move that it was.',
    example:
      'unknown-outcome of a press, then found at maintenance: moved by the lobby, and held by it; found at primary by a job that failed: not made, and alerts are as open as before.',
    play: () => {
      const world = makeWorld();
      world.press('failover');
      const error = { code: 'unknown-outcome', message: 'No answer.', hint: 'Look.', guard: null };
      world.end(world.running(), { status: 'failed', error, reading: { kind: 'unknown', why: 'no answer' } });
      expect(world.state().position).toBe('unknown');
      world.found('maintenance');
      expect(world.state()).toMatchObject({ by: { actor: 'lobby' }, hold: { by: 'lobby' } });

      const other = makeWorld({ automation: { mode: 'off' } });
      other.alert();
      other.press('failover');
      other.end(other.running(), { status: 'failed', error, reading: { kind: 'unknown', why: 'no answer' } });
      other.press('failover');
      other.end(other.running(), { status: 'failed', reading: { kind: 'position', position: 'primary' } });
      expect(other.state()).toMatchObject({ position: 'primary', hold: null, alerts: [{ acknowledged: false }] });
    },
  },
];
