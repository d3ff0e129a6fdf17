import type { Reading } from '../command.ts';
import { DIFFERENCES_MAX, recordsBefore, type SwitchState } from '../state.ts';
import type { Switch } from '../switch.ts';
import { contestInWords } from '../sentences.ts';
import { clip, place, sentence } from '../text.ts';
import { acknowledgeAll } from './alerts.ts';
import { restoreSucceeded, failoverSucceeded } from './arrival.ts';
import { endIncident, unconfirmIncident } from './incident.ts';
import { giveBack, takeByOthers } from './ownership.ts';

/** Records that leave our position within this time after our move were put back by something that watches them. */
const CONTEST_MS = 600_000;

/** What a reading of the live records makes of the state; `text` when something changed that no job explains. */
export interface Adoption {
  readonly state: SwitchState;
  readonly text: string | null;
  /** Jobs whose outcome was not known and that have moved nothing, as is certain now. */
  readonly notMade?: readonly string[];
}

/** The records were read while no job was unfinished, or by a job that has not moved them. */
export function observe(state: SwitchState, reading: Reading, settings: Switch, nowMs: number): Adoption {
  switch (reading.kind) {
    case 'unknown':
      // A reading that failed says nothing about the records: what was last known stays.
      return { state, text: null };
    case 'drifted':
      return contested(state, drift(state, reading.differences, settings.name, nowMs), settings.name, nowMs);
    case 'position':
      return (
        settleDoubt(state, reading.position, settings, nowMs) ??
        contested(state, adopt(state, reading.position, settings.name, nowMs), settings.name, nowMs)
      );
  }
}

/** Says so when it was dashover that had moved the records, a moment ago. A person may do this once; a program goes on. */
function contested(before: SwitchState, adoption: Adoption, name: string, nowMs: number): Adoption {
  const { state, text } = adoption;
  const { by, sinceMs, position } = before;
  const ours = by !== null && sinceMs !== null && nowMs - sinceMs <= CONTEST_MS;
  if (text === null || !ours || position === 'drifted') return adoption;
  const contest = { from: position, afterMs: nowMs - sinceMs, atMs: nowMs };
  return { state: { ...state, contest }, text: `${sentence(text)} ${contestInWords(contest, name)}` };
}

/** Records that somebody else moved to a known position. */
function adopt(state: SwitchState, position: string, name: string, nowMs: number): Adoption {
  const from = state.doubt?.from ?? state.position;
  if (from === position) return { state, text: null };
  const first = from === 'unknown';
  const moved = { ...state, position, sinceMs: nowMs, by: null, drift: [], doubt: null };
  if (position !== 'primary') {
    const text = first
      ? `${name} was found at ${position}, where dashover did not move it; it is held until released.`
      : `Somebody else moved ${name} from ${place(from)} to ${position}; it is held until released.`;
    return { state: takeByOthers(moved, nowMs), text };
  }
  // A failover that was asked for before anything was known has not moved it then.
  if (first) return { state: unconfirmIncident(moved, false), text: `${name} was found at primary.` };
  const home = giveBack(endIncident({ ...moved, before: null, alerts: acknowledgeAll(state.alerts, false) }));
  return {
    state: home,
    text: `Somebody else moved ${name} from ${place(from)} to primary; open alerts count as acknowledged.`,
  };
}

/** Records that equal no position. */
export function drift(state: SwitchState, differences: readonly string[], name: string, nowMs: number): Adoption {
  const kept = differences.slice(0, DIFFERENCES_MAX).map((difference) => clip(difference, 300));
  const drifted = { ...state, drift: kept, doubt: null };
  if (state.position === 'drifted') return { state: drifted, text: null };
  const moved: SwitchState = { ...drifted, position: 'drifted', sinceMs: nowMs, by: null };
  const more = kept.length > 1 ? ` (and ${kept.length - 1} more)` : '';
  const text = `The records of ${name} equal no position: ${kept[0] ?? 'no difference was named'}${more}`;
  const { doubt } = state;
  // The records from before equal no position either: found like that, a restore to them may have been made.
  if (doubt?.from !== 'drifted' || doubt.to === 'before') return { state: moved, text };
  return {
    state: unconfirmIncident(moved, doubt.incidentMoved),
    text: `${sentence(text)} The ${doubt.command} whose outcome was not known was not made.`,
    notMade: jobsIn(doubt),
  };
}

/** A reading may answer what became of a move whose outcome could not be learnt: null when it does not, or there is none. */
export function settleDoubt(state: SwitchState, position: string, settings: Switch, nowMs: number): Adoption | null {
  const { doubt } = state;
  if (!doubt) return null;
  const settled: SwitchState = { ...state, position, sinceMs: nowMs, by: null, drift: [], doubt: null };
  const made = [doubt, doubt.earlier].find((move) => move?.to === position);
  if (made) {
    const { kind: trigger, actor } = made.by;
    const by = { trigger, actor, job: made.job };
    const arrived = { ...settled, by, before: recordsBefore(state) };
    const arrival = { to: made.to, automatic: made.automatic, by: made.by, reason: made.reason, switched: true };
    return {
      state:
        made.command === 'restore'
          ? restoreSucceeded(arrived, arrival, settings.guards, nowMs)
          : failoverSucceeded(arrived, arrival, settings.guards, nowMs),
      text: `${settings.name} is at ${position}: the ${made.command} whose outcome was not known was made.`,
      notMade: made === doubt ? [] : [doubt.job],
    };
  }
  if (position !== doubt.from) return null;
  return {
    state: unconfirmIncident(settled, doubt.incidentMoved),
    text: `${settings.name} is still at ${position}: the ${doubt.command} whose outcome was not known was not made.`,
    notMade: jobsIn(doubt),
  };
}

function jobsIn({ job, earlier }: NonNullable<SwitchState['doubt']>): readonly string[] {
  return earlier ? [job, earlier.job] : [job];
}
