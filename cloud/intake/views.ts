import type { Clock } from '../../shared/clock.ts';
import type { State } from '../../shared/messages.ts';
import { readStanding } from '../engine/standing.ts';
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
    const { state, unfinished } = await readStanding(engine, settings.name, (lane) => engine.state(lane));
    return describeState(settings, automation, state, unfinished, clock.nowMs());
  };
}
