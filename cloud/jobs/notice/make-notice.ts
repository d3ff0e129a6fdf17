import type { Notice, NoticeKind, Severity } from '../../../shared/notice.ts';
import type { JobRow } from '../../engine/job.ts';
import type { JobData } from '../command.ts';
import type { Draft } from '../rules/draft.ts';
import { clip, isoTime, isoTimeOrNull } from '../text.ts';

/** What differs from notice to notice; the rest follows from the decision that it tells of. */
export interface Words {
  readonly kind: NoticeKind;
  readonly severity: Severity;
  readonly title: string;
  readonly text: string;
  readonly next: string | null;
  readonly job?: JobRow<JobData>;
  readonly incident?: string | null;
  readonly device?: string;
  readonly from?: string | null;
  readonly to?: string | null;
}

/** Where the words come from: the decision, and the page of the endpoint. */
export interface Telling {
  readonly draft: Draft;
  readonly link: string | null;
}

/** Longest texts: a refused plan may name hundreds of records, and whoever reads it on a telephone needs the first ones. */
const TEXT_CHARS_MAX = 4_000;
const TITLE_CHARS_MAX = 300;

export function makeNotice({ draft, link }: Telling, words: Words): Notice {
  const { settings, state, nowMs } = draft;
  const { kind, severity, title, text, next, job } = words;
  const data = job?.data;
  const owner = data && (data.takenOverBy ?? data.trigger);
  return {
    // Its number comes last, in `tell.ts`.
    id: `${kind}:${settings.name}`,
    kind,
    at: isoTime(nowMs),
    switch: settings.name,
    severity,
    title: clip(title, TITLE_CHARS_MAX),
    text: clip(text, TEXT_CHARS_MAX),
    next,
    page: null,
    incident: words.incident === undefined ? (state.incident?.id ?? null) : words.incident,
    job: job?.id ?? null,
    device: words.device ?? null,
    from: words.from ?? data?.from ?? null,
    to: words.to ?? data?.to ?? null,
    by: data && owner ? { trigger: owner.kind, actor: owner.actor, automatic: data.automatic } : null,
    reason: data?.reason ?? null,
    cachesUntil: isoTimeOrNull(data?.cachesUntilMs ?? null),
    drill: data?.command === 'drill',
    link,
  };
}
