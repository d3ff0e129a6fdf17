import type { Clock } from '../../shared/clock.ts';
import type { Notice, NotifierBody } from '../../shared/notice.ts';
import type { Receipt, Receiver } from '../ports.ts';
import { makeCircuit } from './notify-circuit.ts';
import { cut } from './notify-limits.ts';
import { call, type Meaning, receiptOf } from './notify-post.ts';

const HEADER_CHARS_MAX = 150;
const SECTION_CHARS_MAX = 3_000;
const TEXT_CHARS_MAX = 4_000;

export interface SlackOptions {
  /** The incoming webhook: whoever knows it may write, so it is a secret. */
  readonly url: string;
  readonly clock: Clock;
}

/** 400: `invalid_blocks`. 403, 404, 410: the webhook, its channel or its app is gone. */
const MEANING: Meaning = { never: (status) => status < 500, gone: [401, 403, 404, 410] };

/** An incoming webhook of Slack: blocks for the eye, and the same in one text for notifications and screen readers. */
export function openSlack({ url, clock }: SlackOptions): Receiver {
  const circuit = makeCircuit(clock);
  return {
    // Slack takes about one message a second; what is too fast is answered 429 with a Retry-After.
    retryMs: { min: 1_000, max: 60_000 },
    deadlineMs: 10_000,
    trouble: () => circuit.trouble(),
    async deliver({ body }, signal): Promise<Receipt> {
      const closed = circuit.closed();
      if (closed) return closed;
      const { notice } = body as Extract<NotifierBody, { form: 'notice' }>;
      const message = JSON.stringify(messageOf(notice));
      const answer = await call({ who: 'Slack', url, body: message, secrets: [] }, signal);
      return receiptOf(answer, MEANING, circuit);
    },
  };
}

const MARKS = { critical: '🔴', error: '🟠', warning: '🟡', info: '🔵' } as const;

function messageOf({ title, text, next, severity, drill, at, link, job, switch: name }: Notice): object {
  const mark = drill ? '🧪' : MARKS[severity];
  const about = [name, job === null ? null : `job ${job}`, at].filter((part) => part !== null).join(' · ');
  const where = link === null ? '' : ` · <${escape(link)}|open the page>`;
  const nextBlock = next === null ? [] : [section(`*Next:* ${cutEscaped(next, SECTION_CHARS_MAX - 8)}`)];
  return {
    text: cutEscaped(next === null ? `${title}: ${text}` : `${title}: ${text} Next: ${next}`, TEXT_CHARS_MAX),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: cut(`${mark} ${title}`, HEADER_CHARS_MAX), emoji: true } },
      section(cutEscaped(text, SECTION_CHARS_MAX)),
      ...nextBlock,
      { type: 'context', elements: [{ type: 'mrkdwn', text: `${escape(about)}${where}` }] },
    ],
  };
}

function section(text: string): object {
  return { type: 'section', text: { type: 'mrkdwn', text } };
}

/** Never ends in the middle of an escaped character. */
function cutEscaped(text: string, charsMax: number): string {
  return cut(escape(text), charsMax).replace(/&[a-z]*…$/, '…');
}

/** Slack's three: a stranger's `<!channel>` must call nobody. */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
