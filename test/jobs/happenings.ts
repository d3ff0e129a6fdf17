import * as fc from 'fast-check';
import type { JobRow } from '../../cloud/engine/job.ts';
import type { JobData } from '../../cloud/jobs/command.ts';
import type { Automation, Guards } from '../../cloud/jobs/switch.ts';
import { MINUTE, SECOND, START_MS, type World } from './lane-driver.ts';

/** Anything that can happen to two switches, for whoever holds a promise over all of it. */

export const SWITCHES = ['www', 'shop'] as const;

const on = fc.constantFrom(...SWITCHES);
const id = fc.option(fc.constantFrom('i1', 'i2', 'i3'), { nil: undefined });
const key = fc.constantFrom('monitor-1', 'monitor-2', null);
const cycle = fc.option(fc.constantFrom('c1', 'c2', 'c3'), { nil: undefined });
const atMs = fc.option(fc.integer({ min: START_MS - MINUTE, max: START_MS + 10 * MINUTE }), { nil: undefined });
const position = fc.constantFrom('primary', 'maintenance', 'dr');
const forMs = fc.constantFrom(null, MINUTE, 10 * MINUTE);

export const happening = fc.oneof(
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
type Happening = typeof happening extends fc.Arbitrary<infer Value> ? Value : never;

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

export const surroundings = fc.record({
  mode: fc.constantFrom<Automation['mode']>('on', 'on', 'on', 'observe', 'off'),
  maxSwitches: fc.constantFrom(1, 2, 3),
  hold: fc.constantFrom<Guards['hold']>('until-released', 'none', 10 * MINUTE),
  restoreAfterMs: fc.constantFrom(0, 2 * MINUTE),
  at: fc.constantFrom('primary', null),
});

export function happen(world: World, happening: Happening): void {
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
export function endSome(world: World, job: JobRow<JobData> | undefined, how: string, elsewhere: string): void {
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
