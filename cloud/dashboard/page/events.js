/**
 * Follows server-sent events with an Authorization header, which the browser's own EventSource cannot send.
 * Resolves when the stream ends or nothing was heard for `silenceMs`; rejects with a `Refused` when the server refuses,
 * with another error when it does not begin within that time.
 * @param {string} url @param {RequestInit & { signal: AbortSignal }} init @param {number} silenceMs
 * @param {(event: string, data: any) => void} onEvent
 */
export async function follow(url, init, silenceMs, onEvent) {
  const response = await begin(url, init, silenceMs);
  if (!response.ok) throw await refusedBy(response);
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const read = makeEventReader(onEvent);
  for (;;) {
    // The endpoint says something every 15 s; a telephone that changed its network may never learn that it has ended.
    const { value, done } = await readWithin(reader, silenceMs);
    if (done || value === undefined) break;
    read(value);
  }
  void reader.cancel().catch(() => undefined);
}

/**
 * A limit for the answer alone: what follows may last.
 * @param {string} url @param {RequestInit & { signal: AbortSignal }} init @param {number} ms
 */
async function begin(url, init, ms) {
  const tooLong = new AbortController();
  const timer = setTimeout(() => tooLong.abort(), ms);
  try {
    return await fetch(url, { ...init, cache: 'no-store', signal: AbortSignal.any([init.signal, tooLong.signal]) });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Takes the stream piece by piece, as it comes, and tells each whole event.
 * @param {(event: string, data: any) => void} onEvent @returns {(piece: string) => void}
 */
export function makeEventReader(onEvent) {
  let rest = '';
  return (piece) => {
    const blocks = (rest + piece).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const lines = block.split('\n');
      const event = lines.find((line) => line.startsWith('event: '))?.slice(7);
      const data = lines.filter((line) => line.startsWith('data: ')).map((line) => line.slice(6));
      if (event !== undefined && data.length > 0) onEvent(event, JSON.parse(data.join('\n')));
    }
  };
}

/**
 * The next piece, or the end when there is none for so long.
 * @param {ReadableStreamDefaultReader<string>} reader @param {number} ms
 * @returns {Promise<{ value?: string | undefined, done: boolean }>}
 */
async function readWithin(reader, ms) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const silence = new Promise((resolve) => {
    timer = setTimeout(() => resolve({ done: true }), ms);
  });
  try {
    return await Promise.race([reader.read(), silence]);
  } finally {
    clearTimeout(timer);
  }
}

/** What the endpoint said instead of doing it, in its own words. */
export class Refused extends Error {
  /** @param {number} status @param {string} code @param {string} message @param {string} hint */
  constructor(status, code, message, hint) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

/** @param {Response} response @returns {Promise<Refused>} */
export async function refusedBy(response) {
  const { status } = response;
  try {
    const { error } = await response.json();
    return new Refused(status, error.code, error.message, error.hint);
  } catch {
    return new Refused(status, 'unknown', `${status} ${response.statusText}`, '');
  }
}
