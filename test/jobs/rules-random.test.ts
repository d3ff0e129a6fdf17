import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isUnfinished, type JobRow } from '../../cloud/engine/job.ts';
import type { JobData } from '../../cloud/jobs/command.ts';
import { holdInForce } from '../../cloud/jobs/state.ts';
import type { Automation, Guards } from '../../cloud/jobs/switch.ts';
import { makeWorld, MINUTE, SECOND, START_MS, type Turn, type World } from './lane-driver.ts';

/** Whatever happens, in whatever order: promises that hold after every single decision. */

const SWITCHES = ['www', 'shop'] as const;
const PERMIT_CODES = ['held', 'tripped', 'observe', 'off', 'acknowledged', 'wrong-position', 'alerts-open'];

const on = fc.constantFrom(...SWITCHES);
const id = fc.option(fc.constantFrom('i1', 'i2', 'i3'), { nil: undefined });
const key = fc.constantFrom('monitor-1', 'monitor-2', null);
const cycle = fc.option(fc.constantFrom('c1', 'c2', 'c3'), { nil: undefined });
const atMs = fc.option(fc.integer({ min: START_MS - MINUTE, max: START_MS + 10 * MINUTE }), { nil: undefined });
const position = fc.constantFrom('primary', 'maintenance', 'dr');
const forMs = fc.constantFrom(null, MINUTE, 10 * MINUTE);

const event = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('press' as const), on, id, what: pressed(), by: by() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('alert' as const), on, id, key, cycle, atMs }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('recover' as const), on, id, key, cycle, atMs }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('end' as const), on, how: ending(), position }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('change' as const), on }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hold' as const), on, forMs }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const), on }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel' as const), nth: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('found' as const), on, position }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drift' as const), on }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: passing() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('silence' as const), ms: passing() }) },
);
type Happening = typeof event extends fc.Arbitrary<infer Value> ? Value : never;

function pressed() {
  return fc.constantFrom(
    ...(['failover', 'restore', 'drill'] as const).map((command) => ({ command })),
    { command: 'failover' as const, to: 'dr' },
    { command: 'restore' as const, to: 'before' },
    { command: 'restore' as const, ifRevision: 2 },
    { command: 'failover' as const, ageMs: 2 * MINUTE },
  );
}

function by() {
  return fc.constantFrom('lobby', 'gate');
}

function passing() {
  return fc.constantFrom(0, SECOND, 30 * SECOND, MINUTE, 5 * MINUTE, 40 * MINUTE);
}

function ending() {
  return fc.constantFrom('there', 'failed', 'refused', 'superseded', 'cancelled', 'unknown-outcome', 'moved-by-others');
}

const options = fc.record({
  mode: fc.constantFrom<Automation['mode']>('on', 'on', 'on', 'observe', 'off'),
  maxSwitches: fc.constantFrom(1, 2, 3),
  hold: fc.constantFrom<Guards['hold']>('until-released', 'none', 10 * MINUTE),
  restoreAfterMs: fc.constantFrom(0, 2 * MINUTE),
  at: fc.constantFrom('primary', null),
});

test('every decision keeps every promise, whatever happens in whatever order', () => {
  expect.hasAssertions();
  fc.assert(
    fc.property(
      options,
      fc.array(event, { maxLength: 60 }),
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

function happen(world: World, happening: Happening): void {
  switch (happening.do) {
    case 'press':
      world.press(happening.what.command, {
        ...happening.what,
        ...given(happening.id),
        on: happening.on,
        by: happening.by,
      });
      return;
    case 'alert':
    case 'recover': {
      const { key, cycle, atMs } = happening;
      const sent = { key, on: happening.on, ...given(happening.id) };
      const dated = { ...sent, ...(cycle === undefined ? {} : { cycle }), ...(atMs === undefined ? {} : { atMs }) };
      world[happening.do](dated);
      return;
    }
    case 'end':
      endSome(
        world,
        world.unfinished(happening.on).find(({ status }) => status === 'running'),
        happening.how,
        happening.position,
      );
      return;
    case 'change':
      if (world.running(happening.on)) world.step(world.running(happening.on)?.id, 'change');
      return;
    case 'hold':
      world.hold(happening.forMs, happening.on);
      return;
    case 'release':
      world.release(happening.on);
      return;
    case 'cancel':
      world.cancel(`job-${happening.nth}`);
      return;
    case 'clear':
      world.clear(happening.key ?? 'url:www');
      return;
    case 'found':
      world.found(happening.position, happening.on);
      return;
    case 'drift':
      world.observe({ kind: 'drifted', differences: ['A is 198.51.100.1'] }, happening.on);
      return;
    case 'pass':
      world.pass(happening.ms);
      return;
    case 'silence':
      world.silence(happening.ms);
  }
}

function given(id: string | undefined): { id?: string } {
  return id === undefined ? {} : { id };
}

/** Ends as the runbook may end: a success is where it was going, anything else may have found the records anywhere. */
function endSome(world: World, job: JobRow<JobData> | undefined, how: string, elsewhere: string): void {
  if (!job) return;
  const was = world.stateOf(job.lane).position;
  if (job.data.command === 'drill') return world.end(job, { status: 'succeeded', outcome: 'drilled' });
  const error = { code: how, message: 'Because.', hint: 'Look.', guard: null };
  switch (how) {
    case 'there':
      return world.end(job, {
        status: 'succeeded',
        outcome: was === job.data.to ? 'already-there' : 'switched',
        reading:
          job.data.to === 'before'
            ? { kind: 'drifted', differences: ['as before'] }
            : { kind: 'position', position: job.data.to },
      });
    case 'unknown-outcome':
      return world.end(job, { status: 'failed', error, reading: { kind: 'unknown', why: 'no answer' } });
    case 'moved-by-others':
      return world.end(job, { status: 'refused', error, reading: { kind: 'position', position: elsewhere } });
    case 'failed':
    case 'refused':
      return world.end(job, { status: how, error });
    default:
      return world.end(job, { status: how === 'cancelled' ? 'cancelled' : 'superseded' });
  }
}

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
