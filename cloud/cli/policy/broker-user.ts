import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { OutlineMqtt } from '../../config/outline.ts';
import { wrongUse } from '../failure.ts';

/** Whom the broker takes the endpoint for, and how that is known, in a sentence. */
export interface BrokerUser {
  readonly name: string;
  readonly origin: string;
}

/**
 * As the endpoint will prove itself: its user name, else the name in its certificate, else (with no certificate here)
 * its client id. Throws wrong use when the user name is in a variable that is not set.
 */
export function brokerUser(mqtt: OutlineMqtt, asked: string | undefined): BrokerUser {
  if (asked !== undefined) return user(asked, 'as --endpoint-user says');
  if (mqtt.username === null) {
    throw wrongUse('mqtt.username is in an environment variable that is not set.', 'Set it, or use --endpoint-user.');
  }
  if (mqtt.username !== undefined) return user(mqtt.username, 'its mqtt.username');
  const name = mqtt.cert === undefined ? undefined : commonNameOf(mqtt.cert);
  if (name !== undefined) return user(name, 'the name in mqtt.cert');
  return user(mqtt.clientId ?? 'dashover-endpoint', 'the name that its certificate must have');
}

function user(name: string, origin: string): BrokerUser {
  return { name, origin: `The endpoint is "${name}": ${origin}.` };
}

/** Undefined when the certificate is not here, or has no one name: policies are also made where no certificate is. */
function commonNameOf(path: string): string | undefined {
  try {
    const { CN } = new X509Certificate(readFileSync(path)).toLegacyObject().subject as { CN?: unknown };
    return typeof CN === 'string' ? CN : undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}
