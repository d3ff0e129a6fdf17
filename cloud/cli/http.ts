import { CERTIFICATE_FAULTS } from '../adapters/certificate-words.ts';
import { baseUrl } from './base-url.ts';
import { CliFailure, wrongUse } from './failure.ts';

/** An answer of the endpoint takes milliseconds; longer means that nobody is there. */
const ANSWER_MS_MAX = 10_000;
const BODY_BYTES_MAX = 16 * 1_024 * 1_024;

export interface Endpoint {
  readonly url: string;
  readonly token: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Checks what the person gave, before anything is sent. Throws a CliFailure that never repeats a secret. */
export function checkEndpoint({ url, token }: Endpoint): Endpoint {
  const base = baseUrl(url);
  if (base === undefined) {
    throw wrongUse(
      'The endpoint is not named by an http or https URL without a user name and a query.',
      'Write --url http://127.0.0.1:8080, or set DASHOVER_URL; a secret goes into DASHOVER_TOKEN.',
    );
  }
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw wrongUse(
      'The token is empty, or has a space or a line break in it.',
      'Set DASHOVER_TOKEN to the secret alone.',
    );
  }
  return { url: base, token };
}

/** One request. Throws a CliFailure `endpoint-away` or `not-dashover`; refusals are answers. */
export async function ask(
  { url, token }: Endpoint,
  method: 'GET' | 'POST',
  path: string,
  options: { readonly body?: object; readonly waitMs?: number } = {},
): Promise<Answer> {
  const { body, waitMs = 0 } = options;
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${url}${path}`, {
      method,
      headers: {
        accept: 'application/json',
        // So that the journal says on which road a command came, and a token may be kept to this one.
        'x-dashover-client': 'cli',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_MS_MAX + waitMs),
    });
    text = await readText(response);
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    throw away(url, error);
  }
  const parsed = parseJson(text);
  if (parsed !== undefined) return { status: response.status, body: parsed };
  throw new CliFailure(
    'not-dashover',
    `${url} answered ${response.status} and no JSON: it is not the API of dashover.`,
    'Check --url or DASHOVER_URL, and the proxy in between.',
  );
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = '';
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > BODY_BYTES_MAX) {
      throw new CliFailure(
        'not-dashover',
        'The answer is larger than any of dashover.',
        'Check --url or DASHOVER_URL.',
      );
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Codes of those who have never heard us. */
const UNHEARD = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  ...Object.keys(CERTIFICATE_FAULTS),
];

/** Whether a request that was not answered may have been heard all the same. */
export function mayBeHeard(failure: CliFailure): boolean {
  return failure.code === 'endpoint-away' && !UNHEARD.includes(codeOf(failure.cause) ?? '');
}

function away(url: string, error: unknown): CliFailure {
  const sentence = `The endpoint at ${url} does not answer: ${reason(error)}.`;
  const hint = Object.hasOwn(CERTIFICATE_FAULTS, codeOf(error) ?? '')
    ? 'Renew its certificate, or name it as the certificate does; the file of an authority of your own goes into NODE_EXTRA_CA_CERTS.'
    : 'Check that "dashover serve" runs there, or name another with --url or DASHOVER_URL.';
  return new CliFailure('endpoint-away', sentence, hint, { cause: error });
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name could not be resolved',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS; write http://',
  ETIMEDOUT: 'no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'no answer in time',
  ...CERTIFICATE_FAULTS,
};

/** fetch hides why behind "fetch failed": the cause knows. */
function reason(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'no answer in time';
  const code = codeOf(error);
  if (code !== undefined) return REASONS[code] ?? code;
  return error instanceof Error ? error.message : 'unknown';
}

function codeOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    // Several addresses were tried: the first failure tells enough.
    const one: unknown = at instanceof AggregateError ? at.errors[0] : at;
    // A DOMException has a number of that name.
    if (one instanceof Error && 'code' in one && typeof one.code === 'string' && one.code !== '') return one.code;
  }
  return undefined;
}
