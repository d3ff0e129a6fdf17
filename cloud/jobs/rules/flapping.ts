import { durationInWords } from '../../../shared/duration.ts';
import type { SwitchState, Trip } from '../state.ts';
import type { Guards } from '../switch.ts';

/**
 * A restore is one move and the failover after it another: both must fit, or the switch would be left at primary with
 * automation unable to help. So the restore trips instead, and the switch stays failed over.
 */
export function leavesNoMove({ moves }: SwitchState, { flapping }: Guards, nowMs: number): boolean {
  const recent = moves.filter((atMs) => atMs > nowMs - flapping.withinMs);
  return recent.length + 2 > flapping.moves;
}

export function flappingTrip(name: string, { flapping }: Guards, nowMs: number): Trip {
  const text =
    `${name} goes back and forth: a restore would use up the ${flapping.moves} moves allowed within ` +
    `${durationInWords(flapping.withinMs)} and leave none for the next failover, so it stays where it is; a human must look`;
  return { scope: 'switch', sinceMs: nowMs, text };
}

/** Automation has moved the switch. As many moves are remembered as the limit can count. */
export function countOwnMove(state: SwitchState, { flapping }: Guards, nowMs: number): SwitchState {
  return { ...state, moves: [...state.moves, nowMs].slice(-flapping.moves) };
}
