import { messageOf, TLS_FAULTS } from '../../shared/tls-words.ts';

/** What to say of a connection that failed: node, OpenSSL and MQTT each have codes, a person wants a sentence. */
const SENTENCES: Readonly<Record<string, string>> = {
  ...TLS_FAULTS,
  ECONNREFUSED: 'Nothing listens there: is the broker running, and the port right?',
  ENOTFOUND: 'The host name does not resolve: check mqtt.url and the DNS of this machine.',
  EAI_AGAIN: 'The host name could not be resolved just now: check the DNS of this machine.',
  ETIMEDOUT: 'The broker does not answer: check the address, and the firewall between.',
  EHOSTUNREACH: 'There is no route to the broker: check the network of this machine.',
  ENETUNREACH: 'There is no route to the broker: check the network of this machine.',
  ECONNRESET: 'The broker closed the connection without a word: is it the right port (8883 speaks TLS, 1883 does not)?',
  EPROTO:
    'The TLS handshake failed: is it the right port (8883 speaks TLS, 1883 does not), and is a client certificate asked for?',
  ERR_SSL_WRONG_VERSION_NUMBER:
    'The broker does not speak TLS on this port: write mqtt: in place of mqtts:, or take its TLS port.',
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE':
    'The broker refused the TLS handshake: does it ask for a client certificate (mqtt.cert, mqtt.key)?',
  DEPTH_ZERO_SELF_SIGNED_CERT: "The broker's certificate is signed by itself: give it (or its authority) as mqtt.ca.",
  ERR_OSSL_PEM_NO_START_LINE: 'mqtt.ca, mqtt.cert or mqtt.key is not PEM (a block that begins with -----BEGIN).',
  ERR_OSSL_UNSUPPORTED: 'mqtt.cert or mqtt.key cannot be read: give them as PEM, the key without a passphrase.',
  ERR_MISSING_PASSPHRASE: 'mqtt.key has a passphrase: give a key without one.',
};

/** CONNACK codes of MQTT 3.1.1 (1 to 5) and MQTT 5 (128 and more). */
const REFUSED: Readonly<Record<number, string>> = {
  2: 'The broker refuses this client id: set mqtt.clientId to one that it allows.',
  3: 'The broker is not available just now.',
  4: 'The broker refuses the user name or password: check mqtt.username and mqtt.password.',
  5: 'The broker does not let this client in: check its access list, and mqtt.username and mqtt.password.',
  133: 'The broker refuses this client id: set mqtt.clientId to one that it allows.',
  134: 'The broker refuses the user name or password: check mqtt.username and mqtt.password.',
  135: 'The broker does not let this client in: check its access list.',
  136: 'The broker is not available just now.',
  137: 'The broker is busy.',
  138: 'The broker has banned this client.',
  149: 'The broker says that our packet is too large.',
  151: 'The broker says that a quota is used up.',
  159: 'The broker says that we connect too often.',
};

const UNSUPPORTED_VERSION = [1, 132];
/** A PUBACK of MQTT 5 that another attempt would only bring again: not authorized, topic or payload not accepted, too large. */
const REFUSED_FOR_GOOD = [135, 144, 149, 153];
const TAKEN_OVER = 142;

/** The numeric reason of a refusal or a DISCONNECT, or the text code of a socket or TLS error; undefined when it has none. */
function codeOf(error: unknown): number | string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'number' || typeof error.code === 'string' ? error.code : undefined;
}

/** True when the broker does not speak the version of MQTT that it was greeted in. */
export function isVersionRefused(error: unknown): boolean {
  const code = codeOf(error);
  return typeof code === 'number' && UNSUPPORTED_VERSION.includes(code);
}

/** True when the broker refuses this very message (MQTT 5 only): it would refuse it again. */
export function isRefusedForGood(error: unknown): boolean {
  const code = codeOf(error);
  return typeof code === 'number' && REFUSED_FOR_GOOD.includes(code);
}

/** True for the DISCONNECT by which an MQTT 5 broker says that the same client id connected elsewhere. */
export function isTakenOver(reasonCode: number | undefined): boolean {
  return reasonCode === TAKEN_OVER;
}

/** One sentence on why there is no connection, with what to do where that is known. */
export function connectionFaultInWords(error: unknown): string {
  const code = codeOf(error);
  const known = typeof code === 'number' ? REFUSED[code] : SENTENCES[code ?? ''];
  if (known !== undefined) return known;
  const message = messageOf(error);
  if (message === 'connack timeout') return 'The broker took the connection and then did not answer.';
  if (message === 'Keepalive timeout') return 'The broker stopped answering.';
  return `The connection failed: ${message}.`;
}
