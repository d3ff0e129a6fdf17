import { expect, test } from 'vitest';
import { control, controllerWakeMs, startController } from '../../device/core/controller.ts';
import type { ControllerState, Effect, Happening } from '../../device/core/controller-state.ts';
import { lampOf } from '../../device/core/lamp.ts';
import type { Intent } from '../../device/core/press.ts';
import { at, jobOf, stateOf, told } from './samples.ts';

/** A button with a road over HTTPS, pressed at time 0 unless told otherwise. */
function play(options: { secondRoad?: boolean; linkUp?: boolean; pressed?: boolean } = {}) {
  const { secondRoad = true, linkUp = true, pressed = true } = options;
  let state: ControllerState = startController({ device: 'lobby', switch: 'www', deadlineMs: 60_000, secondRoad });
  const deeds: [number, Effect][] = [];
  const happen = (atMs: number, event: Happening): void => {
    const { next, effects } = control(state, { ...event, atMs });
    state = next;
    for (const effect of effects) deeds.push([atMs, effect]);
  };
  if (linkUp) happen(0, { kind: 'up', text: 'Connected.' });
  if (pressed) happen(0, { kind: 'gesture', gesture: 'hold', command: 'failover', id: 'a', pressedAtMs: 0 });
  return {
    happen,
    /** Lets the controller wake by itself until then; nobody answers. */
    until(endMs: number): void {
      for (let wakeMs = controllerWakeMs(state); wakeMs !== undefined && wakeMs <= endMs;) {
        happen(wakeMs, { kind: 'tick' });
        wakeMs = controllerWakeMs(state);
      }
    },
    times: (kind: 'ask' | 'look' | 'https'): number[] =>
      deeds.flatMap(([atMs, effect]) =>
        effect.kind === kind || (effect.kind === 'send' && effect.road === kind) ? [atMs] : [],
      ),
    sends: () => deeds.flatMap(([, effect]) => (effect.kind === 'send' ? [effect.command] : [])),
    lamp: () => lampOf(state),
  };
}

test('HTTPS is tried from a third of the deadline on, under the same id, and given up with it', () => {
  const button = play();
  button.until(120_000);
  const times = button.times('https');
  expect(times[0]).toBe(20_000);
  expect(times.at(-1)).toBeLessThan(60_000);
  // Each try gets the time that a road has for an answer, and then the same growing pause as on MQTT.
  expect(times.slice(1, 4).map((ms, index) => ms - (times[index] ?? 0))).toEqual([6_000, 7_000, 9_000]);
  expect(new Set(button.sends().map(({ id }) => id))).toEqual(new Set(['a']));
  expect(button.lamp().name).toBe('not-delivered');
});

test('without that road nothing is sent or asked on it', () => {
  const button = play({ secondRoad: false });
  button.happen(1_000, { kind: 'reply', reply: told(jobOf('a', 'failover', 'running')) });
  button.happen(2_000, { kind: 'down', text: 'Gone.' });
  button.until(60_000);
  expect([button.times('https'), button.times('ask')]).toEqual([[], []]);
});

test('a failed try over HTTPS is said, and tried again after a pause', () => {
  const button = play({ linkUp: false });
  button.until(20_000);
  expect(button.lamp().text).toContain('sent over HTTPS as well');
  button.happen(20_100, { kind: 'delivery', id: 'a', road: 'https', delivery: { kind: 'not-sent', text: 'No.' } });
  button.until(21_100);
  expect(button.times('https')).toEqual([20_000, 21_100]);
});

test('a job told over MQTT is asked for over HTTPS only while there is no connection', () => {
  const button = play();
  button.happen(100, { kind: 'reply', reply: told(jobOf('a', 'failover', 'running')) });
  button.until(5_000);
  expect(button.times('ask')).toEqual([]);
  button.happen(5_000, { kind: 'down', text: 'Gone.' });
  expect(button.times('ask')).toEqual([5_000]);
  button.happen(7_000, { kind: 'asked', job: null });
  button.until(12_000);
  expect(button.times('ask')).toEqual([5_000, 12_000]);
  button.happen(12_100, { kind: 'up', text: 'Connected.' });
  button.happen(12_200, { kind: 'reply', reply: told(jobOf('a', 'failover', 'running')) });
  button.until(60_000);
  expect(button.times('ask')).toHaveLength(2);
});

test('a job told over HTTPS is followed there, and the switch is looked at when it has succeeded', () => {
  const button = play({ linkUp: false });
  button.until(20_000);
  button.happen(20_050, { kind: 'reply', reply: told(jobOf('a', 'failover', 'queued')), road: 'https' });
  expect(button.lamp()).toMatchObject({ name: 'accepted', text: expect.stringContaining('Told over HTTPS.') });
  expect(button.times('ask')).toEqual([20_050]);
  button.happen(22_000, { kind: 'asked', job: jobOf('a', 'failover', 'running') });
  expect(button.lamp().name).toBe('moving');
  button.until(22_500);
  button.happen(23_000, { kind: 'asked', job: jobOf('a', 'failover', 'succeeded') });
  expect(button.times('look')).toEqual([23_000]);
  expect(button.lamp().name).toBe('moving');
  button.happen(23_100, { kind: 'looked', state: stateOf('maintenance', { asOf: at(9), revision: 8 }) });
  expect(button.lamp()).toMatchObject({ name: 'maintenance', text: expect.stringContaining('no connection') });
  // The way back carries what was seen.
  button.happen(24_000, { kind: 'gesture', gesture: 'click-hold', command: 'restore', id: 'b', pressedAtMs: 24_000 });
  button.until(44_000);
  expect(button.sends().at(-1)).toMatchObject({ command: 'restore', ifRevision: 8 });
});

