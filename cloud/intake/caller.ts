import type { CommandName } from '../../shared/command.ts';
import type { TriggerKind } from '../../shared/messages.ts';
import type { Origin } from '../jobs/command.ts';

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

/** What a caller may be allowed: the words of `may`. */
export type Action = CommandName | 'hold' | 'release' | 'cancel' | 'alerts';

/** The road that a token was used on. `dashboard` and `cli` name themselves; it is a help for the journal, not a boundary. */
export type Road = Extract<TriggerKind, 'api' | 'dashboard' | 'cli' | 'datadog'>;

/** Who is at the door, as the road has proved it. */
export type Caller =
  | { readonly kind: 'token'; readonly token: Token; readonly road: Road }
  | { readonly kind: 'trigger'; readonly trigger: TriggerUrl }
  | { readonly kind: 'device'; readonly device: Device }
  /** Whoever the broker lets publish on a switch's own topic; the topic is below the prefix. */
  | { readonly kind: 'open-topic'; readonly topic: string; readonly may: readonly CommandName[] };

/** Whose ids a command's id is among: the same id of the same sender is the same job. A device is one sender on all its roads. */
export function senderOf(caller: Caller): string {
  switch (caller.kind) {
    case 'token':
      return `token:${caller.token.name}`;
    case 'trigger':
      return `trigger:${caller.trigger.id}`;
    case 'device':
      return `device:${caller.device.name}`;
    case 'open-topic':
      return caller.topic;
  }
}

/** What goes into the job about who asked, apart from where answers go. */
export function originOf(caller: Caller): Omit<Origin, 'replyTo'> {
  switch (caller.kind) {
    case 'token':
      return {
        kind: caller.road,
        actor: caller.token.name,
        // Datadog is automatic whatever its token says.
        automatic: caller.token.automatic || caller.road === 'datadog',
        authenticated: true,
      };
    case 'trigger':
      return {
        kind: 'http',
        actor: caller.trigger.id,
        automatic: caller.trigger.automatic,
        authenticated: true,
      };
    case 'device':
      return { kind: 'button', actor: caller.device.name, automatic: false, authenticated: true };
    case 'open-topic':
      return { kind: 'mqtt', actor: caller.topic, automatic: false, authenticated: false };
  }
}

/** `the token "ops"`: how sentences name a caller. A token's name and a trigger's id are no secrets. */
export function callerInWords(caller: Caller): string {
  switch (caller.kind) {
    case 'token':
      return `the token "${caller.token.name}"`;
    case 'trigger':
      return `the trigger "${caller.trigger.id}"`;
    case 'device':
      return `the device "${caller.device.name}"`;
    case 'open-topic':
      return `the open topic ${caller.topic}`;
  }
}

/** Why this caller may not do that on that switch, in a sentence; null when it may. */
export function whyNotAllowed(caller: Caller, action: Action, switchName: string): string | null {
  const who = callerInWords(caller);
  const what = `may not ask for ${action}`;
  switch (caller.kind) {
    case 'token': {
      const { token, road } = caller;
      if (!mayUse(token, road)) return whyNotUsable(token, road);
      if (!covers(token.on, switchName)) return `${upper(who)} is not for the switch "${switchName}".`;
      if (!token.may.includes('*') && !token.may.includes(action)) return `${upper(who)} ${what}.`;
      return null;
    }
    case 'trigger': {
      const { trigger } = caller;
      if (trigger.switch !== switchName || trigger.command !== action)
        return `${upper(who)} ${what} on "${switchName}".`;
      return null;
    }
    case 'device': {
      const { device } = caller;
      if (!covers(device.on, switchName)) return `${upper(who)} is not for the switch "${switchName}".`;
      if (!(device.may as readonly string[]).includes(action)) return `${upper(who)} ${what}.`;
      return null;
    }
    case 'open-topic':
      if ((caller.may as readonly string[]).includes(action)) return null;
      return `${upper(who)} ${what}: mqtt.commands allows ${caller.may.join(', ') || 'nothing'}.`;
  }
}

/** Whether `on` names this switch. */
export function covers(on: readonly string[], switchName: string): boolean {
  return on.includes('*') || on.includes(switchName);
}

/** Whether a token may be used on this road. */
export function mayUse(token: Token, road: Road): boolean {
  return token.via === undefined || token.via.includes(road);
}

export function whyNotUsable(token: Token, road: Road): string {
  return `The token "${token.name}" may not be used by way of "${road}": its via allows ${token.via?.join(', ') ?? 'all'}.`;
}

function upper(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
