import { z } from 'zod';
import { type Fake, json, openFake } from './fake.ts';

const head = {
  routing_key: z.string().length(32),
  dedup_key: z.string().min(1).max(255),
};
const link = z.strictObject({ href: z.url(), text: z.string().optional() });
const image = z.strictObject({ src: z.url(), href: z.url().optional(), alt: z.string().optional() });

const Trigger = z.strictObject({
  ...head,
  event_action: z.literal('trigger'),
  client: z.string().optional(),
  client_url: z.url().optional(),
  links: z.array(link).optional(),
  images: z.array(image).optional(),
  payload: z.strictObject({
    summary: z.string().min(1).max(1_024),
    source: z.string().min(1),
    severity: z.enum(['critical', 'error', 'warning', 'info']),
    timestamp: z.iso.datetime().optional(),
    component: z.string().optional(),
    group: z.string().optional(),
    class: z.string().optional(),
    custom_details: z.record(z.string(), z.unknown()).optional(),
  }),
});
const Other = z.strictObject({ ...head, event_action: z.enum(['acknowledge', 'resolve']) });
const Event = z.discriminatedUnion('event_action', [Trigger, Other]);
type PagerDutyEvent = z.infer<typeof Event>;

const BYTES_MAX = 512 * 1_024;

export interface FakePagerDuty extends Fake {
  readonly received: PagerDutyEvent[];
  /** The dedup keys of the pages that nobody has resolved. */
  open(): string[];
}

/** Knows one routing key; everything else is 400, as at PagerDuty. */
export async function openFakePagerDuty(routingKey: string): Promise<FakePagerDuty> {
  const received: PagerDutyEvent[] = [];
  const open = new Set<string>();
  const fake = await openFake(({ method, path, headers, body }, wrong) => {
    if (method !== 'POST' || path !== '/v2/enqueue') return { status: 404, body: 'Not Found' };
    const refuse = (why: string) => {
      wrong.push(why);
      const text = { status: 'invalid event', message: 'Event object is invalid', errors: [why] };
      return { status: 400, body: JSON.stringify(text) };
    };
    if (Buffer.byteLength(body) > BYTES_MAX) return { status: 413, body: 'Payload Too Large' };
    if (!headers['content-type']?.startsWith('application/json')) return refuse('not application/json');
    const parsed = Event.safeParse(json(body));
    if (!parsed.success) return refuse(z.prettifyError(parsed.error));
    // A real one repeats what it was sent in no error; this one does, so that no log may.
    if (parsed.data.routing_key !== routingKey) return refuse(`unknown routing_key ${parsed.data.routing_key}`);
    received.push(parsed.data);
    if (parsed.data.event_action === 'trigger') open.add(parsed.data.dedup_key);
    if (parsed.data.event_action === 'resolve') open.delete(parsed.data.dedup_key);
    const taken = { status: 'success', message: 'Event processed', dedup_key: parsed.data.dedup_key };
    return { status: 202, body: JSON.stringify(taken) };
  });
  return Object.assign(fake, { received, open: () => [...open] });
}
