import type { ServerResponse } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { Fault } from '../../shared/faults.ts';
import type { Json } from '../../shared/json.ts';
import { topics } from '../../shared/topics.ts';
import type { Outgoing } from '../engine/lane.ts';
import { MQTT_RECEIVER } from '../jobs/announce.ts';
import type { Api, ApiOptions } from './api-options.ts';
import { checkReader, sees } from './respond.ts';
import { ROUTES } from './route-words.ts';

const VIEWERS_MAX = 1_000;
const KEEPALIVE_MS = 15_000;
/** A viewer that has this much unread is gone, or too slow: it comes again and gets the states of that time. */
const BACKLOG_BYTES_MAX = 1_024 * 1_024;

interface Viewer {
  readonly response: ServerResponse;
  readonly request: FastifyRequest;
  /** What was stored while its first states were read: told after them. Null from then on. */
  early: string[] | null;
}

interface Event {
  readonly switch: string;
  /** The bytes on the wire, made once for all viewers. */
  readonly text: string;
}

/** `GET /api/events`: first the state of each switch, then every state and job message as it is stored. */
export function eventRoutes(app: Api, { engine, switches, readState, clock, stopping, log }: ApiOptions): void {
  const viewers = new Set<Viewer>();

  /** Only while somebody looks: what other endpoints store is read for the listeners alone. */
  let stop: (() => void) | undefined;

  function enter(viewer: Viewer): void {
    viewers.add(viewer);
    stop ??= engine.onStored(tell);
  }

  function leave(viewer: Viewer): void {
    viewers.delete(viewer);
    if (viewers.size > 0) return;
    stop?.();
    stop = undefined;
  }

  /** Stored and not told yet: whoever asked is answered first, however many look on. */
  let untold: Event[] = [];

  function tell(outgoing: readonly Outgoing[]): void {
    const events = outgoing.flatMap(eventOf);
    if (events.length > 0 && untold.length === 0) void clock.sleep(0, stopping).then(tellViewers);
    untold.push(...events);
  }

  function tellViewers(): void {
    const events = untold;
    untold = [];
    for (const viewer of viewers) {
      const mine = events.filter((event) => sees(viewer.request, event.switch));
      if (mine.length > 0) write(viewer, mine.map(({ text }) => text).join(''));
    }
  }

  function write(viewer: Viewer, text: string): void {
    if (viewer.early) viewer.early.push(text);
    else if (viewer.response.writableLength > BACKLOG_BYTES_MAX) {
      leave(viewer);
      viewer.response.destroy();
      log.debug({ viewers: viewers.size }, 'A viewer of the events was too slow and was let go.');
    } else viewer.response.write(text);
  }

  async function keepAlive(): Promise<void> {
    while (!stopping.aborted) {
      await clock.sleep(KEEPALIVE_MS, stopping);
      for (const viewer of viewers) write(viewer, ':\n\n');
    }
    stop?.();
    tellViewers();
    // Those whose first states are being read end themselves.
    for (const { response, early } of viewers) if (!early) response.end();
    viewers.clear();
  }
  void keepAlive();

  app.get('/api/events', { exposeHeadRoute: false, schema: { ...ROUTES.events } }, async (request, reply) => {
    checkReader(request);
    if (viewers.size >= VIEWERS_MAX) {
      throw new Fault('stopping', `There are ${VIEWERS_MAX} viewers already.`, { hint: 'Poll /api/switches instead.' });
    }
    const viewer: Viewer = { response: reply.raw, request, early: [] };
    // Before anything is waited for: no event is missed, and one who leaves meanwhile is not kept.
    enter(viewer);
    reply.raw.on('close', () => leave(viewer));
    const first: string[] = [];
    try {
      for (const settings of switches) {
        if (sees(request, settings.name)) first.push(eventText('state', await readState(settings)));
      }
    } catch (error) {
      leave(viewer);
      throw error;
    }
    reply.hijack();
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) reply.raw.setHeader(name, value);
    }
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // nginx would hold the events back in its buffer.
      'x-accel-buffering': 'no',
    });
    reply.raw.write('retry: 2000\n\n');
    for (const text of [...first, ...(viewer.early ?? [])]) reply.raw.write(text);
    viewer.early = null;
    if (stopping.aborted) reply.raw.end();
  });
}

/** The states and job messages among the outgoing rows; answers to single senders are none of the viewers' business. */
function eventOf({ receiver, body }: Outgoing): readonly Event[] {
  if (receiver !== MQTT_RECEIVER || !isMessage(body)) return [];
  const [room, name] = body.topic.split('/');
  if (room !== 'switches' || name === undefined) return [];
  if (body.topic === topics.state(name)) return [{ switch: name, text: eventText('state', JSON.parse(body.payload)) }];
  if (body.topic === topics.jobs(name)) return [{ switch: name, text: eventText('job', JSON.parse(body.payload)) }];
  return [];
}

function isMessage(body: Json): body is { readonly topic: string; readonly payload: string } {
  return typeof body === 'object' && body !== null && 'topic' in body && 'payload' in body;
}

/** One server-sent event: JSON without line breaks. */
function eventText(event: 'state' | 'job', data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
