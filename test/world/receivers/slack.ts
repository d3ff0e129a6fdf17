import { z } from 'zod';
import { type Fake, json, openFake } from './fake.ts';

const plain = (charsMax: number) =>
  z.strictObject({
    type: z.literal('plain_text'),
    text: z.string().min(1).max(charsMax),
    emoji: z.boolean().optional(),
  });
/** What stands in angle brackets is a link or calls somebody: `<!channel>` is never ours, and no lone bracket is. */
const calm = (text: string) => !/[<>]/.test(text.replaceAll(/<https?:\/\/[^<>|]+(\|[^<>]*)?>/g, ''));
/** Of Slack's three characters nothing else is left, and no half of one. */
const escaped = (text: string) => !/&(?!amp;|lt;|gt;)/.test(text);
const mrkdwn = (charsMax: number) =>
  z.strictObject({
    type: z.literal('mrkdwn'),
    text: z.string().min(1).max(charsMax).refine(calm, 'a mention').refine(escaped, 'half an escape'),
  });

const Block = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('header'), text: plain(150) }),
  z.strictObject({ type: z.literal('section'), text: mrkdwn(3_000) }),
  z.strictObject({ type: z.literal('context'), elements: z.array(mrkdwn(3_000)).min(1).max(10) }),
  z.strictObject({ type: z.literal('divider') }),
]);

const Message = z.strictObject({
  /** The fallback of notifications and screen readers: blocks alone are announced as nothing. */
  text: z.string().min(1).max(40_000).refine(calm, 'a mention'),
  blocks: z.array(Block).min(1).max(50),
});
type SlackMessage = z.infer<typeof Message>;

export interface FakeSlack extends Fake {
  readonly received: SlackMessage[];
  /** The whole URL of the webhook, its secret part included. */
  readonly hook: string;
}

export async function openFakeSlack(secret: string): Promise<FakeSlack> {
  const received: SlackMessage[] = [];
  const path = `/services/T00000000/B00000000/${secret}`;
  const fake = await openFake((request, wrong) => {
    if (request.path !== path) return { status: 404, body: 'no_service' };
    if (request.method !== 'POST') return { status: 400, body: 'invalid_payload' };
    const parsed = Message.safeParse(json(request.body));
    if (!parsed.success) {
      wrong.push(z.prettifyError(parsed.error));
      return { status: 400, body: 'invalid_blocks' };
    }
    received.push(parsed.data);
    return { status: 200, body: 'ok' };
  });
  return Object.assign(fake, { received, hook: `${fake.url}${path}` });
}
