import type { CommandName } from '../../shared/command.ts';
import type { TriggerKind } from '../../shared/messages.ts';

/** A bearer of the HTTP API, as configured. */
export interface Token {
  readonly name: string;
  readonly secret: string;
  /** Switches, or `*`. */
  readonly on: readonly string[];
  readonly may: readonly (CommandName | 'hold' | 'release' | 'cancel' | 'alerts' | '*')[];
  /** Roads it may be used on; undefined is all. */
  readonly via: readonly TriggerKind[] | undefined;
  readonly automatic: boolean;
}

/** One URL, one job: Cloud Automator's HTTP trigger. */
export interface TriggerUrl {
  readonly id: string;
  readonly secret: string;
  readonly switch: string;
  readonly command: CommandName;
  readonly to: string | undefined;
  readonly automatic: boolean;
}

/** A button, as the endpoint knows it. */
export interface Device {
  readonly name: string;
  readonly on: readonly string[];
  readonly may: readonly CommandName[];
  /** Its bearer on the HTTPS road. */
  readonly token: string | undefined;
  readonly drillEveryMs: number | undefined;
}
