import { expect, test } from 'vitest';
import { control, startController } from '../../device/core/controller.ts';
import type { ControllerState, Happening, Turn } from '../../device/core/controller-state.ts';
import { lampOf } from '../../device/core/lamp.ts';
import { at, jobOf, refusal, stateOf, told } from './samples.ts';

/**
 * The whole table: every situation a button can be in, and everything that can happen in it. A cell is the lamp that
 * follows, then what is done: `+send` a message leaves, `+say` a sentence is shown;
 * behind it the events that lead there.
 */

const SETTINGS = { device: 'lobby', switch: 'www', deadlineMs: 60_000 };

function after(...events: (Happening & { atMs?: number })[]): ControllerState {
  return events.reduce<ControllerState>(
    (state, { atMs = 0, ...event }) => control(state, { ...event, atMs }).next,
    startController(SETTINGS),
  );
}

const up: Happening = { kind: 'up', text: 'Connected.' };
const down: Happening = { kind: 'down', text: 'No connection.' };
const state = (...of: Parameters<typeof stateOf>): Happening => ({ kind: 'state', state: stateOf(...of) });
const job = (...of: Parameters<typeof jobOf>): Happening => ({ kind: 'reply', reply: told(jobOf(...of)) });
const press = (command: 'failover' | 'restore' | 'drill', id: string): Happening => ({
  kind: 'gesture',
  gesture: 'hold',
  command,
  id,
  pressedAtMs: 0,
});
const well = [up, state('primary')];
const pressed = [...well, press('failover', 'a')];
const dropped: Happening & { atMs: number } = { kind: 'tick', atMs: 60_000 };

const SITUATIONS: Readonly<Record<string, ControllerState>> = {
  'never connected': after(),
  'connected, no state': after(up),
  'at primary': after(...well),
  'failed over': after(up, state('maintenance', { hold: { by: 'lobby', reason: null, since: at(0), until: null } })),
  'held by ops': after(up, state('primary', { hold: { by: 'ops', reason: null, since: at(0), until: null } })),
  'moved by others': after(up, state('moving', { from: 'primary', to: 'maintenance' })),
  drifted: after(up, state('drifted')),
  'connection lost': after(...well, down),
  'finger down': after(...well, { kind: 'finger', finger: 'holding' }),
  'button stuck': after(...well, { kind: 'fault', button: 0, text: 'Stuck.' }),
  'pressed, offline': after(...well, down, press('failover', 'a')),
  'pressed and sent': after(...pressed),
  'drill sent': after(...well, press('drill', 'a')),
  accepted: after(...pressed, job('a', 'failover', 'queued')),
  moving: after(...pressed, job('a', 'failover', 'running')),
  'moving, link lost': after(...pressed, job('a', 'failover', 'running'), down),
  'done, state late': after(...pressed, job('a', 'failover', 'succeeded')),
  'drill runs': after(...well, press('drill', 'a'), job('a', 'drill', 'running')),
  'drill done': after(...well, press('drill', 'a'), job('a', 'drill', 'succeeded')),
  refused: after(...pressed, { kind: 'reply', reply: refusal('a', 'stale') }),
  'not heard in time': after(...pressed, dropped),
};

const EVENTS: Readonly<Record<string, Happening>> = {
  failover: press('failover', 'b'),
  restore: press('restore', 'b'),
  drill: press('drill', 'b'),
  click: { kind: 'gesture', gesture: 'click', command: undefined, id: 'b', pressedAtMs: 0 },
  up,
  down,
  'a queued': job('a', 'failover', 'queued'),
  'a running': job('a', 'failover', 'running'),
  'a done': job('a', 'failover', 'succeeded'),
  'a failed': job('a', 'failover', 'failed'),
  'a refused': { kind: 'reply', reply: refusal('a', 'stale') },
  'a busy': { kind: 'reply', reply: refusal('a', 'store-unavailable') },
  'z running': job('z', 'failover', 'running'),
  'says primary': state('primary', { asOf: at(9) }),
  'says elsewhere': state('maintenance', { asOf: at(9) }),
  'says moving': state('moving', { asOf: at(9), job: 'job-of-a' }),
  'taken by broker': { kind: 'delivery', id: 'a', delivery: { kind: 'taken' } },
  'not sent': { kind: 'delivery', id: 'a', delivery: { kind: 'not-sent', text: 'No.' } },
  holding: { kind: 'finger', finger: 'holding' },
  stuck: { kind: 'fault', button: 0, text: 'Stuck.' },
  unstuck: { kind: 'fault-cleared', button: 0 },
  'slept a minute': { kind: 'slept', ms: 60_000 },
};

