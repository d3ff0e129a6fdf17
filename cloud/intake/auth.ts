import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { Fault } from '../../shared/faults.ts';
import type { Device, Token, TriggerUrl } from './caller.ts';
import { makeThrottle } from './throttle.ts';

/** Who a bearer is. */
export type Principal =
  | { readonly kind: 'token'; readonly token: Token }
  | { readonly kind: 'device'; readonly device: Device };

export interface Credentials {
  readonly tokens: readonly Token[];
  readonly devices: readonly Device[];
  readonly triggers: readonly TriggerUrl[];
}

/** `slow-down` with the time after which to come again, for the header Retry-After. */
export class SlowDown extends Fault {
  readonly retryAfterS: number;

  constructor(retryAfterS: number) {
    super('slow-down', 'Too many wrong secrets came from this address.', {
      hint: `Correct the secret; a right one is accepted at once. Wrong ones are answered again in ${retryAfterS} s.`,
    });
    this.retryAfterS = retryAfterS;
  }
}

export interface Auth {
  /** The bearer of `Authorization: Bearer|CAAuth <secret>`. Throws `not-authenticated`, or `slow-down` for a wrong secret. */
  principal(authorization: string | undefined, address: string): Principal;
  /** The trigger of that id, if the secret is its own. Throws `unknown-trigger`, `not-authenticated` or `slow-down`. */
  trigger(id: string, authorization: string | undefined, address: string): TriggerUrl;
}

/**
 * Compares SHA-256 digests in constant time, with every configured secret and without an early end, so that the time of an
 * answer tells nothing. A slowed address is still compared: that costs microseconds, and an endpoint that somebody floods
 * with wrong secrets (from behind the same proxy, say) must obey the right one in an emergency.
 */
export function makeAuth({ tokens, devices, triggers }: Credentials, clock: Clock): Auth {
  const throttle = makeThrottle(clock);
  const bearers: readonly Keyed<Principal>[] = [
    ...tokens.map((token) => keyed(token.secret, { kind: 'token', token } as const)),
    ...devices.flatMap((device) =>
      device.token === undefined ? [] : [keyed(device.token, { kind: 'device', device } as const)],
    ),
  ];
  const byId = triggers.map((trigger) => keyed(trigger.id, trigger));

  function wrong(address: string, fault: Fault): Fault {
    const retryAfterS = throttle.failed(address);
    return retryAfterS === null ? fault : new SlowDown(retryAfterS);
  }

  /** Sending no secret is not a guess: it is not counted. */
  function refused(address: string, secret: string | undefined, why: string, hint?: string): Fault {
    const fault = notAuthenticated(secret, why, hint);
    return secret === undefined ? fault : wrong(address, fault);
  }

  return {
    principal(authorization, address) {
      const secret = secretOf(authorization);
      const found = find(bearers, secret ?? '');
      if (found && secret !== undefined) return found;
      throw refused(address, secret, 'is not that of a token of dashover.yaml');
    },
    trigger(id, authorization, address) {
      const trigger = find(byId, id);
      const secret = secretOf(authorization);
      // Compared even when there is no such trigger, so that the time does not tell which ids exist.
      const isRight = equal(digest(secret ?? ''), digest(trigger?.secret ?? ''));
      if (!trigger) throw wrong(address, new Fault('unknown-trigger', 'There is no trigger with this id.'));
      if (isRight && secret !== undefined) return trigger;
      throw refused(address, secret, 'is not that of this trigger', TRIGGER_HINT);
    },
  };
}

/** A trigger has a secret of its own: the bearer of a token is no help here. */
const TRIGGER_HINT = 'Send "Authorization: CAAuth <secret>" with the secret of this trigger in dashover.yaml.';

function notAuthenticated(secret: string | undefined, wrong: string, hint?: string): Fault {
  const sentence =
    secret === undefined
      ? 'The header Authorization is missing, or has neither the form "Bearer <secret>" nor "CAAuth <secret>".'
      : `The secret of the header Authorization ${wrong}.`;
  return new Fault('not-authenticated', sentence, hint === undefined ? {} : { hint });
}

interface Keyed<Owner> {
  readonly digest: Buffer;
  readonly owner: Owner;
}

function keyed<Owner>(secret: string, owner: Owner): Keyed<Owner> {
  return { digest: digest(secret), owner };
}

function find<Owner>(all: readonly Keyed<Owner>[], secret: string): Owner | undefined {
  const wanted = digest(secret);
  let found: Owner | undefined;
  for (const { digest, owner } of all) if (equal(digest, wanted)) found = owner;
  return found;
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function equal(one: Buffer, other: Buffer): boolean {
  return timingSafeEqual(one, other);
}

/** The secret of a header of one of the two forms; undefined for any other, an empty one included. */
function secretOf(authorization: string | undefined): string | undefined {
  return /^(?:bearer|caauth) +(\S.*)$/i.exec(authorization?.trim() ?? '')?.[1];
}
