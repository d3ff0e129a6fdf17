import { expect, test } from 'vitest';
import type { JobRow } from '../../cloud/engine/job.ts';
import { makeStateReader } from '../../cloud/intake/views.ts';
import type { JobData } from '../../cloud/jobs/command.ts';
import { initialState, type SwitchState } from '../../cloud/jobs/state.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { switchAs } from '../jobs/move-world.ts';
import { JOB_DATA } from '../jobs/run-driver.ts';

const automation = { mode: 'on', maxSwitches: 3, withinMs: 600_000 } as const;
const at = (position: string, revision: number): SwitchState => ({ ...initialState('www', 0), position, revision });
const running: JobRow<JobData> = {
  id: 'j1',
  lane: 'www',
  status: 'running',
  exclusive: true,
  sender: 'token:ops',
  commandId: null,
  data: JOB_DATA,
  acceptedAtMs: 0,
  startedAtMs: 0,
  finishedAtMs: null,
  deadlineAtMs: 1,
  interrupt: null,
  steps: [],
};

/** A store in which something is decided before the read of that number, 0 the first. */
function storeThatMoves(before: number, from: SwitchState, to: SwitchState, jobs: readonly JobRow<JobData>[]) {
  let reads = 0;
  const isBefore = (): boolean => reads++ < before;
  return {
    reads: () => reads,
    state: async () => (isBefore() ? from : to),
    jobs: async () => (isBefore() ? jobs : []),
  };
}

test.for(Array.from({ length: 12 }, (_, number) => number))(
  'a state that is read while its job ends is that of before or after, never half of each (read %i)',
  async (number) => {
    const engine = storeThatMoves(number, at('primary', 1), at('maintenance', 2), [running]);
    const { position, from, to, job, revision } = await makeStateReader(engine, automation, systemClock)(switchAs());
    expect([
      { position: 'moving', from: 'primary', to: 'maintenance', job: 'j1', revision: 1 },
      { position: 'maintenance', from: null, to: null, job: null, revision: 2 },
    ]).toContainEqual({ position, from, to, job, revision });
  },
);

test('a switch on which something is decided at every moment is told all the same', async () => {
  let revision = 0;
  const engine = { state: async () => at('primary', ++revision), jobs: async () => [] };
  const state = await makeStateReader(engine, automation, systemClock)(switchAs());
  expect(state.position).toBe('primary');
});
