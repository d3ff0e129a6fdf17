import { durationInWords } from '../../../shared/duration.ts';
import { NOWHERE, type Everywhere, type SwitchState } from '../state.ts';
import type { Automation } from '../switch.ts';
import { count } from '../text.ts';

/** The part of the shared state that still counts at `nowMs`. */
export function recent(everywhere: Everywhere | undefined, { withinMs }: Automation, nowMs: number): Everywhere {
  if (!everywhere) return NOWHERE;
  return { ...everywhere, moves: everywhere.moves.filter(({ atMs }) => atMs > nowMs - withinMs) };
}

/** Would one more move by automation, of this switch, be one switch too many? Moving one switch twice counts once. */
export function tooMany(everywhere: Everywhere, { maxSwitches }: Automation, name: string): boolean {
  const others = new Set(everywhere.moves.map((move) => move.switch).filter((other) => other !== name));
  return others.size + 1 > maxSwitches;
}

/** A job by automation begins; it counts from now on, so that several beginning at once are seen. */
export function countMove(everywhere: Everywhere, move: Everywhere['moves'][number]): Everywhere {
  return { ...everywhere, moves: [...everywhere.moves, move] };
}

/** It ended and has not moved the switch on automation's account, for certain. */
export function forgetMove(everywhere: Everywhere, job: string): Everywhere {
  return { ...everywhere, moves: everywhere.moves.filter((move) => move.job !== job) };
}

export function tripEverywhere(everywhere: Everywhere, automation: Automation, nowMs: number): Everywhere {
  const { maxSwitches, withinMs } = automation;
  const text =
    `automation has moved ${count(maxSwitches, 'switch').replace('switchs', 'switches')} within ` +
    `${durationInWords(withinMs)} and was about to move one more, so it stopped everywhere; a human must look`;
  return { ...everywhere, trips: everywhere.trips + 1, trip: { atMs: nowMs, text } };
}

/** A human looked and released: the count begins again. Switches that were not released stay tripped. */
export function restartCount(everywhere: Everywhere): Everywhere {
  return { ...everywhere, moves: [] };
}

/** The switch hears of a trip that happened since it last listened; one from before it was known does not touch it. */
export function hearOfTrip(state: SwitchState, { trip, trips }: Everywhere): SwitchState {
  if (!trip || trips === state.tripHeard) return state;
  const heard = { ...state, tripHeard: trips };
  if (trip.atMs < state.bornAtMs) return heard;
  return { ...heard, tripped: { scope: 'everywhere', sinceMs: trip.atMs, text: trip.text } };
}
