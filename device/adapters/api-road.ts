import type { z } from 'zod';
import { EXPIRES_IN_MS_DEFAULT } from '../../shared/command.ts';
import { Job, Refusal, State } from '../../shared/messages.ts';
import { type Delivery, type Reply, type SecondRoad, SEND_MS_MAX } from '../core/ports.ts';

/** How long the endpoint waits for the end of a job before it answers: a step is told at most so much late. */
const WAIT_S = 2;
const ASK_MS_MAX = 10_000;
/** A press is withdrawn so long before its deadline: when the lamp says that it was not delivered, it is off the line. */
const WITHDRAWAL_MS = 100;
/**
 * Refusals that end a press: the endpoint has read it and says no. Any other (a wrong token, a proxy's page, a fault of
 * the endpoint) is a fault of this road, and no reason to stop trying the first one.
 */
const FINAL_CODES = ['expired', 'stale', 'unknown-switch', 'unknown-position'];

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export type Asked =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | Exclude<Delivery, { readonly kind: 'taken' }>;

/**
 * One request and its answer, within that many milliseconds and until it is withdrawn. Never rejects; what has not left by
 * then never leaves.
 */
type Request = (
  method: 'GET' | 'POST',
  path: string,
  body: string | null,
  msMax: number,
  withdrawn?: AbortSignal,
) => Promise<Asked>;

export interface ApiRoadOptions {
  readonly device: string;
  readonly switch: string;
  readonly request: Request;
  /** A sentence for the log: what went wrong with a question. Nobody is told while the road is being closed. */
  readonly warn: (text: string) => void;
  readonly close: () => Promise<void>;
}

/** What a device says to the endpoint's API, and how it reads the answers: over whatever carries a request. */
export function makeApiRoad({ device, switch: name, request, warn, close }: ApiRoadOptions): SecondRoad {
  async function read<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema> | null> {
    const asked = await request('GET', path, null, ASK_MS_MAX);
    const parsed =
      asked.kind === 'answer' && asked.answer.status === 200 ? schema.safeParse(asked.answer.body) : undefined;
    if (parsed?.success) return parsed.data;
    warn(asked.kind === 'answer' ? refusedInWords(asked.answer) : asked.text);
    return null;
  }

  return {
    async send(command, withdrawn) {
      const leftMs = (command.expiresInMs ?? EXPIRES_IN_MS_DEFAULT) - (command.ageMs ?? 0) - WITHDRAWAL_MS;
      if (leftMs <= 0) return { kind: 'not-sent', text: `The ${command.command} is too old to be sent.` };
      const path = `/api/devices/${encodeURIComponent(device)}/command`;
      const asked = await request('POST', path, JSON.stringify(command), Math.min(SEND_MS_MAX, leftMs), withdrawn);
      if (asked.kind !== 'answer') return asked;
      const reply = readAnswer(asked.answer, command.id ?? null);
      if (reply) return { kind: 'answered', reply };
      return { kind: isTurnedAway(asked.answer) ? 'not-sent' : 'unknown', text: refusedInWords(asked.answer) };
    },
    ask: (job) => read(`/api/jobs/${encodeURIComponent(job)}?wait=${WAIT_S}s`, Job),
    look: () => read(`/api/switches/${encodeURIComponent(name)}`, State),
    close,
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
