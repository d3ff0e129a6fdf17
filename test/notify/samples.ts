import type { Notice, ServiceCheck } from '../../shared/notice.ts';
import type { Json } from '../../shared/json.ts';
import type { Message } from '../../cloud/ports.ts';

export const SECRETS = {
  routingKey: 'SECRETroutingkey0000000000000000',
  slack: 'SECRETslackXXXXXXXXXXXXX',
  webhook: 'whsec_U0VDUkVULWhvb2stMDAwMDAwMDAwMDA3',
  apiKey: 'SECRETdatadogapikey0000000000000',
  heart: 'SECRET-heart-0001',
} as const;

/** Everything filled in. */
export const NOTICE: Notice = {
  id: 'failover-done:www:job-1',
  kind: 'failover-done',
  at: '2026-11-22T12:00:00.000Z',
  switch: 'www',
  severity: 'error',
  title: 'www is at maintenance: failed over by datadog (Datadog)',
  text: 'www moved from primary to maintenance, asked by datadog (Datadog).',
  next: 'Automation restores it when every alert has been clear for 2 min.',
  page: null,
  incident: 'job-1',
  job: 'job-1',
  device: null,
  from: 'primary',
  to: 'maintenance',
  by: { trigger: 'datadog', actor: 'datadog', automatic: true },
  reason: null,
  cachesUntil: '2026-11-22T12:01:00.000Z',
  drill: false,
  link: 'https://dashover.example.com',
};

export const TRIGGER: Notice = { ...NOTICE, id: 'trigger:1', page: { action: 'trigger', key: 'job-1' } };
export const RESOLVE: Notice = { ...NOTICE, id: 'resolve:1', page: { action: 'resolve', key: 'job-1' } };

/** As long, and as strange, as strangers can make it. */
export const ENORMOUS: Notice = {
  ...TRIGGER,
  title: `<!channel> & "titles" ${'t'.repeat(3_000)}`,
  text: `<@U123> *bold* ${'&'.repeat(9_000)}`,
  next: `<https://evil.example|click> ${'n'.repeat(9_000)}`,
  reason: 'r'.repeat(256),
  incident: 'i'.repeat(300),
  by: { trigger: 'api', actor: 'a'.repeat(300), automatic: false },
  page: { action: 'trigger', key: 'k'.repeat(300) },
};

export const CHECK: ServiceCheck = { switch: 'www', status: 1, text: 'x'.repeat(900), at: '2026-11-22T12:00:00.000Z' };

export function noticeMessage(notice: Notice): Message {
  return { id: 1, body: { form: 'notice', notice }, attempts: 0, createdAtMs: 0 };
}

export function checkMessage(check: ServiceCheck): Message {
  const body: Json = { form: 'check', check };
  return { id: 2, body, attempts: 0, createdAtMs: 0 };
}
