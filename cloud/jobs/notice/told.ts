import type { Severity } from '../../../shared/notice.ts';

/** A page that calls somebody until it is resolved. */
export type Page = {
  /** An incident (or a failover that failed), automation that stopped itself, another controller at work. */
  readonly about: 'incident' | 'trip' | 'contest';
  readonly key: string;
  readonly severity: Severity;
};

/** What people have been told about a switch, kept with its state: a crash between two notices loses neither. */
export type Told = {
  /** How many notices were made: the next one's number. */
  readonly count: number;
  readonly pages: readonly Page[];
  /** A failover failed and nothing has moved since: its page stays. */
  readonly trouble: { readonly key: string; readonly automatic: boolean } | null;
  /** Reminders of one time away from primary: how many were sent, and when the next one is due. */
  readonly reminder: { readonly of: string; readonly sent: number; readonly atMs: number } | null;
  /** What was told a moment ago and is not told again. */
  readonly hushed: readonly { readonly what: string; readonly untilMs: number }[];
  readonly devices: { readonly [device: string]: { readonly online: boolean; readonly sinceMs: number } };
  readonly drills: { readonly [device: string]: { readonly sinceMs: number; readonly toldAtMs: number | null } };
};

export const NOTHING_TOLD: Told = {
  count: 0,
  pages: [],
  trouble: null,
  reminder: null,
  hushed: [],
  devices: {},
  drills: {},
};
