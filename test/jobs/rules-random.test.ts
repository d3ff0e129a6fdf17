import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isUnfinished, type JobRow } from '../../cloud/engine/job.ts';
import type { JobData } from '../../cloud/jobs/command.ts';
import { holdInForce } from '../../cloud/jobs/state.ts';
import type { Automation } from '../../cloud/jobs/switch.ts';
import { endSome, happen, happening, surroundings, SWITCHES } from './happenings.ts';
import { makeWorld, MINUTE, type Turn, type World } from './lane-driver.ts';

/** Whatever happens, in whatever order: promises that hold after every single decision. */

const PERMIT_CODES = ['held', 'tripped', 'observe', 'off', 'acknowledged', 'wrong-position', 'alerts-open'];

test('every decision keeps every promise, whatever happens in whatever order', () => {
  expect.hasAssertions();
  fc.assert(
    fc.property(
      surroundings,
      fc.array(happening, { maxLength: 60 }),
      ({ mode, maxSwitches, hold, restoreAfterMs, at }, events) => {
        const world = makeWorld({
          switches: SWITCHES,
          automation: { mode, maxSwitches },
          guards: { hold, restoreAfterMs },
          at,
        });
        const ids = new Map<string, string>();
        world.watch((turn) => promises(turn, world.automation, ids));
        for (const happening of events) happen(world, happening);
        settle(world);
      },
    ),
    { numRuns: 400 },
  );
});

function promises({ event, before, jobs, decision }: Turn, automation: Automation, ids: Map<string, string>): void {
  const after = decision.state;
  const changed = four(before) !== four(after);
  expect(after.revision, 'the revision grows by one exactly with position, hold, incident or trip').toBe(
    before.revision + (changed ? 1 : 0),
  );
  for (const { automatic, command, alert, id } of begun(decision, jobs)) {
    if (!automatic || command === 'drill') continue;
    expect(automation.mode, `${id} by automation`).toBe('on');
    expect(holdInForce(after), `${id} by automation on a held switch`).toBeNull();
    expect(after.tripped, `${id} by tripped automation`).toBeNull();
    if (command === 'failover') {
      const answered = after.alerts.find(({ key }) => key === alert);
      expect(answered, `${id} answers an open alert that no human has restored over`).toMatchObject({
        open: true,
        acknowledged: false,
      });
      expect(['primary', 'drifted'], `${id} leaves another position`).toContain(after.position);
    }
    if (command === 'restore') {
      expect(after.incident?.by === 'automation' || after.incident?.holdRanOut, `${id} undoes a human`).toBe(true);
      expect(
        after.alerts.some(({ open }) => open),
        `${id} restores over an open alert`,
      ).toBe(false);
    }
  }
  journalled(event, decision, before);
  if (event.kind === 'command') known(event, decision, ids);
  expect(JSON.stringify(after).length).toBeLessThan(20_000);
}

function four({ position, hold, incident, tripped }: Turn['before']): string {
  return JSON.stringify([position, hold, incident?.id ?? null, tripped]);
}

function begun({ jobs }: Turn['decision'], before: readonly JobRow<JobData>[]) {
  return jobs.flatMap((change) => {
    if (change.kind === 'add' && change.status === 'running') return [{ id: change.id, ...change.data }];
    if (change.kind !== 'start') return [];
    expect(before.find(({ id }) => id === change.id)?.status, 'only what waits starts').not.toBe('running');
    return [{ id: change.id, ...change.data }];
  });
}

function journalled(event: Turn['event'], decision: Turn['decision'], before: Turn['before']): void {
  const asked = event.kind === 'ended' || (event.kind === 'command' && event.command.kind !== 'observed');
  const moved = decision.jobs.some(({ kind }) => kind !== 'update') || four(before) !== four(decision.state);
  if (asked || moved) expect(decision.journal.length, `a line for ${JSON.stringify(event)}`).toBeGreaterThan(0);
}

function known(
  event: Extract<Turn['event'], { kind: 'command' }>,
  decision: Turn['decision'],
  ids: Map<string, string>,
): void {
  const { command, sender, commandId, known } = event;
  if (command.kind === 'move' && !command.origin.automatic) {
    expect(PERMIT_CODES, 'no guard of automation stops a human').not.toContain(decision.reply.refusal?.code);
  }
  if (known) expect(decision.jobs.filter(({ id }) => id === decision.reply.job?.id && id !== known.id)).toEqual([]);
  const { job } = decision.reply;
  if (commandId === null || !job) return;
  const first = ids.get(`${sender} ${commandId}`);
  // A repeat of an alert is answered with the job in hand for it, which its own id did not make.
  if (first !== undefined) expect(job.id, 'the same id is the same job').toBe(first);
  else if (job.commandId === commandId || job.data.joined.some((joined) => joined.id === commandId)) {
    ids.set(`${sender} ${commandId}`, job.id);
  }
}

/** Faults stop, jobs end, time passes: nothing may be left waiting for nothing. */
function settle(world: World): void {
  for (const name of SWITCHES) if (world.stateOf(name).position === 'unknown') world.found('primary', name);
  for (let round = 0; round < 40; round += 1) {
    for (const name of SWITCHES) {
      for (const job of world.unfinished(name))
        if (job.status === 'running') endSome(world, world.job(job.id), 'there', 'primary');
      if (world.stateOf(name).position === 'unknown') world.found('primary', name);
    }
    world.pass(10 * MINUTE);
  }
  for (const name of SWITCHES) {
    expect(world.unfinished(name).map(({ status }) => status)).toEqual([]);
    const { position, incident } = world.stateOf(name);
    if (position === 'primary') expect(incident, 'at primary with nothing in hand there is no incident').toBeNull();
  }
  expect(world.jobs.every((job) => !isUnfinished(job))).toBe(true);
}

test('the state stays bounded under hundreds of alerts with enormous names', () => {
  const world = makeWorld({ automation: { mode: 'off' } });
  for (let nth = 0; nth < 300; nth += 1) {
    world.alert({ key: `${'k'.repeat(5_000)}${nth}` });
    if (nth % 2 === 0) world.recover({ key: `${'k'.repeat(5_000)}${nth}` });
  }
  expect(world.stateOf().alerts.length).toBeLessThanOrEqual(200);
  expect(JSON.stringify(world.stateOf()).length).toBeLessThan(250_000);
});

test('what joins a job is bounded, and every sender is answered', () => {
  const world = makeWorld();
  for (let nth = 0; nth < 500; nth += 1) {
    const replyTo = [{ topic: `devices/d${nth}/replies`, whole: false, correlationData: null }];
    world.press('failover', { by: `d${nth}`, id: 'x', replyTo });
    expect(world.sent(`devices/d${nth}/replies`)).toHaveLength(1);
  }
  expect(world.jobs).toHaveLength(1);
  expect(JSON.stringify(world.running()?.data).length).toBeLessThan(20_000);
});
