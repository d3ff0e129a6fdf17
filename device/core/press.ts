import type { CommandName } from '../../shared/command.ts';
import type { Job } from '../../shared/messages.ts';
import type { Lamp } from './lamp-signal.ts';

/** MQTT is the first; HTTPS straight to the endpoint is the second, for when nobody answers on the first. */
export type Road = 'mqtt' | 'https';

/** One intention of one finger. Its id stays the same on every road and in every repeat. */
export interface Intent {
  readonly id: string;
  readonly command: CommandName;
  /** When the gesture was completed, monotonic milliseconds. */
  readonly pressedAtMs: number;
  /** From here on it is never sent again. */
  readonly deadlineAtMs: number;
  /** With restore: the revision of the state that the lamp showed. */
  readonly ifRevision: number | null;
  /** Ids of the presses for the same command that this one has followed, unanswered, newest last. */
  readonly earlier: readonly string[];
  /** An earlier process began it, and may have sent it. */
  readonly recovered: boolean;
}

/** A finger that does not stop: what it pressed before the last few presses is forgotten. */
export const EARLIER_MAX = 10;

/** The newest intention: at most one is under way. */
export type Press =
  | { readonly kind: 'none' }
  /** The endpoint has not said that it heard it. `sends` counts the attempts that may have left. */
  | {
      readonly kind: 'unanswered';
      readonly intent: Intent;
      readonly sends: number;
      readonly nextSendAtMs: number;
      /** The same over HTTPS. `tries` counts every attempt. */
      readonly https: { readonly tries: number; readonly sends: number; readonly nextSendAtMs: number };
    }
  /** The endpoint has a job for it. `missed` when the link was down since: the job's end may have passed unheard. */
  | {
      readonly kind: 'followed';
      readonly intent: Intent;
      readonly job: Job;
      readonly missed: boolean;
      readonly untilMs: number;
      /** The road on which its job was last told. */
      readonly road: Road;
      /** When its job is next asked for over HTTPS, if that is needed. */
      readonly nextAskAtMs: number;
    }
  /** The job succeeded, and the state that says so has not come yet. */
  | {
      readonly kind: 'settling';
      readonly intent: Intent;
      readonly job: Job;
      readonly untilMs: number;
      readonly road: Road;
      readonly nextAskAtMs: number;
    };

/** What the lamp has to tell about a press that is over, until somebody touches the button or some time has passed. */
export type Notice =
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly text: string;
      readonly untilMs: number;
      /** Of a press whose end may still be told. */
      readonly intent?: Intent;
    }
  | { readonly kind: 'not-delivered'; readonly intent: Intent; readonly sends: number; readonly untilMs: number }
  /** An earlier process had a press of which nobody can say how old it is. */
  | { readonly kind: 'lost'; readonly text: string; readonly untilMs: number }
  | { readonly kind: 'drilled'; readonly text: string; readonly untilMs: number }
  /** What the endpoint has confirmed while there is no connection that would tell what came of it since. */
  | {
      readonly kind: 'confirmed';
      readonly lamp: Lamp;
      readonly untilMs: number;
    };

/** The intention that must survive a crash: the one that nobody has answered. */
export function openIntent(press: Press): Intent | undefined {
  return press.kind === 'unanswered' ? press.intent : undefined;
}

/** Repeats until `accepted`: after 1 s, 2 s, 4 s, then every 5 s; some fourteen in the default minute. */
const REPEAT_MS_MIN = 1_000;
export const REPEAT_MS_MAX = 5_000;

/** Wait before the next repeat, when `sends` have been made. */
export function repeatMs(sends: number): number {
  return Math.min(REPEAT_MS_MAX, REPEAT_MS_MIN * 2 ** Math.max(0, sends - 1));
}

/**
 * Whether the job that a message tells of carries out this intention: its own, or one that it joined. So does the job of
 * an earlier press for the same command; but how one of those failed says nothing about the newest.
 */
export function carriesOut(job: Job, { id, earlier }: Intent): boolean {
  if (isOf(job, id)) return true;
  const promises = job.finishedAt === null || job.status === 'succeeded';
  return promises && earlier.some((one) => isOf(job, one));
}

/** Whether it is the job of this very press, or one that it joined. */
export function isOf(job: Job, id: string): boolean {
  return job.trigger.id === id || job.joined.some((trigger) => trigger.id === id);
}
