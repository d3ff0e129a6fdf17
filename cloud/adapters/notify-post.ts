import type { Receipt } from '../ports.ts';
import type { Circuit } from './notify-circuit.ts';
import { cut } from './notify-limits.ts';
import { hide, secretsIn } from './notify-secrets.ts';
import { whyNot } from './probe.ts';

/** Of a receiver's answer, what a log line can hold. */
const ANSWER_BYTES_MAX = 2_048;
const ANSWER_CHARS_MAX = 200;

export interface Call {
  /** Who is called, for sentences: `Slack`. The URL itself may be a secret and is never said. */
  readonly who: string;
  readonly url: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Never repeated, also when the answer repeats them; the URL and its parts need not be named. */
  readonly secrets: readonly string[];
}

export interface Answer {
  /** 0: there was none. */
  readonly status: number;
  /** `Slack answered 404 (no_service)`, or why there is no answer. */
  readonly text: string;
  /** `Retry-After`, in milliseconds, where it was given and can be read. */
  readonly retryAfterMs: number | null;
}

/** One request, redirects not followed. Never throws: no answer is an answer, in words without a secret. */
export async function call({ who, url, method = 'POST', headers, body, secrets }: Call, signal: AbortSignal) {
  const hidden = [...secretsIn(url), ...secrets];
  try {
    const response = await fetch(url, {
      method,
      headers: {
        'user-agent': 'dashover',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body }),
      // A POST that is sent on by a redirect loses its body, or tells its secret to somebody else.
      redirect: 'manual',
      signal,
    });
    // It has the message; one that never ends its answer must not be told again for that.
    if (response.ok) await response.body?.cancel();
    const said = response.ok ? '' : cut(hide(await beginning(response), hidden), ANSWER_CHARS_MAX);
    const words = said === '' ? '' : ` (${said})`;
    const answer: Answer = {
      status: response.status,
      text: `${who} answered ${response.status}${words}`,
      retryAfterMs: retryAfterMs(response.headers.get('retry-after'), response.headers.get('date')),
    };
    return answer;
  } catch (error) {
    const why = cut(hide(reason(error, signal), hidden), ANSWER_CHARS_MAX);
    const none: Answer = { status: 0, text: `${who} did not answer: ${why}`, retryAfterMs: null };
    return none;
  }
}

/** What statuses mean to a receiver, besides: 2xx has it, 408, 425, 429 and 5xx mean later. */
export interface Meaning {
  /** This message will never be taken. */
  readonly never: (status: number) => boolean;
  /** No message will be taken until somebody mends something. */
  readonly gone: readonly number[];
}

/** What became of the try. The circuit is closed when the receiver takes nothing any more. */
export function receiptOf(answer: Answer, { never, gone }: Meaning, circuit: Circuit): Receipt {
  const { status, text } = answer;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (gone.includes(status)) return circuit.close(text);
  const passing = status === 0 || status === 408 || status === 425 || status === 429 || status >= 500;
  if (!passing && never(status)) return { kind: 'never', reason: text };
  return { kind: 'later', reason: text, afterMs: answer.retryAfterMs };
}

/** The first bytes of the body, and no waiting for the rest. */
async function beginning(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < ANSWER_BYTES_MAX) {
    const { value, done } = await reader.read();
    if (done) break;
    chunks.push(value);
    bytes += value.byteLength;
  }
  await reader.cancel();
  return Buffer.concat(chunks).toString('utf8', 0, ANSWER_BYTES_MAX);
}

function reason(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return signal.reason instanceof Error ? signal.reason.message : 'it was not waited for';
  return whyNot(error instanceof Error && error.cause instanceof Error ? error.cause : error);
}

/** Seconds, or a date, which is compared with the receiver's own clock. */
function retryAfterMs(value: string | null, date: string | null): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  const span = Date.parse(value) - (date === null ? Date.now() : Date.parse(date));
  return Number.isNaN(span) ? null : Math.max(0, span);
}
