import { get, type IncomingMessage } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { startWorld, type World } from '../world/world.ts';
import { inTurn, table } from './figures.ts';

const VIEWERS = 200;
const TIMES = 200;

/** How long a command over HTTP takes until its answer: nobody watching, against 200 who are told of each over server-sent events. */
export async function benchViewers(folder: string): Promise<string> {
  await using alone = await startWorld({ folder: `${folder}/alone`, ports: 'any', insyncAfterMs: 0 });
  await using watched = await startWorld({ folder: `${folder}/watched`, ports: 'any', insyncAfterMs: 0 });
  const viewers = await Promise.all(Array.from({ length: VIEWERS }, () => watch(watched)));
  let asked = 0;
  const commandWatched = async (): Promise<number> => {
    const ms = await command(watched);
    asked += 1;
    // The viewers live in this process: what they still have to read would be charged to the next command.
    while (viewers.some(({ events }) => events() < asked)) await turn();
    return ms;
  };
  try {
    const rows = await inTurn(
      { 'nobody watches': () => command(alone), [`${VIEWERS} viewers are told`]: commandWatched },
      TIMES,
    );
    return `${table('A command over HTTP (decided, stored, refused as too old, told), until its answer', rows)}Each viewer heard of all ${asked}.\n`;
  } finally {
    for (const { end } of viewers) end();
  }
}

interface Viewer {
  /** Job messages so far. */
  readonly events: () => number;
  readonly end: () => void;
}

async function watch({ file }: World): Promise<Viewer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers = { authorization: `Bearer ${file.tokens.ops}` };
  const request = get(`${file.http}/api/events`, { headers, agent: false }, resolve).once('error', reject);
  const response = await promise;
  if (response.statusCode !== 200) throw new Error(`A viewer was answered ${response.statusCode}.`);
  let events = 0;
  response.setEncoding('utf8').on('data', (piece: string) => (events += piece.split('event: job').length - 1));
  return { events: () => events, end: () => request.destroy() };
}

async function command({ file }: World): Promise<number> {
  const beganMs = performance.now();
  const response = await fetch(`${file.http}/api/switches/${file.switch}/failover`, {
    method: 'POST',
    headers: { authorization: `Bearer ${file.tokens.ops}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ageMs: 120_000 }),
  });
  await response.text();
  return performance.now() - beganMs;
}
