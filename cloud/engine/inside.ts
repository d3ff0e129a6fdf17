import type { Clock } from '../../shared/clock.ts';
import type { Json } from '../../shared/json.ts';
import type { Log } from '../../shared/log.ts';
import type { Ids } from '../ports.ts';
import type { EngineOptions } from './engine.ts';
import type { JobRow, Lease, StepRow } from './job.ts';
import type { LaneEvent } from './lane.ts';
import type { Outage } from './outage.ts';
import type { Store } from './store.ts';

/** The options as the engine sees them: what the rules call state and data is JSON here, and nobody looks into it. */
export type InsideOptions = EngineOptions<Json, Json, unknown, unknown, Json>;

/** What the parts of an engine share. */
export interface Inside {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly owner: string;
  readonly outage: Outage;
  /** Asks the rules about one event of a lane; what follows is stored, told and started. Rejects when nothing was stored. */
  decide(asked: Asked): Promise<Answered | 'lease-lost'>;
  /** Stores a step and tells of it. */
  step(lease: Lease, step: StepRow): Promise<JobRow | 'lease-lost'>;
}

interface Answered {
  readonly reply: unknown;
  /** Of an `ended` job: the rules have not ended it, and its run is to go on. */
  readonly goesOn: boolean;
}

export interface Asked {
  readonly lane: string;
  /** Made of what was read in the same transaction. `ended` is the job of `lease`. */
  readonly event: (known: JobRow | null, ended: JobRow | null) => LaneEvent<unknown, Json>;
  readonly question?: { readonly sender: string; readonly commandId: string };
  readonly lease?: Lease;
}
