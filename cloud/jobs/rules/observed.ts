import type { SwitchCommand } from '../command.ts';
import type { Answer } from './answer.ts';
import { contestInForce } from '../state.ts';
import { write, type Draft } from './draft.ts';
import { forgetMove } from './everywhere.ts';
import { observe, type Adoption } from './external.ts';
import { judgeNow } from './judge.ts';

type Observed = Extract<SwitchCommand, { kind: 'observed' }>;

/**
 * The live records were read. While a move is under way it looks for itself, and what somebody else sees meanwhile may
 * be its own change half-way. A job that only waits needs a first position, and nothing else of this.
 */
export function onObserved(draft: Draft, { reading, atRevision }: Observed): Answer {
  const { state, jobs, settings, nowMs } = draft;
  const unread = state.position === 'unknown';
  const busy = jobs.some(({ exclusive, status }) => exclusive && (status !== 'waiting' || !unread));
  if (busy)
    return { job: null, refusal: null, text: `${settings.name} has a job; what was read meanwhile is not used.` };
  if (atRevision !== undefined && atRevision !== state.revision) {
    const text = `${settings.name} has changed since its records were read; what was read is not used.`;
    return { job: null, refusal: null, text };
  }
  const found = observe(state, reading, settings, nowMs);
  learn(draft, found);
  // Alerts that opened before anything was known have waited for this.
  if (unread && draft.state.position !== 'unknown') draft.state = judgeNow(draft.state, nowMs);
  return { job: null, refusal: null, text: found.text ?? `${settings.name} is as it was.` };
}

/** What the records have turned out to be, in the state and, where no job explains it, in the journal. */
export function learn(draft: Draft, { state, text, notMade = [] }: Adoption): void {
  const { position: from } = draft.state;
  draft.state = state;
  for (const job of notMade) draft.everywhere = forgetMove(draft.everywhere, job);
  if (text === null) return;
  const contest = contestInForce(state) !== undefined;
  const detail = { from, to: state.position, ...(contest && { contest }) };
  write(draft, state.position === 'drifted' ? 'drift' : 'adopted', text, detail);
}
