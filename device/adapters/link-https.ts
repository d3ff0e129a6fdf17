import http from 'node:http';
import https from 'node:https';
import type { Clock } from '../../shared/clock.ts';
import type { SecondRoad } from '../core/ports.ts';
import { type Asked, makeApiRoad } from './api-road.ts';
import { readTlsFiles } from './broker-connection.ts';
import { type BrokerSocket, openSocket } from './mqtt-socket.ts';
import { httpsFaultInWords } from './link-words.ts';

const TOO_LATE = 'The endpoint did not answer over HTTPS in time.';
const ANSWER_BYTES_MAX = 262_144;

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

/** The road straight to the endpoint's API, with the device's own token. */
export function makeHttpsRoad(options: HttpsRoadOptions): SecondRoad {
  const { clock } = options;
  const stop = new AbortController();

  /** One request on a connection of its own. Never rejects. */
  async function request(
    method: string,
    path: string,
    body: string | null,
    msMax: number,
    withdrawn?: AbortSignal,
  ): Promise<Asked> {
    const url = new URL(options.url.replace(/\/+$/, '') + path);
    const over = new AbortController();
    // From the very begin: whatever takes its time on this machine counts as well.
    const late = clock.sleep(msMax, AbortSignal.any([over.signal, stop.signal, ...(withdrawn ? [withdrawn] : [])]));
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

  return makeApiRoad({
    ...options,
    request,
    warn: (text) => {
      if (!stop.signal.aborted) options.warn(text);
    },
    close: async () => stop.abort(),
  });
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
