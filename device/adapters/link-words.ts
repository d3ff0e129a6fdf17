import { messageOf } from '../../shared/tls-words.ts';
import { codeOf } from './mqtt-words.ts';

/** What to say of a request that failed, with the remedy where it is known. Codes of node and OpenSSL. */
const SENTENCES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: is the endpoint running, and the port right?',
  ENOTFOUND: 'the host name does not resolve: check https.url, and the DNS of this machine.',
  EAI_AGAIN: 'the host name could not be resolved just now: check the network and the DNS of this machine.',
  ETIMEDOUT: 'the endpoint does not answer: check the address, and the firewall between.',
  EHOSTUNREACH: 'there is no route to it: check the network of this machine.',
  ENETUNREACH: 'there is no route to it: check the network of this machine.',
  ECONNRESET: 'the connection was cut.',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS on this port: is https.url right?',
  CERT_HAS_EXPIRED: 'its certificate has expired, or the clock of this machine is wrong.',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: the clock of this machine is probably wrong.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name: write one that is in it.',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate signs itself: give it as https.ca.',
  SELF_SIGNED_CERT_IN_CHAIN: 'its authority is not known here: give its certificate as https.ca.',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is not known here: give its certificate as https.ca.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its authority is not known here: give its certificate as https.ca.',
  ENOENT: 'the file https.ca does not exist.',
  EACCES: 'the file https.ca may not be read by this user.',
};

/** One sentence for a person about the road over HTTPS. */
export function httpsFaultInWords(error: unknown): string {
  // A name with several addresses fails with one error for all of them; the first tells enough.
  const first: unknown = codeOf(error) === undefined && error instanceof AggregateError ? error.errors[0] : error;
  const known = SENTENCES[codeOf(first) ?? ''];
  return `The endpoint could not be reached over HTTPS: ${known ?? `${messageOf(first)}.`}`;
}
