import type { CommandName } from '../../shared/command.ts';
import type { TriggerKind } from '../../shared/messages.ts';
import type { RecordSet } from '../ports.ts';
import type { Told } from './notice/told.ts';

/** Alerts remembered for one switch, closed ones included; beyond it the oldest closed ones are forgotten. */
export const ALERTS_MAX = 200;
/** A closed alert is remembered this long, so that a late or repeated delivery of it is known for what it is. */
export const ALERT_REMEMBERED_MS = 7 * 86_400_000;
/** Differences of drifted records kept and shown. */
export const DIFFERENCES_MAX = 50;

/** Who asked for something: the road, and the device, token or trigger on it. */
export type Asker = { readonly kind: TriggerKind; readonly actor: string };

/** What a source of alerts has said about one alert, open or closed. */
export type AlertMark = {
  readonly key: string;
  readonly cycle: string | null;
  readonly title: string;
  /** Automation's failover goes there, when this alert is judged again. */
  readonly to: string;
  readonly by: Asker;
  /** The source names no alerts (an HTTP trigger): a human's restore that succeeds closes it. */
  readonly nameless: boolean;
  /** When it opened, by our clock. */
  readonly sinceMs: number;
  /** The date of the newest event that changed it, by the source's clock, or null where it has none. */
  readonly eventAtMs: number | null;
  /** When we last heard of it and believed it. */
  readonly heardAtMs: number;
  readonly open: boolean;
  /** A human has restored over it: it moves nothing until it has closed and opened anew. */
  readonly acknowledged: boolean;
};

/** A human's ownership of the switch. */
export type Hold = {
  readonly by: string;
  readonly reason: string | null;
  readonly sinceMs: number;
  /** Null until released. */
  readonly untilMs: number | null;
};

/**
 * Two reasons to be held, each with its own end: a human asked for it, or a move took it (a human's failover, or
 * somebody else's move of the records). A human's restore gives back what a move took, and leaves what was asked for.
 */
type Holds = { readonly asked: Hold | null; readonly taken: Hold | null };

export type Incident = {
  /** The job of the first failover: the dedup key of notifications. */
  readonly id: string;
  readonly by: 'automation' | 'human';
  /** A failover of this incident has succeeded, or may have: only a restore ends it. */
  readonly moved: boolean;
  /** The human's hold has run out by its own time: automation may restore what the human began. */
  readonly holdRanOut: boolean;
};

export type Trip = {
  /** `switch`: the flapping limit, lifted by a human's restore too. `everywhere`: the endpoint's limit. */
  readonly scope: 'switch' | 'everywhere';
  readonly sinceMs: number;
  readonly text: string;
};

/** A move whose outcome could not be learnt: the next reading of the records settles it. */
type Doubt = {
  readonly job: string;
  readonly command: CommandName;
  readonly from: string;
  readonly to: string;
  readonly automatic: boolean;
  readonly by: Asker;
  readonly reason: string | null;
  /** The records that its failover found, when they equalled no position. */
  readonly before: readonly RecordSet[] | null;
  /** The incident had moved the switch before, for certain. */
  readonly incidentMoved: boolean;
  /** The move before it, when that was in doubt as well: found where that went to, this one was not made. */
  readonly earlier: Omit<Doubt, 'earlier'> | null;
};

/** Somebody took the records back soon after dashover had moved them: another controller, most likely. */
type Contest = {
  /** Where dashover had moved them. */
  readonly from: string;
  /** How long they stayed there. */
  readonly afterMs: number;
  /** When it was seen: it is told for as long as nothing has moved since. */
  readonly atMs: number;
};

/** A recovery that a human's hold keeps from moving the switch, with no alert open: judged when it ends by its time. */
type HeldRecovery = {
  readonly key: string;
  readonly by: Asker;
  /** The hold has ended by its time: it is to be judged now. */
  readonly due: boolean;
};

