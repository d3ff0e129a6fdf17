import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { type Fake, json, openFake } from './fake.ts';

const Payload = z.strictObject({
  type: z.string().regex(/^[a-z]+\.[a-z-]+$/),
  timestamp: z.iso.datetime(),
  data: z.record(z.string(), z.unknown()),
});
type WebhookEvent = z.infer<typeof Payload> & { readonly id: string };

export interface FakeWebhook extends Fake {
  /** In order of arrival; a repeated id is taken once. */
  readonly received: WebhookEvent[];
}

const TOLERANCE_S = 300;

/** Checks the signature by hand, as the specification has it: HMAC-SHA256 of `id.timestamp.body`. */
export async function openFakeWebhook(secret: string, nowMs: () => number = Date.now): Promise<FakeWebhook> {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const received: WebhookEvent[] = [];
  const fake = await openFake(({ method, headers, body }, wrong) => {
    const refuse = (why: string) => {
      wrong.push(why);
      return { status: 400, body: why };
    };
    const id = headers['webhook-id'] ?? '';
    const at = headers['webhook-timestamp'] ?? '';
    if (method !== 'POST') return { status: 405, body: '' };
    if (!/^[A-Za-z0-9_:-]{1,256}$/.test(id)) return refuse(`webhook-id "${id}"`);
    if (!/^\d{10}$/.test(at)) return refuse(`webhook-timestamp "${at}"`);
    if (Math.abs(nowMs() / 1_000 - Number(at)) > TOLERANCE_S) return refuse('webhook-timestamp is too old or too new');
    const wanted = `v1,${createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64')}`;
    if (!(headers['webhook-signature'] ?? '').split(' ').includes(wanted)) {
      wrong.push('webhook-signature');
      return { status: 401, body: 'signature' };
    }
    const parsed = Payload.safeParse(json(body));
    if (!parsed.success) return refuse(z.prettifyError(parsed.error));
    if (parsed.data.data['id'] !== id) return refuse('the id of the notice is not the id of the message');
    if (!received.some((event) => event.id === id)) received.push({ ...parsed.data, id });
    return { status: 204, body: '' };
  });
  return Object.assign(fake, { received });
}
