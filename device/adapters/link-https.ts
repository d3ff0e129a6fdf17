import http from 'node:http';
import https from 'node:https';
import type { z } from 'zod';
import type { Clock } from '../../shared/clock.ts';
import { type Command, EXPIRES_IN_MS_DEFAULT } from '../../shared/command.ts';
import { Job, Refusal, State } from '../../shared/messages.ts';
import { type Delivery, type Reply, type SecondRoad, SEND_MS_MAX } from '../core/ports.ts';
import { readTlsFiles } from './broker-connection.ts';
import { type BrokerSocket, openSocket } from './mqtt-socket.ts';
import { httpsFaultInWords } from './link-words.ts';

/** How long the endpoint waits for the end of a job before it answers: a step is told at most so much late. */
const WAIT_S = 2;
const ASK_MS_MAX = 10_000;
const TOO_LATE = 'The endpoint did not answer over HTTPS in time.';
const ANSWER_BYTES_MAX = 262_144;
/** A press is withdrawn so long before its deadline: when the lamp says that it was not delivered, it is off the line. */
const WITHDRAWAL_MS = 100;
/**
 * Refusals that end a press: the endpoint has read it and says no. Any other (a wrong token, a proxy's page, a fault of
 * the endpoint) is a fault of this road, and no reason to stop trying the first one.
 */
const FINAL_CODES = ['expired', 'stale', 'unknown-switch', 'unknown-position'];

export interface HttpsRoadOptions {
  readonly url: string;
  /** A file in PEM, read at each request. */
  readonly ca?: string | undefined;
  readonly token: string;
  readonly device: string;
  readonly switch: string;
  readonly clock: Clock;
  /** A sentence for the log: what went wrong with a question. */
  readonly warn: (text: string) => void;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

type Asked = { readonly kind: 'answer'; readonly answer: Answer } | Exclude<Delivery, { kind: 'taken' }>;

/** The road straight to the endpoint's API, with the device's own token. */
export function makeHttpsRoad(options: HttpsRoadOptions): SecondRoad {
  const { clock } = options;
  const stop = new AbortController();

  /** One request on a connection of its own. Never rejects. */
  async function request(method: string, path: string, body: string | null, msMax: number): Promise<Asked> {
    const url = new URL(options.url.replace(/\/+$/, '') + path);
    const over = new AbortController();
    // From the very begin: whatever takes its time on this machine counts as well.
    const late = clock.sleep(msMax, AbortSignal.any([over.signal, stop.signal]));
    let isLate = false;
    void late.then(() => (isLate = true));
    let socket: BrokerSocket;
    try {
      const files = await readTlsFiles({ ca: options.ca });
      if (isLate) return { kind: 'not-sent', text: TOO_LATE };
      socket = openSocket(url, files);
    } catch (error) {
      over.abort();
      return { kind: 'not-sent', text: httpsFaultInWords(error) };
    }
    let sent = false;
    const asked = Promise.withResolvers<Asked>();
    const failed = (error: unknown): void =>
      asked.resolve({ kind: sent ? 'unknown' : 'not-sent', text: httpsFaultInWords(error) });
    // Until the connection (with TLS: the handshake) stands, nothing of the message has left.
    socket.stream.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
      sent = true;
    });
    socket.stream.on('error', failed);
    const { request: open } = url.protocol === 'https:' ? https : http;
    const question = open(url, {
      method,
      createConnection: () => socket.stream,
      headers: {
        authorization: `Bearer ${options.token}`,
        accept: 'application/json',
        ...(body !== null && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
    });
    question.on('error', failed);
    question.on('response', (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on('data', (part: Buffer) => {
        bytes += part.byteLength;
        if (bytes > ANSWER_BYTES_MAX) response.destroy(new Error('the answer is too long'));
        else parts.push(part);
      });
      response.on('error', failed);
      response.on('end', () =>
        asked.resolve({
          kind: 'answer',
          answer: { status: response.statusCode ?? 0, body: parse(Buffer.concat(parts)) },
        }),
      );
    });
    question.end(body ?? undefined);
    const timedOut = late.then((): Asked => ({ kind: sent ? 'unknown' : 'not-sent', text: TOO_LATE }));
    const result = await Promise.race([asked.promise, timedOut]);
    over.abort();
    // What has not left yet must not leave later: see openSocket.
    socket.reset();
    return result;
  }

  async function read<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema> | null> {
    const asked = await request('GET', path, null, ASK_MS_MAX);
    const parsed =
      asked.kind === 'answer' && asked.answer.status === 200 ? schema.safeParse(asked.answer.body) : undefined;
    if (parsed?.success) return parsed.data;
    if (!stop.signal.aborted) options.warn(asked.kind === 'answer' ? refusedInWords(asked.answer) : asked.text);
    return null;
  }

  return {
    async send(command: Command) {
      const leftMs = (command.expiresInMs ?? EXPIRES_IN_MS_DEFAULT) - (command.ageMs ?? 0) - WITHDRAWAL_MS;
      if (leftMs <= 0) return { kind: 'not-sent', text: `The ${command.command} is too old to be sent.` };
      const path = `/api/devices/${encodeURIComponent(options.device)}/command`;
      const asked = await request('POST', path, JSON.stringify(command), Math.min(SEND_MS_MAX, leftMs));
      if (asked.kind !== 'answer') return asked;
      const reply = readAnswer(asked.answer, command.id ?? null);
      if (reply) return { kind: 'answered', reply };
      return { kind: isTurnedAway(asked.answer) ? 'not-sent' : 'unknown', text: refusedInWords(asked.answer) };
    },
    ask: (job) => read(`/api/jobs/${encodeURIComponent(job)}?wait=${WAIT_S}s`, Job),
    look: () => read(`/api/switches/${encodeURIComponent(options.switch)}`, State),
    async close() {
      stop.abort();
    },
  };
}

/** A job whatever the status (a refusal by a guard has one), or a refusal that is final. */
function readAnswer({ body }: Answer, id: string | null): Reply | undefined {
  const job = Job.safeParse(body);
  if (job.success) {
    const { finishedAt, status } = job.data;
    return { type: finishedAt !== null ? 'finished' : status === 'running' ? 'step' : 'accepted', job: job.data };
  }
  const error = refusalOf(body);
  if (!error || !FINAL_CODES.includes(error.code)) return undefined;
  return { type: 'refused', text: `${error.message} ${error.hint}`, id, error: { ...error, guard: null } };
}

/** The endpoint itself says that it took nothing. Of a proxy, or a fault behind the door, nobody knows what got in. */
function isTurnedAway({ status, body }: Answer): boolean {
  return status >= 400 && status < 500 && refusalOf(body) !== undefined;
}

const ErrorOfApi = Refusal.omit({ guard: true });

function refusalOf(body: unknown): z.infer<typeof ErrorOfApi> | undefined {
  if (typeof body !== 'object' || body === null || !('error' in body)) return undefined;
  return ErrorOfApi.safeParse(body.error).data;
}

function refusedInWords({ status, body }: Answer): string {
  const error = refusalOf(body);
  return error
    ? `The endpoint refuses over HTTPS: ${error.message} ${error.hint}`
    : `Whoever answers at https.url answered ${status}, and not as an endpoint does: check https.url.`;
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
