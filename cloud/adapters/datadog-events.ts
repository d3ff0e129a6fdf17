import type { Clock } from '../../shared/clock.ts';
import type { Notice, NotifierBody, ServiceCheck } from '../../shared/notice.ts';
import type { Receipt, Receiver } from '../ports.ts';
import { makeCircuit } from './notify-circuit.ts';
import { cut } from './notify-limits.ts';
import { call, type Meaning, receiptOf } from './notify-post.ts';

const TITLE_CHARS_MAX = 500;
const MESSAGE_CHARS_MAX = 4_000;
const AGGREGATION_CHARS_MAX = 100;
const AUTHOR_CHARS_MAX = 128;
const CHECK_MESSAGE_CHARS_MAX = 500;

export interface DatadogEventsOptions {
  /** Secret. */
  readonly apiKey: string;
  /** `datadoghq.com`, `datadoghq.eu`, `us5.datadoghq.com` … */
  readonly site: string;
  /** In place of Datadog's own two hosts: a proxy, a test. */
  readonly url: string | undefined;
  readonly clock: Clock;
}

/** 400: what we sent breaks a rule. 401, 403: the API key is of no use. */
const MEANING: Meaning = { never: (status) => status < 500, gone: [401, 403] };

const EVENTS = '/api/v2/events';
const CHECKS = '/api/v1/check_run';

/** Datadog: a change event for each move, which shows in its dashboards where things turned, and a service check. */
export function openDatadogEvents({ apiKey, site, url, clock }: DatadogEventsOptions): Receiver {
  const circuit = makeCircuit(clock);
  const base = url?.replace(/\/+$/, '').replace(EVENTS, '');
  const events = `${base ?? `https://event-management-intake.${site}`}${EVENTS}`;
  const checks = `${base ?? `https://api.${site}`}${CHECKS}`;
  return {
    retryMs: { min: 1_000, max: 60_000 },
    deadlineMs: 10_000,
    trouble: () => circuit.trouble(),
    async deliver({ body: row }, signal): Promise<Receipt> {
      const closed = circuit.closed();
      if (closed) return closed;
      const message = row as NotifierBody;
      const [to, content] =
        message.form === 'check' ? [checks, [checkOf(message.check)]] : [events, eventOf(message.notice)];
      const headers = { 'DD-API-KEY': apiKey, accept: 'application/json' };
      const body = JSON.stringify(content);
      const answer = await call({ who: 'Datadog', url: to, headers, body, secrets: [apiKey] }, signal);
      return receiptOf(answer, MEANING, circuit);
    },
  };
}

function eventOf(notice: Notice): object {
  const { title, text, next, at, incident, job, by, from, to, kind, drill, cachesUntil, link } = notice;
  const name = notice.switch ?? 'dashover';
  return {
    data: {
      type: 'event',
      attributes: {
        title: cut(title, TITLE_CHARS_MAX),
        message: cut(next === null ? text : `${text} Next: ${next}`, MESSAGE_CHARS_MAX),
        category: 'change',
        aggregation_key: cut(incident ?? `dashover:${name}`, AGGREGATION_CHARS_MAX),
        timestamp: at,
        tags: ['source:dashover', `switch:${name}`, `kind:${kind}`, ...(drill ? ['drill:true'] : [])],
        attributes: {
          changed_resource: { type: 'configuration', name: `dns ${name}` },
          impacted_resources: [{ type: 'service', name }],
          ...(by && {
            author: { type: by.automatic ? 'system' : 'user', name: cut(by.actor, AUTHOR_CHARS_MAX) },
          }),
          prev_value: { position: from },
          new_value: { position: to },
          change_metadata: { incident, job, caches_until: cachesUntil, ...(link !== null && { resource_link: link }) },
        },
      },
    },
  };
}

function checkOf({ switch: name, status, text, at }: ServiceCheck): object {
  return {
    check: 'dashover.switch',
    host_name: 'dashover',
    status,
    // Datadog drops the words of a check that is well.
    message: cut(text, CHECK_MESSAGE_CHARS_MAX),
    tags: [`switch:${name}`],
    timestamp: Math.floor(Date.parse(at) / 1_000),
  };
}
