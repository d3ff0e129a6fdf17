import { expect, test } from 'vitest';
import { control, startController } from '../../device/core/controller.ts';
import type { ControllerState, Happening } from '../../device/core/controller-state.ts';
import { lampOf } from '../../device/core/lamp.ts';
import { at, jobOf, stateOf, told } from './samples.ts';

const MINUTE_MS = 60_000;

/** A button whose job runs, and what is on its lamp. */
function moving(command: 'failover' | 'drill' = 'failover') {
  let state: ControllerState = startController({ device: 'lobby', switch: 'www', deadlineMs: 60_000 });
  const happen = (atMs: number, event: Happening): void => {
    state = control(state, { ...event, atMs }).next;
  };
  happen(0, { kind: 'up', text: 'Connected.' });
  happen(0, { kind: 'state', state: stateOf('primary') });
  happen(0, { kind: 'gesture', gesture: 'hold', command, id: 'a', pressedAtMs: 0 });
  happen(1, { kind: 'reply', reply: told(jobOf('a', command, 'running')) });
  return { happen, lamp: () => lampOf(state), press: () => state.press.kind };
}

test('a job whose end was lost with the connection, and that is not where it was to go, ends with an unknown outcome', () => {
  const button = moving();
  button.happen(10, { kind: 'down', text: 'Gone.' });
  button.happen(20, { kind: 'up', text: 'Connected.' });
  button.happen(30, { kind: 'state', state: stateOf('primary', { asOf: at(9) }) });
  expect(button.lamp()).toMatchObject({ name: 'refused', code: 'unknown-outcome', flashes: 6 });
  expect(button.lamp().text).toMatch(/end of the failover was not heard.* www is at primary\./);
  // It says so for a while, and then how things are.
  button.happen(30 + MINUTE_MS, { kind: 'tick' });
  expect(button.lamp().name).toBe('primary');
});

test('a job whose end was lost with the connection, and that is where it was to go, needs no more words', () => {
  const button = moving();
  button.happen(10, { kind: 'down', text: 'Gone.' });
  button.happen(20, { kind: 'up', text: 'Connected.' });
  button.happen(30, { kind: 'state', state: stateOf('maintenance', { asOf: at(9) }) });
  expect(button.lamp().name).toBe('maintenance');
});

test('a job of which nothing more is heard ends with an unknown outcome', () => {
  const button = moving();
  button.happen(15 * MINUTE_MS, { kind: 'tick' });
  expect(button.lamp().name).toBe('moving');
  button.happen(15 * MINUTE_MS + 1, { kind: 'tick' });
  expect([button.press(), button.lamp()]).toMatchObject(['none', { name: 'refused', code: 'unknown-outcome' }]);
});

test('a drill whose end was lost with the connection is not shown as one that runs', () => {
  const button = moving('drill');
  button.happen(10, { kind: 'down', text: 'Gone.' });
  button.happen(20, { kind: 'up', text: 'Connected.' });
  button.happen(30, { kind: 'state', state: stateOf('primary', { asOf: at(8), job: 'job-of-a' }) });
  expect(button.lamp().name).toBe('drill');
  button.happen(40, { kind: 'state', state: stateOf('primary', { asOf: at(9) }) });
  expect(button.lamp()).toMatchObject({ name: 'refused', code: 'unknown-outcome' });
});

test('an end that is told after all counts', () => {
  const button = moving();
  button.happen(10, { kind: 'down', text: 'Gone.' });
  button.happen(20, { kind: 'up', text: 'Connected.' });
  button.happen(30, { kind: 'state', state: stateOf('primary', { asOf: at(9) }) });
  const error = { code: 'job-failed', message: 'It failed.', hint: 'Look.', guard: null };
  button.happen(40, { kind: 'reply', reply: told(jobOf('a', 'failover', 'failed', { error })) });
  expect(button.lamp()).toMatchObject({ name: 'refused', flashes: 1 });
});
