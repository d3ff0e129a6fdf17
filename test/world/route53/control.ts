import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Account } from './account.ts';
import { Weather } from './weather.ts';
import type { Sky } from './weather.ts';

const PREFIX = '/__world/';
const INSYNC_AFTER_MS_MAX = 3_600_000;

const WeatherRequest = z.union([Weather, z.array(Weather).min(1).max(100)]);
const InsyncRequest = z.strictObject({ insyncAfterMs: z.int().min(0).max(INSYNC_AFTER_MS_MAX) });

/** Whether a path belongs to the world and not to Route 53. */
export function isControl(path: string): boolean {
  return path.startsWith(PREFIX);
}

/** The little HTTP interface by which a demo steers the local Route 53; its routes are listed in the README. */
export function serveControl(
  incoming: IncomingMessage,
  response: ServerResponse,
  body: string,
  { sky, account }: { readonly sky: Sky; readonly account: Account },
): void {
  const answer = (status: number, value: object): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(`${JSON.stringify(value)}\n`);
  };
  switch (`${incoming.method ?? ''} ${incoming.url ?? ''}`) {
    case 'GET /__world/weather':
      return answer(200, { weather: sky.forecast() });
    case 'DELETE /__world/weather':
      sky.clear();
      return answer(200, { weather: [] });
    case 'POST /__world/weather': {
      const read = WeatherRequest.safeParse(parseJson(body));
      if (!read.success) return answer(422, { error: `This is no weather: ${z.prettifyError(read.error)}` });
      for (const weather of [read.data].flat()) sky.add(weather);
      return answer(200, { weather: sky.forecast() });
    }
    case 'POST /__world/insync': {
      const read = InsyncRequest.safeParse(parseJson(body));
      if (!read.success) return answer(422, { error: `Send {"insyncAfterMs": 2000}: ${z.prettifyError(read.error)}` });
      account.insyncAfterMs = read.data.insyncAfterMs;
      return answer(200, read.data);
    }
    default:
      return answer(404, { error: 'The routes are GET, POST and DELETE /__world/weather, and POST /__world/insync.' });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error instanceof Error ? error.message : text;
  }
}
