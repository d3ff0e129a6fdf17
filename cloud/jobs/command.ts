import type { CommandName } from '../../shared/command.ts';
import type { FaultCode } from '../../shared/faults.ts';
import type { Refusal, State, TriggerKind } from '../../shared/messages.ts';
import type { JobRow } from '../engine/job.ts';
import type { RecordSet } from '../ports.ts';

/** Who sent a command, and how: put together at the door, never by the sender. */
export type Origin = {
  readonly kind: TriggerKind;
  /** The device, token or trigger's name; the topic on the open MQTT topic. */
  readonly actor: string;
  readonly automatic: boolean;
  /** Proved who they are (device, token, trigger): only those may override. */
  readonly authenticated: boolean;
  /** Where else the job's messages go: a device's replies, an MQTT 5 response topic. */
  readonly replyTo: readonly ReplyTo[];
};

export type ReplyTo = {
  readonly topic: string;
  readonly whole: boolean;
  /** Base64. */
  readonly correlationData: string | null;
};

/** What an alert's source said. */
export type AlertEvent = {
  readonly key: string;
  /** Datadog's cycle key, or null where the source has none. */
  readonly cycle: string | null;
  readonly title: string;
  /** The event's own date, or null where the source has none. */
  readonly atMs: number | null;
  /** An event older than this is recorded and moves nothing; undefined where the source has no such limit. */
  readonly maxAgeMs?: number;
};

/** Everything that can be asked of a switch. */
export type SwitchCommand =
  | {
      readonly kind: 'move';
      readonly command: CommandName;
      /** The position asked for, or null for the default; `before` with restore. */
      readonly to: string | null;
      readonly origin: Origin;
      /** For automation: the alert that opens (failover) or closes (restore); null stands for `url:<switch>`. */
      readonly alert: AlertEvent | null;
      readonly reason: string | null;
      /** Age on arrival, milliseconds, and the oldest at which it may be accepted or started. Automatic ones have none. */
      readonly ageMs: number;
      readonly expiresInMs: number | null;
      readonly ifRevision: number | null;
      readonly override: readonly string[];
    }
  | { readonly kind: 'hold'; readonly origin: Origin; readonly reason: string | null; readonly forMs: number | null }
  | { readonly kind: 'release'; readonly origin: Origin; readonly reason: string | null }
  | { readonly kind: 'cancel'; readonly origin: Origin; readonly job: string; readonly reason: string | null }
  | { readonly kind: 'clear-alert'; readonly origin: Origin; readonly key: string }
  /** The live records were read while no job was unfinished. */
  | {
      readonly kind: 'observed';
      readonly reading: Reading;
      /**
       * The revision of the switch before its records were read: with another one now, the reading is older than what is
       * known (its endpoint may have slept in between, while another one moved the switch), and is not used.
       */
      readonly atRevision?: number;
    }
  | DeviceCommand
  /** The broker has just been reached and may have lost what it retained: the state is told again, as it is. */
  | { readonly kind: 'tell' };

/** A device that lives on this switch has come or gone, since that time. */
export type DeviceCommand = {
  readonly kind: 'device';
  readonly device: string;
  readonly online: boolean;
  readonly sinceMs: number;
};

/** What the live records say. */
export type Reading =
  | { readonly kind: 'position'; readonly position: string }
  /** They equal no position: what differs, set by set, in words. */
  | { readonly kind: 'drifted'; readonly differences: readonly string[] }
  /** It could not be learnt what they are. */
  | { readonly kind: 'unknown'; readonly why: string };

export type Reply = {
  readonly job: JobRow<JobData> | null;
  readonly refusal: (Refusal & { readonly code: FaultCode }) | null;
  readonly state: State;
  /** What was decided, in a sentence. */
  readonly text: string;
  /** Why an alert's news was remembered and moved nothing, when that is the answer. */
  readonly movedNothing?: NoMove;
};

/** Of an alert: told again, restored over by a human, not open, overtaken, too old, one too many to remember. */
export type NoMove = 'repeat' | 'acknowledged' | 'not-open' | 'late' | 'old' | 'too-many';

/** What a job carries besides what the engine knows of it. */
export type JobData = {
  readonly command: CommandName;
  /** The position at acceptance, or null while unknown or drifted. */
  readonly from: string | null;
  /** A position; `before` for a restore to the values found by the failover. */
  readonly to: string;
  /** The sender named the position itself: for a human's restore that decides what happens to drifted records. */
  readonly toNamed: boolean;
  readonly trigger: { readonly kind: TriggerKind; readonly actor: string; readonly id: string | null };
  readonly joined: readonly {
    readonly kind: TriggerKind;
    readonly actor: string;
    readonly id: string | null;
    readonly at: string;
  }[];
  /** A human who joins makes it a human's job. */
  readonly automatic: boolean;
  /** The human who joined an automatic job and made it theirs. */
  readonly takenOverBy?: { readonly kind: TriggerKind; readonly actor: string };
  /** The alert that an automatic job answers. */
  readonly alert: string | null;
  readonly reason: string | null;
  readonly override: readonly string[];
  readonly revision: number;
  readonly pressedAtMs: number | null;
  /** May not start after this; null for automatic jobs. */
  readonly expiresAtMs: number | null;
  readonly replyTo: readonly ReplyTo[];
  readonly outcome: 'switched' | 'already-there' | 'drilled' | null;
  readonly verified: boolean | null;
  readonly cachesUntilMs: number | null;
  /** What the last look of this job at the live records said: where the switch is when the job has ended. */
  readonly reading: Reading | null;
  /** The owned sets as a failover found them, when they equalled no position: what `restore` to `before` brings back. */
  readonly before: readonly RecordSet[] | null;
  readonly error: Refusal | null;
  /** What the job waits for, or why it ended without being run: a sentence for people, from the rules. */
  readonly note?: string;
};

/** Why a running job has to stop: what the rules put into its interrupt, and how it ends when nothing was changed. */
export type Interrupt = {
  readonly status: 'superseded' | 'cancelled';
  /** In a sentence: by whom, or by what. */
  readonly text: string;
};
