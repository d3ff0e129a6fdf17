import { expect, test } from 'vitest';
import { control, controllerWakeMs, startController } from '../../device/core/controller.ts';
import type { ControllerState, Effect, Happening } from '../../device/core/controller-state.ts';
import { lampOf } from '../../device/core/lamp.ts';
import { at, jobOf, refusal, stateOf, told } from './samples.ts';

/** A button that is pressed again while nobody has answered the first press. */
function pressTwice(command: 'failover' | 'restore', againAtMs: number) {
  let state: ControllerState = startController({ device: 'lobby', switch: 'www', deadlineMs: 60_000 });
  const sent: { id: string; atMs: number; revision: number | undefined }[] = [];
  const happen = (atMs: number, event: Happening): readonly Effect[] => {
    const { next, effects } = control(state, { ...event, atMs });
    state = next;
    for (const effect of effects) {
      if (effect.kind !== 'send') continue;
      const { id = '', ifRevision } = effect.command;
      sent.push({ id, atMs, revision: ifRevision });
    }
    return effects;
  };
  const press = (id: string, atMs: number) =>
    happen(atMs, { kind: 'gesture', gesture: 'hold', command, id, pressedAtMs: atMs });
  happen(0, { kind: 'up', text: 'Connected.' });
  happen(0, { kind: 'state', state: stateOf('primary', { revision: 7 }) });
  press('first', 0);
  const said = press('second', againAtMs);
  return {
    sent,
    said,
    happen,
    lamp: () => lampOf(state),
    press: () => state.press,
    wakeMs: () => controllerWakeMs(state),
  };
}

test('a second press shortly before the deadline of the first has a whole deadline of its own, under its own id', () => {
  const button = pressTwice('failover', 59_000);
  expect(button.sent.at(-1)).toMatchObject({ id: 'second', atMs: 59_000 });
  expect(button.said).toContainEqual({ kind: 'say', text: expect.stringContaining('from now on this press counts') });
  button.happen(60_000, { kind: 'tick' });
  expect(button.lamp().name).toBe('sent');
  button.happen(118_999, { kind: 'tick' });
  expect(button.lamp().name).toBe('sent');
  button.happen(119_000, { kind: 'tick' });
  expect(button.lamp().name).toBe('not-delivered');
  expect(new Set(button.sent.filter(({ atMs }) => atMs >= 59_000).map(({ id }) => id))).toEqual(new Set(['second']));
});

test('the endpoint that hears the first press late has heard the second, whose job is the same', () => {
  const button = pressTwice('restore', 1_000);
  button.happen(2_000, { kind: 'reply', reply: told(jobOf('first', 'restore', 'running')) });
  expect(button.lamp().name).toBe('moving');
  const sends = button.sent.length;
  button.happen(20_000, { kind: 'tick' });
  expect(button.sent).toHaveLength(sends);
  button.happen(21_000, { kind: 'reply', reply: told(jobOf('first', 'restore', 'failed')) });
  expect(button.lamp().name).toBe('refused');
});

test('the second press has a job of its own after all: the end of the first one is news, and not the last word', () => {
  const button = pressTwice('failover', 1_000);
  button.happen(2_000, { kind: 'reply', reply: told(jobOf('first', 'failover', 'running')) });
  button.happen(3_000, { kind: 'reply', reply: told(jobOf('first', 'failover', 'failed')) });
  expect(button.lamp().name).toBe('refused');
  button.happen(4_000, { kind: 'reply', reply: told(jobOf('second', 'failover', 'running')) });
  expect(button.lamp().name).toBe('moving');
  button.happen(5_000, { kind: 'reply', reply: told(jobOf('second', 'failover', 'succeeded')) });
  button.happen(6_000, { kind: 'state', state: stateOf('maintenance', { revision: 8, asOf: at(6) }) });
  expect(button.lamp().name).toBe('maintenance');
});

test.for([
  ['refused', { kind: 'reply', reply: refusal('first', 'expired') }],
  ['failed', { kind: 'reply', reply: told(jobOf('first', 'failover', 'expired')) }],
] as const)('that the first press was %s does not end the second', ([, event]) => {
  const button = pressTwice('failover', 59_000);
  button.happen(59_500, event);
  expect(button.lamp().name).toBe('sent');
  button.happen(59_600, { kind: 'reply', reply: told(jobOf('second', 'failover', 'running')) });
  expect(button.lamp().name).toBe('moving');
});

test('a job that the second press joined is followed like its own', () => {
  const button = pressTwice('failover', 1_000);
  const joined = [{ kind: 'button', actor: 'lobby', id: 'second', at: '2026-11-22T12:00:01.000Z' }] as const;
  button.happen(2_000, { kind: 'reply', reply: told(jobOf('z', 'failover', 'queued', { joined: [...joined] })) });
  expect(button.lamp().name).toBe('accepted');
});

test('fingers that do not stop are remembered to a limit', () => {
  const button = pressTwice('failover', 1);
  for (let n = 2; n < 100; n++) {
    button.happen(n, { kind: 'gesture', gesture: 'hold', command: 'failover', id: `n${n}`, pressedAtMs: n });
  }
  expect(JSON.stringify(button.press()).length).toBeLessThan(1_000);
});

test.for([
  ['a refusal', { ...refusal('second', 'stale'), text: 'It is stale. Look again.' }],
  [
    'a job that was refused',
    told(
      jobOf('second', 'failover', 'refused', {
        text: 'The failover was refused. It is stale. Look again.',
        error: { code: 'stale', message: 'It is stale.', hint: 'Look again.', guard: null },
      }),
    ),
  ],
] as const)('what to do is on the lamp once, as the endpoint tells it with %s', ([, reply]) => {
  const button = pressTwice('failover', 1_000);
  button.happen(2_000, { kind: 'reply', reply });
  expect(button.lamp()).toMatchObject({
    name: 'refused',
    text: reply.type === 'refused' ? reply.text : reply.job.text,
  });
});

test.for(['queued', 'running'] as const)(
  'a drill does not take the lamp from a failover that is %s: its end would be told of an earlier press',
  (status) => {
    const button = pressTwice('failover', 1_000);
    button.happen(2_000, { kind: 'reply', reply: told(jobOf('second', 'failover', status)) });
    const before = button.lamp().name;
    const said = button.happen(2_500, {
      kind: 'gesture',
      gesture: 'triple',
      command: 'drill',
      id: 'd',
      pressedAtMs: 2_500,
    });
    expect(said).toEqual([{ kind: 'say', text: expect.stringContaining('No drill while the failover') }]);
    expect(button.lamp().name).toBe(before);
    button.happen(3_000, { kind: 'reply', reply: told(jobOf('second', 'failover', 'failed')) });
    expect(button.lamp().name).toBe('refused');
  },
);
