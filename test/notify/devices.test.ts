import { expect, test } from 'vitest';
import type { SwitchCommand } from '../../cloud/jobs/command.ts';
import { HOUR, MINUTE, type World } from '../jobs/lane-driver.ts';
import { calls, told, toldWorld } from './people.ts';

const DAY = 24 * HOUR;

function lobby(world: World, online: boolean): void {
  const command: SwitchCommand = { kind: 'device', device: 'lobby', online, sinceMs: world.nowMs() };
  world.command(command);
}

test('a button that goes is told, and that it is back; one that was never there is not missed', () => {
  const world = toldWorld();
  lobby(world, false);
  lobby(world, true);
  expect(told(world)).toEqual([]);
  world.pass(HOUR);
  lobby(world, false);
  lobby(world, false);
  world.pass(5 * MINUTE);
  lobby(world, true);
  expect(told(world).map(({ kind, device, severity }) => [kind, device, severity])).toEqual([
    ['device-offline', 'lobby', 'warning'],
    ['device-online', 'lobby', 'info'],
  ]);
  expect(told(world)[1]?.text).toContain('it was away for 5 min');
  expect(world.lines('device-offline')).toHaveLength(1);
  expect(calls(world)).toEqual([]);
});

const devices = [{ name: 'lobby', on: ['*'], drillEveryMs: 30 * DAY }];

test('a drill that is overdue is told on time, again after a week, and not after somebody has drilled', () => {
  const world = toldWorld({ people: { devices } });
  const startMs = world.nowMs();
  world.pass(40 * DAY);
  const overdue = () => told(world).filter(({ kind }) => kind === 'drill-overdue');
  expect(overdue().map(({ at }) => (Date.parse(at) - startMs) / DAY)).toEqual([30, 37]);
  expect(overdue()[0]?.title).toBe('A drill at the button lobby is overdue');
  world.end(world.press('drill').job, { status: 'succeeded', outcome: 'drilled' });
  world.pass(29 * DAY);
  expect(overdue()).toHaveLength(2);
  world.pass(2 * DAY);
  expect(overdue()).toHaveLength(3);
});

test('a drill on another switch of the same button counts, and only one switch tells of it', () => {
  const switches = ['www', 'api'];
  const world = toldWorld({ switches, people: { devices, switches } });
  world.pass(20 * DAY);
  world.end(world.press('drill', { on: 'api' }).job, { status: 'succeeded', outcome: 'drilled' });
  world.pass(20 * DAY);
  const overdue = () => told(world).filter(({ kind }) => kind === 'drill-overdue');
  expect(overdue()).toEqual([]);
  world.pass(11 * DAY);
  expect(overdue()).toMatchObject([{ switch: 'www', device: 'lobby' }]);
});