test('a success whose state cannot be learnt is shown by the word of the job, and not for ever', () => {
  const button = play({ linkUp: false });
  button.happen(20_000, { kind: 'reply', reply: told(jobOf('a', 'failover', 'succeeded')), road: 'https' });
  button.happen(20_100, { kind: 'looked', state: null });
  button.until(30_000);
  expect(button.times('look')).toEqual([20_000, 21_100]);
  expect(button.lamp().name).toBe('maintenance');
  button.until(400_000);
  expect(button.lamp().name).toBe('offline');
});

test('a press that an earlier process left goes on under its id with its age, on both roads', () => {
  const button = play({ pressed: false });
  const intent: Intent = {
    id: 'left',
    command: 'failover',
    pressedAtMs: -30_000,
    deadlineAtMs: 30_000,
    ifRevision: null,
    earlier: [],
    recovered: true,
  };
  button.happen(0, { kind: 'recovered', intent });
  expect(button.sends()).toMatchObject([
    { id: 'left', ageMs: 30_000, expiresInMs: 60_000 },
    { id: 'left', ageMs: 30_000 },
  ]);
  button.happen(1, { kind: 'down', text: 'Gone.' });
  button.happen(2, { kind: 'delivery', id: 'left', delivery: { kind: 'not-sent', text: 'No.' } });
  button.happen(3, { kind: 'delivery', id: 'left', road: 'https', delivery: { kind: 'not-sent', text: 'No.' } });
  button.happen(30_000, { kind: 'tick' });
  expect(button.lamp()).toMatchObject({ name: 'not-delivered', text: expect.stringContaining('may have left') });
});

test('a press of unknown age is shown as not delivered, and never sent', () => {
  const button = play({ pressed: false });
  button.happen(0, { kind: 'lost', text: 'The machine has restarted.' });
  button.until(200_000);
  expect(button.lamp()).toMatchObject({ name: 'not-delivered', text: 'The machine has restarted.' });
  expect(button.sends()).toEqual([]);
});

test('how a press ended is told with the road on which it was heard', () => {
  const button = play({ linkUp: false });
  button.happen(20_000, { kind: 'reply', reply: told(jobOf('a', 'failover', 'refused')), road: 'https' });
  expect(button.lamp()).toMatchObject({ name: 'refused', text: expect.stringMatching(/ Told over HTTPS\.$/) });
});

test.for([
  ['records that equal no position', { position: 'drifted' }, 'unclear'],
  ['a position that could not be read', { position: 'unknown' }, 'unclear'],
  ['a switch that somebody else holds', { hold: { by: 'ops', reason: null, since: at(0), until: null } }, 'held'],
] as const)('without a connection the lamp shows no more than the last look did: %s', ([, changes, lamp]) => {
  const button = play({ linkUp: false });
  button.happen(20_000, { kind: 'reply', reply: told(jobOf('a', 'failover', 'succeeded')), road: 'https' });
  button.happen(20_100, { kind: 'looked', state: stateOf('maintenance', { asOf: at(9), ...changes }) });
  expect(button.lamp()).toMatchObject({ name: lamp, text: expect.stringContaining('no connection') });
});

test('a look that was answered late does not put an older state in the place of a newer one', () => {
  const button = play({ linkUp: false });
  button.happen(20_000, { kind: 'reply', reply: told(jobOf('a', 'failover', 'succeeded')), road: 'https' });
  button.happen(20_100, { kind: 'up', text: 'Connected.' });
  button.happen(20_200, { kind: 'state', state: stateOf('maintenance', { asOf: at(9), revision: 9 }) });
  expect(button.lamp().name).toBe('maintenance');
  button.happen(20_300, { kind: 'looked', state: stateOf('moving', { asOf: at(4), revision: 8 }) });
  expect(button.lamp().name).toBe('maintenance');
  button.happen(20_400, { kind: 'gesture', gesture: 'click-hold', command: 'restore', id: 'b', pressedAtMs: 20_400 });
  expect(button.sends().at(-1)).toMatchObject({ command: 'restore', ifRevision: 9 });
});

test('a jammed button is shown before what was confirmed last, and not after it', () => {
  const button = play({ linkUp: false });
  button.happen(20_000, { kind: 'reply', reply: told(jobOf('a', 'failover', 'succeeded')), road: 'https' });
  button.happen(20_100, { kind: 'looked', state: stateOf('maintenance', { asOf: at(9) }) });
  button.happen(30_000, { kind: 'fault', button: 0, text: 'Jammed.' });
  expect(button.lamp()).toEqual({ name: 'fault', text: 'Jammed.' });
  button.happen(40_000, { kind: 'fault-cleared', button: 0 });
  expect(button.lamp().name).toBe('maintenance');
});
