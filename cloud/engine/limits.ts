/** How long a claim of a job lasts without a heartbeat. */
export const LEASE_MS = 4_000;

/**
 * Between two heartbeats, and between two looks for jobs whose owner is dead. An owner that dies has extended its lease
 * at most 4 s before its end; the next look is at most 0.5 s later: 4.5 s, inside the five that are promised.
 */
export const BEAT_MS = 500;

/** An answer to a last look that took longer is asked for again: half a lease, so that it is of a lease that still lasts. */
export const LOOK_MS_MAX = 2_000;

/** A step that has told nothing for so long is reported, once. Route 53 is INSYNC within 60 s nearly always. */
export const STUCK_MS = 90_000;

/** The slow look at timers and messages that nobody woke us for: another process's, or those of a moved clock. */
export const SLOW_POLL_MS = 5_000;

/** A lane is asked by its timer at most this often, so that a rule that wants to be woken in the past cannot spin. */
export const TIMER_GAP_MS = 20;

/** Between two tries of a store that is away: 0.1, 0.2, 0.4, 0.8, 1, 1 … s. */
export const STORE_RETRY_MS = { min: 100, max: 1_000 } as const;

/** Between two tries to deliver: 0.5, 1, 2 … 30 s. */
export const DELIVERY_RETRY_MS = { min: 500, max: 30_000 } as const;

/** What a receiver may put off the next try by itself: one that names a day has lost its mind, or its clock. */
export const DELIVERY_LATER_MS_MAX = 3_600_000;

/** One try to deliver may last so long, when its receiver names no other time. */
export const DELIVERY_TRY_MS = 30_000;

/** Between two tries of what failed by a mistake of ours: 1, 2, 4 … 30 s. */
export const MISTAKE_RETRY_MS = { min: 1_000, max: 30_000 } as const;

/** How long an ended job is kept, and with it the ids of its commands, which must be known for at least a day. */
export const JOB_KEPT_MS = 30 * 86_400_000;

/** Between two looks for jobs that have been kept long enough. */
export const PRUNE_PAUSE_MS = 600_000;

/** Between two prunings while there is more: each takes a few hundred, so that no command waits for it. */
export const PRUNE_REST_MS = 1_000;

/** How long what one endpoint does for all of them stays with one that says nothing more. */
export const ENDPOINT_LEASE_MS = 3_500;

/** How long it counts the store's yes itself: less, because the clocks of two machines agree only so well. */
export const ENDPOINT_LEASE_OWN_MS = 3_000;

/** Between two looks at that lease, by whoever has it and by those who stand by. */
export const ENDPOINT_LOOK_MS = 500;
