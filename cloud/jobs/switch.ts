import type { Probe, RecordSet } from '../ports.ts';

/** One switch as configured: what the rules, the plan and the move know of it. */
export interface Switch {
  readonly name: string;
  readonly title: string;
  readonly zone: string;
  /** By name; `primary` is always there. */
  readonly positions: Readonly<Record<string, readonly RecordSet[]>>;
  readonly failoverTo: string;
  readonly probe: Readonly<Record<string, Probe>>;
  readonly guards: Guards;
  /** Whether `verify` asks the authoritative name servers. */
  readonly verify: boolean;
}

export interface Guards {
  /** How long a manual failover holds the switch: until released, for so many milliseconds, or not at all. */
  readonly hold: 'until-released' | 'none' | number;
  readonly restoreAfterMs: number;
  readonly cooldownMs: number;
  readonly flapping: { readonly moves: number; readonly withinMs: number };
  readonly jobDeadlineMs: number;
}

export interface Automation {
  readonly mode: 'on' | 'observe' | 'off';
  readonly maxSwitches: number;
  readonly withinMs: number;
}
