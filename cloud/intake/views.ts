import type { Clock } from '../../shared/clock.ts';
import type { State } from '../../shared/messages.ts';
import { unfinishedJobs } from '../engine/unfinished.ts';
import { describeState } from '../jobs/describe.ts';
import type { Automation, Switch } from '../jobs/switch.ts';
import type { SwitchEngine } from './accept.ts';

/** Each look costs four reads of the store; a switch on which more is decided meanwhile is told as it was last seen. */
const LOOKS_MAX = 4;

/**
 * Reads the state of a switch as people see it: state and jobs of one moment, so that nobody reads of a move that its
 * state has never heard of, or of none while the records are between two positions. Rejects with `store-unavailable`.
 */
export function makeStateReader(
  engine: Pick<SwitchEngine, 'state' | 'jobs'>,
  automation: Automation,
  clock: Clock,
): (settings: Switch) => Promise<State> {
  return async (settings) => {
    const lane = settings.name;
    let state = await engine.state(lane);
    let unfinished = await unfinishedJobs(engine, lane);
    for (let look = 1; look < LOOKS_MAX; look += 1) {
      const after = await engine.state(lane);
      // Nothing was decided between the two: the jobs read in between are those of this state.
      if (JSON.stringify(after) === JSON.stringify(state)) break;
      state = after;
      unfinished = await unfinishedJobs(engine, lane);
    }
    return describeState(settings, automation, state, unfinished, clock.nowMs());
  };
}
