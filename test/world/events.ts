import { type Job, JobMessage, State, type Step } from '../../shared/messages.ts';
import { PREFIX_DEFAULT } from '../../shared/topics.ts';
import type { Published } from './broker.ts';
import { visit, type Visit } from './visitor.ts';
import type { World } from './world.ts';

/** What happens in a world, as its broker and its Route 53 see it: nothing that was not said or done. */
export type WorldEvent =
  | { readonly kind: 'job'; readonly type: JobMessage['type']; readonly job: Job; readonly step: Step | undefined }
  | { readonly kind: 'state'; readonly state: State }
  | { readonly kind: 'command'; readonly client: string; readonly topic: string; readonly text: string }
  | { readonly kind: 'presence'; readonly who: string; readonly online: boolean }
  | { readonly kind: 'refusal'; readonly text: string }
  | { readonly kind: 'dns'; readonly visit: Visit };

const TEXT_MAX = 120;

/** Calls back with the state as it was told last, and then with everything that happens, in order. Returns the way to stop. */
export function watchWorld(world: World, listener: (event: WorldEvent) => void): () => void {
  const told = world.broker.published.map(eventOf).findLast((event) => event?.kind === 'state');
  if (told) listener(told);
  const offBroker = world.broker.onPublish((message) => {
    const event = eventOf(message);
    if (event) listener(event);
  });
  const offInsync = world.route53.onInsync(() => {
    void visit(world.file).then((seen) => listener({ kind: 'dns', visit: seen }));
  });
  return () => {
    offBroker();
    offInsync();
  };
}

function eventOf(message: Published): WorldEvent | undefined {
  const topic = message.topic.startsWith(`${PREFIX_DEFAULT}/`) ? message.topic.slice(PREFIX_DEFAULT.length + 1) : '';
  const [room, name, leaf] = topic.split('/');
  if (message.payload.length === 0) return undefined;
  if (leaf === 'command') return commandEvent(message, topic);
  const body = parseJson(message.payload.toString());
  // Anybody may publish anything to this broker: what is no message of ours is no event.
  if (leaf === 'jobs') {
    const told = JobMessage.safeParse(body).data;
    return told && { kind: 'job', type: told.type, job: told.job, step: told.job.steps.at(-1) };
  }
  if (leaf === 'state') {
    const state = State.safeParse(body).data;
    return state && { kind: 'state', state };
  }
  if (leaf === 'presence' && room && name) {
    const online = fieldOf(body, 'online');
    return typeof online === 'boolean' ? { kind: 'presence', who: `${room.slice(0, -1)} ${name}`, online } : undefined;
  }
  const text = topic === 'errors' ? fieldOf(body, 'text') : undefined;
  return typeof text === 'string' ? { kind: 'refusal', text } : undefined;
}

function commandEvent(message: Published, topic: string): WorldEvent {
  const body = message.payload.toString('utf8', 0, TEXT_MAX);
  const word = fieldOf(parseJson(message.payload.toString()), 'command');
  const text = typeof word === 'string' ? word : body.replaceAll(/[^\x20-\x7e]/g, '.');
  return { kind: 'command', client: message.client ?? 'somebody', topic, text };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a stranger's message on one of our topics: not an event
  }
}

function fieldOf(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
}
