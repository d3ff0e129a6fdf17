import type { Clock } from '../../shared/clock.ts';
import type { State } from '../../shared/messages.ts';
import { unfinishedJobs } from '../engine/unfinished.ts';
import { describeState } from '../jobs/describe.ts';
import type { Automation, Switch } from '../jobs/switch.ts';
import type { SwitchEngine } from './accept.ts';

/** Reads the state of a switch as people see it. Rejects with `store-unavailable`. */
export function makeStateReader(
  engine: Pick<SwitchEngine, 'state' | 'jobs'>,
  automation: Automation,
  clock: Clock,
): (settings: Switch) => Promise<State> {
  return async (settings) => {
    const lane = settings.name;
    const [state, unfinished] = await Promise.all([engine.state(lane), unfinishedJobs(engine, lane)]);
    return describeState(settings, automation, state, unfinished, clock.nowMs());
  };
}
