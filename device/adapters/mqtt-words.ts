import { messageOf, TLS_FAULTS } from '../../shared/tls-words.ts';

/** What to say of a connection that failed, with the remedy where it is known. Codes of node, OpenSSL and MQTT. */
const SENTENCES: Readonly<Record<number | string, string>> = {
  ...TLS_FAULTS,
  ECONNREFUSED: 'Nothing listens there: is the broker running, and the port right?',
  ENOTFOUND: 'The host name does not resolve: check mqtt.url, and the DNS of this machine.',
  EAI_AGAIN: 'The host name could not be resolved just now: check the network and the DNS of this machine.',
  ETIMEDOUT: 'The broker does not answer: check the address, and the firewall between.',
  EHOSTUNREACH: 'There is no route to the broker: check the network of this machine.',
  ENETUNREACH: 'There is no route to the broker: check the network of this machine.',
  ECONNRESET: 'The broker hung up: is it the right port? 8883 speaks TLS, 1883 does not.',
  // Under a websocket a handshake fails before it can tell why.
  EPROTO: 'The TLS handshake failed: `dashover-button check` tells why.',
  ERR_SSL_WRONG_VERSION_NUMBER: 'The broker does not speak TLS on this port: write mqtt: in place of mqtts:.',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'The broker does not speak TLS on this port: write mqtt: in place of mqtts:.',
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE':
    'The broker refused the TLS handshake: set mqtt.cert and mqtt.key, or look at its log.',
  DEPTH_ZERO_SELF_SIGNED_CERT: "The broker's certificate signs itself: give it as mqtt.ca.",
  ERR_OSSL_UNSUPPORTED: 'mqtt.key holds no private key that can be read: it is a PEM file without a password.',
  ERR_OSSL_PEM_NO_START_LINE: 'mqtt.ca, mqtt.cert and mqtt.key must be PEM files.',
  // The AWS IoT client
  AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE: 'The TLS handshake failed: `dashover-button check` tells why.',
  AWS_IO_TLS_NEGOTIATION_TIMEOUT: 'The TLS handshake was not answered in time.',
  AWS_IO_TLS_CTX_ERROR: 'mqtt.ca, mqtt.cert and mqtt.key cannot be used, or do not belong together.',
  AWS_IO_FILE_VALIDATION_FAILURE: 'mqtt.ca, mqtt.cert and mqtt.key must be PEM files.',
  AWS_ERROR_MQTT_TIMEOUT: 'The broker stopped answering.',
  AWS_ERROR_MQTT5_PING_RESPONSE_TIMEOUT: 'The broker stopped answering.',
  AWS_ERROR_MQTT5_CONNACK_TIMEOUT: 'The broker took the connection, and then did not answer.',
  AWS_ERROR_MQTT_UNEXPECTED_HANGUP: 'The broker closed the connection.',
  AWS_IO_SOCKET_CLOSED: 'The broker closed the connection.',
  ENOENT: 'A file named under mqtt (ca, cert, key) does not exist.',
  EACCES: 'A file named under mqtt (ca, cert, key) may not be read by this user.',
  // CONNACK of MQTT 3.1.1
  2: 'The broker refuses this client id: set mqtt.clientId to one that it allows.',
  3: 'The broker is not available just now.',
  4: 'The broker refuses the user name or password: check mqtt.username and mqtt.password.',
  5: 'The broker does not let this client in: check its access list.',
  // CONNACK, PUBACK and DISCONNECT of MQTT 5
  133: 'The broker refuses this client id: set mqtt.clientId to one that it allows.',
  134: 'The broker refuses the user name or password: check mqtt.username and mqtt.password.',
  135: "The broker does not allow this: check its access list for this device's topics.",
  136: 'The broker is not available just now.',
  137: 'The broker is busy.',
  139: 'The broker is shutting down.',
  141: 'The broker heard nothing from us for too long.',
  142: 'Another client connected under the same client id, and the broker threw this one out.',
  149: 'The broker says that our packet is too large.',
  159: 'The broker says that we connect too often.',
};

const VERSION_REFUSED: readonly unknown[] = [1, 132];
const TAKEN_OVER = 142;

/** The number of a refusal, or the code of a socket or TLS error; undefined when it has none. */
export function codeOf(error: unknown): number | string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'number' || typeof error.code === 'string' ? error.code : undefined;
}

/** The broker does not speak the version of MQTT in which it was greeted. */
export function isVersionRefused(error: unknown): boolean {
  return VERSION_REFUSED.includes(codeOf(error));
}

/** The DISCONNECT of an MQTT 5 broker when the same client id has connected elsewhere. */
export function isTakenOver(reasonCode: number | undefined): boolean {
  return reasonCode === TAKEN_OVER;
}

/** One sentence for a person. */
export function faultInWords(error: unknown): string {
  const known = SENTENCES[codeOf(error) ?? ''];
  if (known !== undefined) return known;
  const message = messageOf(error);
  if (message === 'connack timeout') return 'The broker took the connection, and then did not answer.';
  if (message === 'Keepalive timeout') return 'The broker stopped answering.';
  return `The connection failed: ${message}.`;
}

/** The same of an error of the AWS client, which tells its code in its name or its message. */
export function awsFaultInWords(error: unknown): string {
  return faultInWords(withAwsCode(error));
}

/** The error with the AWS client's own code where `codeOf` looks for it. */
export function withAwsCode(error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  const name =
    typeof error === 'object' && error !== null && 'error_name' in error ? String(error.error_name) : message;
  const code = /AWS_[A-Z0-9_]+/.exec(name)?.[0];
  return Object.assign(new Error(code ?? message, { cause: error }), code === undefined ? {} : { code });
}
