import type { JobRow } from '../../engine/job.ts';
import type { JobData, NoMove, Reply } from '../command.ts';

/** A reply without the state, which is described when the whole decision is known. */
export interface Answer {
  readonly job: JobRow<JobData> | null;
  readonly refusal: Reply['refusal'];
  readonly text: string;
  readonly movedNothing?: NoMove;
}

/** Who sent a command, and its id for that sender. */
export interface From {
  readonly sender: string;
  readonly commandId: string | null;
}