/** The time at which the event happens: a moment after the situation arose. */
const atMsOf = (situation: string): number => (situation === 'not heard in time' ? 60_001 : 1);

function cell({ next, effects }: Turn): string {
  return [lampOf(next).name, ...effects.map(({ kind }) => `+${kind}`)].join(' ');
}

test('every situation and every event: the lamp and the deeds', () => {
  const rows = Object.entries(SITUATIONS).map(([situation, before]) => {
    const outcomes = new Map<string, string[]>();
    for (const [name, event] of Object.entries(EVENTS)) {
      const atMs = atMsOf(situation);
      const now = event.kind === 'gesture' ? { ...event, pressedAtMs: atMs } : event;
      const outcome = cell(control(before, { ...now, atMs }));
      outcomes.set(outcome, [...(outcomes.get(outcome) ?? []), name]);
    }
    const lines = Array.from(outcomes, ([outcome, names]) => `  ${`${outcome}:`.padEnd(20)} ${names.join(', ')}`);
    return [`${situation} (${lampOf(before).name})`, ...lines].join('\n');
  });
  expect(`\n${rows.join('\n')}\n`).toMatchInlineSnapshot(`
    "
    never connected (offline)
      sent:                failover, restore, drill
      offline +say:        click, a queued, a running, a done, a failed, a refused, a busy, z running
      armed:               up
      offline:             down, says primary, says elsewhere, says moving, taken by broker, not sent, unstuck, slept a minute
      holding:             holding
      fault:               stuck
    connected, no state (armed)
      sent +send:          failover, restore, drill
      armed +say:          click, a queued, a running, a done, a failed, a refused, a busy, z running
      armed:               up, taken by broker, not sent, unstuck, slept a minute
      offline:             down
      primary:             says primary
      maintenance:         says elsewhere
      moving:              says moving
      holding:             holding
      fault:               stuck
    at primary (primary)
      sent +send:          failover, restore, drill
      primary +say:        click, a queued, a running, a done, a failed, a refused, a busy, z running
      primary:             up, says primary, taken by broker, not sent, unstuck, slept a minute
      offline:             down
      maintenance:         says elsewhere
      moving:              says moving
      holding:             holding
      fault:               stuck
    failed over (maintenance)
      sent +send:          failover, restore, drill
      maintenance +say:    click, a queued, a running, a done, a failed, a refused, a busy, z running
      maintenance:         up, says elsewhere, taken by broker, not sent, unstuck, slept a minute
      offline:             down
      primary:             says primary
      moving:              says moving
      holding:             holding
      fault:               stuck
    held by ops (held)
      sent +send:          failover, restore, drill
      held +say:           click, a queued, a running, a done, a failed, a refused, a busy, z running
      held:                up, taken by broker, not sent, unstuck, slept a minute
      offline:             down
      primary:             says primary
      maintenance:         says elsewhere
      moving:              says moving
      holding:             holding
      fault:               stuck
    moved by others (moving)
      sent +send:          failover, restore, drill
      moving +say:         click, a queued, a running, a done, a failed, a refused, a busy, z running
      moving:              up, says moving, taken by broker, not sent, unstuck, slept a minute
      offline:             down
      primary:             says primary
      maintenance:         says elsewhere
      holding:             holding
      fault:               stuck
    drifted (unclear)
      sent +send:          failover, restore, drill
      unclear +say:        click, a queued, a running, a done, a failed, a refused, a busy, z running
      unclear:             up, taken by broker, not sent, unstuck, slept a minute
      offline:             down
      primary:             says primary
      maintenance:         says elsewhere
      moving:              says moving
      holding:             holding
      fault:               stuck
    connection lost (offline)
      sent:                failover, restore, drill
      offline +say:        click, a queued, a running, a done, a failed, a refused, a busy, z running
      armed:               up
      offline:             down, says primary, says elsewhere, says moving, taken by broker, not sent, unstuck, slept a minute
      holding:             holding
      fault:               stuck
    finger down (holding)
      holding +send:       failover, restore, drill
      holding +say:        click, a queued, a running, a done, a failed, a refused, a busy, z running
      holding:             up, down, says primary, says elsewhere, says moving, taken by broker, not sent, holding, stuck, unstuck, slept a minute
    button stuck (fault)
      sent +send:          failover, restore, drill
      fault +say:          click, a queued, a running, a done, a failed, a refused, a busy, z running
      fault:               up, down, says primary, says elsewhere, says moving, taken by broker, not sent, stuck, slept a minute
      holding:             holding
      primary:             unstuck
    pressed, offline (sent)
      sent +say:           failover, restore, drill, click, a busy, z running, not sent
      sent +send:          up
      sent:                down, says primary, says elsewhere, says moving, taken by broker, stuck, unstuck
      accepted:            a queued
      moving:              a running
      moving +say:         a done
      refused +say:        a failed, a refused
      holding:             holding
      not-delivered +say +say: slept a minute
    pressed and sent (sent)
      sent +say +send:     failover, restore
      sent +say:           drill, click, a busy, z running, not sent
      sent +send:          up
      sent:                down, says primary, says elsewhere, says moving, taken by broker, stuck, unstuck
      accepted:            a queued
      moving:              a running
      moving +say:         a done
      refused +say:        a failed, a refused
      holding:             holding
      not-delivered +say +say: slept a minute
    drill sent (sent)
      sent +say +send:     failover, restore, drill
      sent +say:           click, a busy, z running, not sent
      sent +send:          up
      sent:                down, says primary, says elsewhere, says moving, taken by broker, stuck, unstuck
      drill:               a queued, a running
      drill +say:          a done
      refused +say:        a failed, a refused
      holding:             holding
      not-delivered +say +say: slept a minute
    accepted (accepted)
      sent +send:          failover, restore
      accepted +say:       drill, click, a refused, a busy, z running
      accepted:            up, down, a queued, says primary, says elsewhere, says moving, taken by broker, not sent, stuck, unstuck, slept a minute
      moving:              a running
      moving +say:         a done
      refused +say:        a failed
      holding:             holding
    moving (moving)
      sent +send:          failover, restore
      moving +say:         drill, click, a done, a refused, a busy, z running
      moving:              up, down, a queued, a running, says primary, says elsewhere, says moving, taken by broker, not sent, stuck, unstuck, slept a minute
      refused +say:        a failed
      holding:             holding
    moving, link lost (moving)
      sent:                failover, restore
      moving +say:         drill, click, a done, a refused, a busy, z running
      moving:              up, down, a queued, a running, says moving, taken by broker, not sent, stuck, unstuck, slept a minute
      refused +say:        a failed, says primary
      offline +say:        says elsewhere
      holding:             holding
    done, state late (moving)
      sent +send:          failover, restore
      moving +say:         drill, click, a done, a refused, a busy, z running
      moving:              up, down, a queued, a running, says moving, taken by broker, not sent, stuck, unstuck, slept a minute
      refused +say:        a failed
      primary:             says primary
      maintenance:         says elsewhere
      holding:             holding
    drill runs (drill)
      sent +send:          failover, restore, drill
      drill +say:          click, a done, a refused, a busy, z running
      drill:               up, down, a queued, a running, says primary, says elsewhere, says moving, taken by broker, not sent, stuck, unstuck, slept a minute
      refused +say:        a failed
      holding:             holding
    drill done (drill)
      sent +send:          failover, restore, drill
      primary +say:        click
      drill:               up, down, says primary, says elsewhere, says moving, taken by broker, not sent, stuck, unstuck, slept a minute
      drill +say:          a queued, a running, a done, a failed, a refused, a busy, z running
      holding:             holding
    refused (refused)
      sent +send:          failover, restore, drill
      primary +say:        click
      refused:             up, down, says primary, says elsewhere, says moving, taken by broker, not sent, stuck, unstuck, slept a minute
      refused +say:        a queued, a running, a done, a failed, a refused, a busy, z running
      holding:             holding
    not heard in time (not-delivered)
      sent +send:          failover, restore, drill
      primary +say:        click
      not-delivered:       up, down, says primary, says elsewhere, says moving, taken by broker, not sent, stuck, unstuck, slept a minute
      accepted:            a queued
      moving:              a running
      moving +say:         a done
      refused +say:        a failed, a refused
      not-delivered +say:  a busy, z running
      holding:             holding
    "
  `);
});
