import { Webhook } from 'standardwebhooks';
import type { Clock } from '../../shared/clock.ts';
import type { NotifierBody } from '../../shared/notice.ts';
import type { Receipt, Receiver } from '../ports.ts';
import { makeCircuit } from './notify-circuit.ts';
import { call, type Meaning, receiptOf } from './notify-post.ts';

export interface WebhookOptions {
  readonly url: string;
  /** `whsec_…`, one or, while they are being changed, several: each signs. */
  readonly secrets: readonly string[];
  readonly clock: Clock;
}

/**
 * 410 says that nobody listens any more. 400, 413, 415 and 422 are about this message alone, and would be the answer
 * again. Everything else (401, 404 …) may be a deployment in the middle: it waits.
 */
const MEANING: Meaning = {
  never: (status) => [400, 413, 415, 422].includes(status) || (status >= 300 && status < 400),
  gone: [410],
};

/** Any HTTP receiver, signed as Standard Webhooks says: id, time and body under an HMAC that the receiver can check. */
export function openWebhook({ url, secrets, clock }: WebhookOptions): Receiver {
  const circuit = makeCircuit(clock);
  const signers = secrets.map((secret) => new Webhook(secret));
  return {
    // Standard Webhooks recommends waits that grow to a day; what is told here is old news by then.
    retryMs: { min: 5_000, max: 600_000 },
    deadlineMs: 15_000,
    trouble: () => circuit.trouble(),
    async deliver({ body }, signal): Promise<Receipt> {
      const closed = circuit.closed();
      if (closed) return closed;
      const { notice } = body as Extract<NotifierBody, { form: 'notice' }>;
      const payload = JSON.stringify({ type: `dashover.${notice.kind}`, timestamp: notice.at, data: notice });
      // The time of this try: a receiver refuses an old one, so that nobody can play it again.
      const now = new Date(clock.nowMs());
      const headers = {
        'webhook-id': notice.id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
        'webhook-signature': signers.map((signer) => signer.sign(notice.id, now, payload)).join(' '),
      };
      const answer = await call({ who: 'the webhook', url, headers, body: payload, secrets }, signal);
      return receiptOf(answer, MEANING, circuit);
    },
  };
}
