import type { Command, CommandName } from '../../shared/command.ts';
import type { Job, State } from '../../shared/messages.ts';
import type { Gesture } from './gesture.ts';
import type { Delivery, Reply } from './ports.ts';
import type { Intent, Notice, Press, Road } from './press.ts';

export interface ControllerSettings {
  readonly device: string;
  readonly switch: string;
  /** A press that cannot be delivered within this is dropped, visibly. */
  readonly deadlineMs: number;
  /** Whether there is a road over HTTPS, for when MQTT does not answer. */
  readonly secondRoad?: boolean;
}

export interface ControllerState {
  readonly settings: ControllerSettings;
  readonly link: { readonly up: boolean; readonly text: string };
  /** The newest state of the switch; `fresh` when it was told on the connection that stands now. */
  readonly shown: { readonly state: State; readonly fresh: boolean } | null;
  readonly press: Press;
  readonly notice: Notice | null;
  readonly finger: 'off' | 'holding' | 'ripe';
  /** What there was to see when the finger came, for every gesture that is completed until then. */
  readonly glance: { readonly revision: number | null; readonly untilMs: number } | null;
  /** At most one per button. */
  readonly faults: readonly { readonly button: number; readonly text: string }[];
}

/** Everything that can happen to a button. */
export type Happening =
  | { readonly kind: 'finger'; readonly finger: 'off' | 'holding' | 'ripe' }
  /** `command` is what the configuration makes of the gesture; `id` is fresh, and used when the gesture becomes a press. */
  | {
      readonly kind: 'gesture';
      readonly gesture: Gesture;
      readonly command: CommandName | undefined;
      readonly id: string;
      readonly pressedAtMs: number;
    }
  | { readonly kind: 'fault'; readonly button: number; readonly text: string }
  | { readonly kind: 'fault-cleared'; readonly button: number }
  | { readonly kind: 'up'; readonly text: string }
  | { readonly kind: 'down'; readonly text: string }
  /** Of a road that is not named, MQTT. */
  | { readonly kind: 'delivery'; readonly id: string; readonly delivery: Delivery; readonly road?: Road }
  | { readonly kind: 'reply'; readonly reply: Reply; readonly road?: Road }
  | { readonly kind: 'state'; readonly state: State }
  /** The answers to `ask` and `look`; null when there was none. */
  | { readonly kind: 'asked'; readonly job: Job | null }
  | { readonly kind: 'looked'; readonly state: State | null }
  /** An earlier process left it unanswered. */
  | { readonly kind: 'recovered'; readonly intent: Intent }
  | { readonly kind: 'lost'; readonly text: string }
  /** The machine has slept, and its clock stood still: whatever is open is that much older. */
  | { readonly kind: 'slept'; readonly ms: number }
  | { readonly kind: 'tick' };

/** With the monotonic time at which it is told. */
export type ControllerEvent = { readonly atMs: number } & Happening;

export type Effect =
  | { readonly kind: 'send'; readonly command: Command; readonly road: Road }
  /** What has become of this job, and how the switch is: asked over HTTPS. */
  | { readonly kind: 'ask'; readonly job: string }
  | { readonly kind: 'look' }
  | { readonly kind: 'say'; readonly text: string };

export interface Turn {
  readonly next: ControllerState;
  readonly effects: readonly Effect[];
}
