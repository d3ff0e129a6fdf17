import type { Clock } from '../../shared/clock.ts';
import type { State } from '../../shared/messages.ts';
import { isUnfinished } from '../engine/job.ts';
import { describeState } from '../jobs/describe.ts';
import type { Automation, Switch } from '../jobs/switch.ts';
import type { SwitchEngine } from './accept.ts';

/** More unfinished jobs than a switch can have: one runs, and newer intents supersede what waits. */
const UNFINISHED_MAX = 50;

/** Reads the state of a switch as people see it. Rejects with `store-unavailable`. */
export function makeStateReader(
  engine: Pick<SwitchEngine, 'state' | 'jobs'>,
  automation: Automation,
  clock: Clock,
): (settings: Switch) => Promise<State> {
  return async (settings) => {
    const lane = settings.name;
    const [state, newestFirst] = await Promise.all([engine.state(lane), engine.jobs({ lane, limit: UNFINISHED_MAX })]);
    const unfinished = newestFirst.filter(isUnfinished).toReversed();
    return describeState(settings, automation, state, unfinished, clock.nowMs());
  };
}
