import { Fault, type FaultCode, isFault } from '../../shared/faults.ts';

/** Error names of the API and the SDK, by what they mean to us. Texts are never matched: they are not an interface. */
const CODES: Readonly<Record<string, FaultCode>> = {
  Throttling: 'route53-throttled',
  ThrottlingException: 'route53-throttled',
  ThrottledException: 'route53-throttled',
  RequestThrottled: 'route53-throttled',
  RequestLimitExceeded: 'route53-throttled',
  TooManyRequestsException: 'route53-throttled',
  // One change at a time in a zone: somebody else's is still being taken.
  PriorRequestNotComplete: 'route53-throttled',

  NoSuchHostedZone: 'route53-zone-missing',
  NoSuchChange: 'route53-change-missing',

  AccessDenied: 'route53-denied',
  AccessDeniedException: 'route53-denied',
  AuthFailure: 'route53-denied',
  CredentialsProviderError: 'route53-denied',
  ExpiredToken: 'route53-denied',
  ExpiredTokenException: 'route53-denied',
  IncompleteSignature: 'route53-denied',
  InvalidClientTokenId: 'route53-denied',
  InvalidSignatureException: 'route53-denied',
  MissingAuthenticationToken: 'route53-denied',
  MissingAuthenticationTokenException: 'route53-denied',
  NotAuthorizedException: 'route53-denied',
  OptInRequired: 'route53-denied',
  RequestExpired: 'route53-denied',
  RequestTimeTooSkewed: 'route53-denied',
  SignatureDoesNotMatch: 'route53-denied',
  TokenProviderError: 'route53-denied',
  UnrecognizedClientException: 'route53-denied',
};

const TEXT_CHARACTERS_MAX = 1_000;

/** What the SDK threw, as a Fault: what was asked, what came back, and AWS's request id; never a credential. */
export function route53Fault(asked: string, error: unknown): Fault {
  if (isFault(error)) return error;
  const name = textOf(error, 'name') ?? 'Error';
  const metadata = objectOf(error, '$metadata');
  const status = numberOf(metadata, 'httpStatusCode');
  const requestId = textOf(metadata, 'requestId');
  const code = codeOf(name, status);
  const trail = [
    status === undefined ? '' : `HTTP ${status}`,
    requestId === undefined ? '' : `AWS request ${requestId}`,
  ]
    .filter((part) => part !== '')
    .join(', ');
  const sentence = `${asked}: ${whatCameBack(name, error)}${trail === '' ? '' : ` (${trail})`}.`;
  return new Fault(code, sentence, { cause: error });
}

function codeOf(name: string, status: number | undefined): FaultCode {
  const known = CODES[name];
  if (known) return known;
  if (status === 429) return 'route53-throttled';
  if (status === 401 || status === 403) return 'route53-denied';
  // Without a status there was no whole answer; a 5xx says nothing about what was done; an odd body is no answer.
  if (status === undefined || status >= 500 || status < 400 || name === 'Unknown') return 'route53-unreachable';
  return 'route53-refused';
}

function whatCameBack(name: string, error: unknown): string {
  const network = textOf(error, 'code');
  const message = (textOf(error, 'message') ?? '').split('\n', 1)[0]?.slice(0, TEXT_CHARACTERS_MAX) ?? '';
  const text = message.trim().replace(/\.$/, '');
  if (name === 'AbortError') return 'no answer in time';
  // Its text repeats the signed request, headers with a session token included.
  if (name === 'SignatureDoesNotMatch') return 'the signature does not match; the secret access key is wrong';
  if (network !== undefined && network !== name) return text === '' ? network : `${network}: ${text}`;
  return text === '' || text === 'UnknownError' ? name : `${name}: ${text}`;
}

function objectOf(value: unknown, field: string): object | undefined {
  const found = fieldOf(value, field);
  return typeof found === 'object' && found !== null ? found : undefined;
}

function textOf(value: unknown, field: string): string | undefined {
  const found = fieldOf(value, field);
  return typeof found === 'string' ? found : undefined;
}

function numberOf(value: unknown, field: string): number | undefined {
  const found = fieldOf(value, field);
  return typeof found === 'number' ? found : undefined;
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[field] : undefined;
}
