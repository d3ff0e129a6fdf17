import { expect, test } from 'vitest';
import { control, startController } from '../../device/core/controller.ts';
import type { ControllerState, Happening } from '../../device/core/controller-state.ts';
import { at, stateOf } from './samples.ts';

/** A button whose lamp has shown revision 7, and the revision that a restore then carries. */
function watched() {
  let state: ControllerState = startController({ device: 'lobby', switch: 'www', deadlineMs: 60_000 });
  let sent: number | undefined;
  const happen = (atMs: number, event: Happening): void => {
    const { next, effects } = control(state, { ...event, atMs });
    state = next;
    for (const effect of effects) if (effect.kind === 'send') sent = effect.command.ifRevision;
  };
  const told = (atMs: number, revision: number): void =>
    happen(atMs, { kind: 'state', state: stateOf('maintenance', { revision, asOf: at(revision) }) });
  happen(0, { kind: 'up', text: 'Connected.' });
  told(0, 7);
  return {
    told,
    finger: (atMs: number, finger: 'off' | 'holding' | 'ripe') => happen(atMs, { kind: 'finger', finger }),
    /** Completed at `pressedAtMs`; told when the loop comes to it. */
    restore: (pressedAtMs: number, atMs = pressedAtMs) =>
      happen(atMs, { kind: 'gesture', gesture: 'click-hold', command: 'restore', id: 'r', pressedAtMs }),
    sent: () => sent,
  };
}

test('what changes while the finger is down has not been seen: a restore carries the revision from before', () => {
  const button = watched();
  button.finger(1_000, 'holding');
  button.told(1_500, 8);
  button.finger(2_000, 'ripe');
  button.restore(2_300);
  expect(button.sent()).toBe(7);
});

test('nor what changes between a click and its hold, or while a row of clicks is waited for', () => {
  const button = watched();
  button.finger(1_000, 'holding');
  button.finger(1_100, 'off');
  button.told(1_200, 8);
  button.finger(1_400, 'holding');
  button.told(1_500, 9);
  button.restore(2_600);
  expect(button.sent()).toBe(7);
  const rows = watched();
  rows.finger(1_000, 'holding');
  rows.finger(1_100, 'off');
  rows.told(1_400, 8);
  rows.restore(1_100, 5_000);
  expect(rows.sent()).toBe(7);
});

test('what the lamp has shown since the finger let go counts, and so does what a key was pressed upon', () => {
  const button = watched();
  button.finger(1_000, 'holding');
  button.finger(1_500, 'off');
  button.told(1_600, 8);
  button.finger(4_000, 'holding');
  button.restore(5_500);
  expect(button.sent()).toBe(8);
  const keys = watched();
  keys.told(1_000, 8);
  keys.restore(1_001);
  expect(keys.sent()).toBe(8);
});

test('a finger on another button keeps the lamp hidden', () => {
  const button = watched();
  button.finger(1_000, 'holding');
  button.told(1_500, 8);
  button.restore(2_500);
  // The first gesture is over, and a second finger is still down.
  button.finger(2_500, 'holding');
  button.told(2_600, 9);
  button.restore(2_900);
  expect(button.sent()).toBe(7);
});
