import type { Notice, NotifierBody } from '../../../shared/notice.ts';
import { isoTime } from '../text.ts';

/** What a test sends to a receiver of that kind: nothing has happened, and everything of the road is used. */
export function testBodies(
  kind: 'pagerduty' | 'slack' | 'webhook' | 'datadog',
  { nowMs, mark, link }: { readonly nowMs: number; readonly mark: string; readonly link: string | null },
): NotifierBody[] {
  const at = isoTime(nowMs);
  const notice: Notice = {
    id: `test:${mark}`,
    kind: 'test',
    at,
    switch: null,
    severity: 'info',
    title: 'Test from dashover: nothing has happened',
    text: 'Somebody tries whether messages of dashover arrive here. They do.',
    next: null,
    page: null,
    incident: null,
    job: null,
    device: null,
    from: null,
    to: null,
    by: null,
    reason: null,
    cachesUntil: null,
    drill: false,
    link,
  };
  switch (kind) {
    case 'pagerduty': {
      // Resolved at once: the routing key is proved, and nobody has anything left to do.
      const page = (action: 'trigger' | 'resolve'): NotifierBody => ({
        form: 'notice',
        notice: { ...notice, page: { action, key: notice.id } },
      });
      return [page('trigger'), page('resolve')];
    }
    case 'datadog':
      return [
        { form: 'notice', notice },
        { form: 'check', check: { switch: 'test', status: 0, text: notice.title, at } },
      ];
    case 'slack':
    case 'webhook':
      return [{ form: 'notice', notice }];
  }
}