/** Everything remembered about a switch. A type, not an interface, so that it fits into the Json of a lane. */
export type SwitchState = {
  readonly switch: string;
  /** Where the live records were when last read: a position, `drifted` or `unknown`. */
  readonly position: string;
  readonly sinceMs: number | null;
  readonly by: { readonly trigger: TriggerKind; readonly actor: string; readonly job: string } | null;
  /** Grows when position, hold, incident or trip changes, once per decision. */
  readonly revision: number;
  readonly drift: readonly string[];
  readonly hold: Holds;
  readonly incident: Incident | null;
  readonly tripped: Trip | null;
  /** The number of the newest endpoint-wide trip that this switch has heard of. */
  readonly tripHeard: number;
  readonly alerts: readonly AlertMark[];
  readonly heldRecovery: HeldRecovery | null;
  /** When automation made its recent moves: what the flapping limit counts. */
  readonly moves: readonly number[];
  /** Since when `restoreAfter` runs: a restore waits and every alert has been clear. */
  readonly clearSinceMs: number | null;
  /** Since when `cooldown` runs: automation has failed over. */
  readonly coolingSinceMs: number | null;
  /** When an endpoint last asked about this switch: what it could have heard of. */
  readonly aliveAtMs: number;
  /** When open alerts are to be judged again, and how often that has failed in a row. */
  readonly judge: { readonly atMs: number | null; readonly failures: number };
  readonly doubt: Doubt | null;
  readonly contest?: Contest;
  /** The owned sets as the failover found them, when they equalled no position. */
  readonly before: readonly RecordSet[] | null;
  readonly cachesUntilMs: number | null;
  /** When the state was last told as a message. */
  readonly toldAtMs: number | null;
  readonly bornAtMs: number;
  /** What people were told of it; there only where somebody is to be told. */
  readonly told?: Told;
};

/** What all switches of the endpoint share. */
export type Everywhere = {
  /** Recent moves by automation, running ones included. */
  readonly moves: readonly { readonly switch: string; readonly job: string; readonly atMs: number }[];
  /** How often automation has tripped everywhere, and the last time. */
  readonly trips: number;
  readonly trip: { readonly atMs: number; readonly text: string } | null;
  /** When a drill or a move from each device last succeeded, on whichever switch. */
  readonly drills?: { readonly [device: string]: number };
};

export function initialState(name: string, nowMs: number): SwitchState {
  return {
    switch: name,
    position: 'unknown',
    sinceMs: null,
    by: null,
    revision: 0,
    drift: [],
    hold: { asked: null, taken: null },
    incident: null,
    tripped: null,
    tripHeard: 0,
    alerts: [],
    heldRecovery: null,
    moves: [],
    clearSinceMs: null,
    coolingSinceMs: null,
    aliveAtMs: nowMs,
    judge: { atMs: null, failures: 0 },
    doubt: null,
    before: null,
    cachesUntilMs: null,
    toldAtMs: null,
    bornAtMs: nowMs,
  };
}

export const NOWHERE: Everywhere = { moves: [], trips: 0, trip: null };

/** The hold that lasts longest of those in force, or null. */
export function holdInForce({ hold: { asked, taken } }: Pick<SwitchState, 'hold'>): Hold | null {
  if (!asked || !taken) return asked ?? taken;
  if (asked.untilMs === null) return asked;
  return taken.untilMs === null || taken.untilMs > asked.untilMs ? taken : asked;
}

/** The records that a failover found at no position, and has replaced or may have: what a restore to `before` brings back. */
export function recordsBefore({ before, doubt }: Pick<SwitchState, 'before' | 'doubt'>): readonly RecordSet[] | null {
  return doubt?.before ?? before;
}

/** Somebody took the records from where dashover had moved them, and they are as that left them. */
export function contestInForce({
  contest,
  sinceMs,
  by,
}: Pick<SwitchState, 'contest' | 'sinceMs' | 'by'>): Contest | undefined {
  return contest?.atMs === sinceMs && by === null ? contest : undefined;
}

export function openAlerts(state: Pick<SwitchState, 'alerts'>): readonly AlertMark[] {
  return state.alerts.filter(({ open }) => open);
}

/** The position to move away from, or null where the records are at none that has a name. */
export function startOf({ position }: Pick<SwitchState, 'position'>): string | null {
  return position === 'unknown' || position === 'drifted' ? null : position;
}
