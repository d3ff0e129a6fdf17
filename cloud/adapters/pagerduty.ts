import type { Clock } from '../../shared/clock.ts';
import type { Notice, NotifierBody } from '../../shared/notice.ts';
import type { Receipt, Receiver } from '../ports.ts';
import { call, type Meaning, receiptOf } from './notify-post.ts';
import { makeCircuit } from './notify-circuit.ts';
import { cut, endpointUrl } from './notify-limits.ts';

const EVENTS_URL = 'https://events.pagerduty.com/v2/enqueue';
const DEDUP_CHARS_MAX = 255;
const SUMMARY_CHARS_MAX = 1_024;

export interface PagerDutyOptions {
  /** Of an Events API v2 integration, 32 characters. Secret. */
  readonly routingKey: string;
  /** In place of PagerDuty's own: a proxy, a test. */
  readonly url: string | undefined;
  readonly clock: Clock;
}

/** 400: what we sent breaks a rule, and would again. 401, 403, 404, 410: what is in front lets nothing through. */
const MEANING: Meaning = { never: (status) => status < 500, gone: [401, 403, 404, 410] };

/** PagerDuty Events API v2: one page by its key, from trigger to resolve. Other notices call nobody. */
export function openPagerDuty({ routingKey, url, clock }: PagerDutyOptions): Receiver {
  const circuit = makeCircuit(clock, 'waits');
  const enqueue = endpointUrl(url ?? EVENTS_URL, '/v2/enqueue');
  return {
    retryMs: { min: 1_000, max: 60_000 },
    deadlineMs: 10_000,
    trouble: () => circuit.trouble(),
    async deliver({ body }, signal): Promise<Receipt> {
      const { notice } = body as Extract<NotifierBody, { form: 'notice' }>;
      if (notice.page === null) return { kind: 'never', reason: 'a pager is told only of what calls somebody' };
      const closed = circuit.closed();
      if (closed) return closed;
      const event = JSON.stringify(eventOf(routingKey, notice, notice.page));
      const answer = await call({ who: 'PagerDuty', url: enqueue, body: event, secrets: [routingKey] }, signal);
      return receiptOf(answer, MEANING, circuit);
    },
  };
}

function eventOf(routingKey: string, notice: Notice, { action, key }: NonNullable<Notice['page']>): object {
  const head = { routing_key: routingKey, event_action: action, dedup_key: cut(key, DEDUP_CHARS_MAX) };
  if (action === 'resolve') return head;
  const { title, text, next, severity, at, kind, job, incident, from, to, by, reason, cachesUntil, link } = notice;
  return {
    ...head,
    client: 'dashover',
    ...(link !== null && { client_url: link, links: [{ href: link, text: 'The switches' }] }),
    payload: {
      summary: cut(title, SUMMARY_CHARS_MAX),
      source: notice.switch ?? 'dashover',
      severity,
      timestamp: at,
      component: notice.switch ?? 'dashover',
      group: 'dashover',
      class: kind,
      custom_details: { text, next, job, incident, from, to, by, reason, caches_until: cachesUntil },
    },
  };
}
