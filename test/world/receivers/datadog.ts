import { z } from 'zod';
import { type Fake, json, openFake } from './fake.ts';

const tag = z.string().regex(/^[a-z][a-z0-9_./-]*:[^\s]{1,180}$/i);
const value = z.record(z.string(), z.unknown());
const Author = z.strictObject({ type: z.enum(['user', 'system']), name: z.string().min(1).max(128) });

const Event = z.strictObject({
  data: z.strictObject({
    type: z.literal('event'),
    attributes: z.strictObject({
      title: z.string().min(1).max(500),
      message: z.string().max(4_000).optional(),
      category: z.literal('change'),
      aggregation_key: z.string().max(100).optional(),
      timestamp: z.iso.datetime().optional(),
      tags: z.array(tag).max(100).optional(),
      attributes: z.strictObject({
        changed_resource: z.strictObject({
          type: z.enum(['feature_flag', 'configuration']),
          name: z.string().min(1).max(128),
        }),
        impacted_resources: z
          .array(z.strictObject({ type: z.literal('service'), name: z.string().min(1).max(128) }))
          .max(100)
          .optional(),
        author: Author.optional(),
        change_metadata: value.optional(),
        new_value: value.optional(),
        prev_value: value.optional(),
      }),
    }),
  }),
});
type DatadogEvent = z.infer<typeof Event>['data']['attributes'];

const Check = z.strictObject({
  check: z.string().min(1),
  host_name: z.string().min(1),
  status: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
  message: z.string().max(500).optional(),
  tags: z.array(tag),
  timestamp: z.int().optional(),
});
type DatadogCheck = z.infer<typeof Check>;

export interface FakeDatadog extends Fake {
  readonly events: DatadogEvent[];
  readonly checks: DatadogCheck[];
}

const EVENT_AGE_MS_MAX = 18 * 3_600_000;
const CHECK_AGE_MS_MAX = 600_000;

/** Both hosts in one: the paths tell them apart. */
export async function openFakeDatadog(apiKey: string, nowMs: () => number = Date.now): Promise<FakeDatadog> {
  const events: DatadogEvent[] = [];
  const checks: DatadogCheck[] = [];
  const fake = await openFake(({ method, path, headers, body }, wrong) => {
    const refuse = (status: number, why: string) => {
      wrong.push(why);
      return { status, body: JSON.stringify({ errors: [why] }) };
    };
    if (headers['dd-api-key'] !== apiKey) return refuse(403, 'Forbidden');
    if (method !== 'POST') return refuse(405, 'Method Not Allowed');
    if (path === '/api/v2/events') {
      const parsed = Event.safeParse(json(body));
      if (!parsed.success) return refuse(400, z.prettifyError(parsed.error));
      const event = parsed.data.data.attributes;
      if (nowMs() - Date.parse(event.timestamp ?? '') > EVENT_AGE_MS_MAX) return refuse(400, 'timestamp too old');
      events.push(event);
      return { status: 202, body: JSON.stringify({ data: { type: 'event', attributes: {} } }) };
    }
    if (path === '/api/v1/check_run') {
      const parsed = z.array(Check).min(1).safeParse(json(body));
      if (!parsed.success) return refuse(400, z.prettifyError(parsed.error));
      for (const check of parsed.data) {
        if (nowMs() - (check.timestamp ?? 0) * 1_000 > CHECK_AGE_MS_MAX) return refuse(400, 'timestamp too old');
        checks.push(check);
      }
      return { status: 202, body: JSON.stringify({ status: 'ok' }) };
    }
    return refuse(404, 'Not Found');
  });
  return Object.assign(fake, { events, checks });
}
