import { readFile } from 'node:fs/promises';
import type { Clock } from '../../shared/clock.ts';
import type { Delivery } from '../core/ports.ts';

/** The longest a broker may take to let us in, milliseconds. */
export const CONNECT_MS_MAX = 10_000;

export interface Broker {
  readonly url: string;
  /** Files in PEM, read at each connect, so that a renewed certificate needs no restart. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly clientId: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

export interface Will {
  readonly topic: string;
  readonly payload: string;
}

export interface Heard {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** The broker had kept it: it is old. */
  readonly retained: boolean;
}

export interface Outgoing {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
  /** After this the broker throws it away, where it speaks MQTT 5. */
  readonly expiresInMs?: number;
}

/** How a connection ended. */
export interface Ended {
  readonly reason: string;
  readonly versionRefused: boolean;
  readonly takenOver: boolean;
  /** The broker hung up without a reason. */
  readonly silent: boolean;
  /** For how long it was open; null when the broker never let us in. */
  readonly lastedMs: number | null;
}

/** One connection, from CONNECT to its end. It never reconnects: a new one has nothing left over from the old. */
export interface Connection {
  /** What is spoken, for people: `MQTT 5`. */
  readonly spoken: string;
  /** False when it ended before the broker let us in. */
  readonly opened: Promise<boolean>;
  readonly ended: Promise<Ended>;
  /** Aborted when it has ended. */
  readonly over: AbortSignal;
  /** `taken` at the PUBACK. Without one within `msMax` the message is withdrawn and the connection reset. */
  publish(message: Outgoing, msMax: number): Promise<Delivery>;
  /** Why not, in a sentence, or null. */
  subscribe(topics: readonly string[]): Promise<string | null>;
  /** Says goodbye and closes, by force after a second. */
  end(): Promise<void>;
}

/**
 * Connects once, in this version of MQTT where the client can choose. Rejects only when a file of the TLS material
 * cannot be read or used.
 */
export type Connect = (
  broker: Broker,
  version: 4 | 5,
  will: Will | undefined,
  hear: (heard: Heard) => void,
  clock: Clock,
) => Promise<Connection>;

/** PEM texts. */
export interface TlsFiles {
  readonly ca?: Buffer | undefined;
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
}

/** Reads the TLS material of a broker; rejects as `readFile` does. */
export async function readTlsFiles({ ca, cert, key }: Pick<Broker, 'ca' | 'cert' | 'key'>): Promise<TlsFiles> {
  const [caText, certText, keyText] = await Promise.all(
    [ca, cert, key].map(async (path) => (path === undefined ? undefined : readFile(path))),
  );
  return { ca: caText, cert: certText, key: keyText };
}

/** Waits for the PUBACK, but not longer than `msMax` or the connection. `over` is aborted when it has ended. */
export async function acknowledgedInTime(
  acknowledged: Promise<Delivery>,
  msMax: number,
  over: AbortSignal,
  clock: Clock,
): Promise<Delivery> {
  const settled = new AbortController();
  const late = clock.sleep(msMax, AbortSignal.any([settled.signal, over])).then((): Delivery => ({
    kind: 'unknown',
    text: over.aborted
      ? 'The connection ended before the broker acknowledged the message.'
      : 'The broker did not acknowledge the message in time.',
  }));
  const delivery = await Promise.race([acknowledged, late]);
  settled.abort();
  return delivery;
}

/** For a message of MQTT 5, whole seconds. Both clients send what stood here at the begin, however long they kept it. */
export function expirySeconds(expiresInMs: number): number {
  return Math.max(1, Math.floor(expiresInMs / 1_000));
}
