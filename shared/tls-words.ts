/** What a TLS handshake with the broker that failed means, by the code of Node or OpenSSL: the same to both programs. */
export const TLS_FAULTS: Readonly<Record<string, string>> = {
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'The broker asks for a client certificate: set mqtt.cert and mqtt.key.',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'The broker does not trust the authority that signed mqtt.cert.',
  'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE':
    'The broker does not accept mqtt.cert: is it of that broker, and valid by the clock of the broker?',
  'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN':
    'The broker does not accept mqtt.cert: is it registered there, and active?',
  ERR_SSL_TLSV1_ALERT_ACCESS_DENIED: 'The broker does not accept mqtt.cert: is it registered there, and active?',
  'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_REVOKED': 'The broker says that mqtt.cert was revoked: get another one.',
  'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED':
    'The broker says that mqtt.cert has expired: renew it, or the clock of the broker is wrong.',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'The broker speaks only an old version of TLS: let it speak 1.2 or 1.3.',
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'The broker knows no host of this name: check mqtt.url.',
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
    'The broker does not speak MQTT on this port: take another one, such as 8883.',
  CERT_HAS_EXPIRED: "The broker's certificate has expired, or the clock of this machine is wrong.",
  CERT_NOT_YET_VALID: "The broker's certificate is not valid yet: the clock of this machine is probably wrong.",
  ERR_TLS_CERT_ALTNAME_INVALID: "The broker's certificate is for another host name: connect by a name that is in it.",
  SELF_SIGNED_CERT_IN_CHAIN: "The broker's authority is not known here: give its certificate as mqtt.ca.",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "The broker's authority is not known here: give its certificate as mqtt.ca.",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "The broker's authority is not known here: give its certificate as mqtt.ca.",
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'mqtt.cert and mqtt.key do not belong together.',
};

/** What OpenSSL calls its message names threads and lines of C; its reason is what a person can read. */
export function messageOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'reason' in error && typeof error.reason === 'string') {
    return error.reason;
  }
  return error instanceof Error ? error.message : String(error);
}
