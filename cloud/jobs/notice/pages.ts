import type { Notice, NoticeKind, Severity } from '../../../shared/notice.ts';
import type { JobRow } from '../../engine/job.ts';
import type { JobData } from '../command.ts';
import type { Draft } from '../rules/draft.ts';
import { stateInWords } from '../sentences.ts';
import { contestInForce, openAlerts, type SwitchState } from '../state.ts';
import { makeNotice, type Telling } from './make-notice.ts';
import { NOTHING_TOLD, type Page, type Told } from './told.ts';

/**
 * The pages that should be open as the switch stands. Compared with those that are: so a page is opened and resolved
 * once, by whatever way its reason came and went, and also when a crash fell between the two.
 */
export function wantedPages(before: SwitchState, state: SwitchState, trouble: Told['trouble']): readonly Page[] {
  const pages: Page[] = [];
  const told = toldOf(before);
  const open = (about: Page['about']): Page | undefined => told.pages.find((page) => page.about === about);
  const { incident, tripped, switch: name } = state;
  if (incident ?? trouble) {
    // A failover that automation tries again is the same trouble for whoever was called. What a human could not do is
    // another matter than the incident after it: whoever has put that page away must be called for this one.
    const another = opens(before, state) && told.trouble?.automatic === false ? incident?.id : undefined;
    const key = another ?? open('incident')?.key ?? trouble?.key ?? incident?.id ?? name;
    const severity = trouble ? 'critical' : incident?.by === 'automation' ? 'error' : 'warning';
    pages.push({ about: 'incident', key, severity });
  }
  if (tripped) {
    // One page for all switches that stopped together, whichever of them is released first.
    const where = tripped.scope === 'everywhere' ? 'everywhere' : name;
    pages.push({ about: 'trip', key: `${where}:tripped:${tripped.sinceMs}`, severity: 'critical' });
  }
  const contest = contestInForce(state);
  if (contest) {
    const severity = contest.from === 'primary' ? 'warning' : 'critical';
    pages.push({ about: 'contest', key: `${name}:contest:${contest.atMs}`, severity });
  }
  // What somebody was woken with does not become less while they look.
  const called = new Map(told.pages.map(({ key, severity }) => [key, severity]));
  return pages.map(({ about, key, severity }) => ({ about, key, severity: worst(called.get(key), severity) }));
}

function opens({ incident: before }: SwitchState, { incident }: SwitchState): boolean {
  return incident !== null && incident.id !== before?.id;
}

/** Whether a failover has just failed for good, or what failed is over. `ended` are the jobs that this decision ended. */
export function troubleNow(
  before: SwitchState,
  { state: after, journal }: Pick<Draft, 'state' | 'journal'>,
  notices: readonly Notice[],
  ended: readonly JobRow<JobData>[],
): Told['trouble'] {
  const told = toldOf(before);
  const failed = notices.find(
    ({ kind, severity }) => (kind === 'job-failed' || kind === 'job-refused') && severity === 'critical',
  );
  if (failed) {
    const key = told.trouble?.key ?? before.incident?.id ?? failed.job ?? after.switch;
    return { key, automatic: failed.by?.automatic ?? false };
  }
  const { trouble } = told;
  if (!trouble) return null;
  // Also one that found everything where it should be, which is no news.
  const done = ended.some(({ status, data }) => status === 'succeeded' && data.command !== 'drill');
  const moved = notices.some(({ kind }) => ['failover-done', 'restored', 'moved-by-others'].includes(kind));
  const wanted = trouble.automatic
    ? openAlerts(after).some(({ acknowledged }) => !acknowledged)
    : !opens(before, after) && !journal.some(({ kind }) => kind === 'release');
  return done || moved || !wanted ? null : trouble;
}

/** Which notices speak for a page when it opens, and when it is resolved. */
const SPEAKERS: Readonly<Record<Page['about'], readonly NoticeKind[]>> = {
  incident: [
    'job-failed',
    'job-refused',
    'restored',
    'failover-begun',
    'failover-done',
    'job-stopped',
    'moved-by-others',
  ],
  trip: ['tripped', 'armed', 'restored'],
  contest: ['moved-by-others', 'drift', 'restored', 'failover-done', 'failover-begun'],
};

/** What the pager is to be told, given what all others are: triggers of what is new or worse, resolves of what is over. */
export function pageNotices(
  telling: Telling,
  told: Told,
  wanted: readonly Page[],
  notices: readonly Notice[],
): Notice[] {
  const ended = told.pages.filter(({ key }) => !wanted.some((page) => page.key === key));
  const opened = wanted.filter(({ key, severity }) => {
    const open = told.pages.find((page) => page.key === key);
    return !open || worse(severity, open.severity);
  });
  // Everybody stopped at once, and one of them calls.
  const calling = opened.filter(
    ({ about, key }) => about !== 'trip' || !key.startsWith('everywhere:') || telling.draft.tripped,
  );
  return [
    ...ended.map((page) => pageNotice(telling, page, 'resolve', notices)),
    ...calling.map((page) => pageNotice(telling, page, 'trigger', notices)),
  ];
}

function pageNotice(telling: Telling, page: Page, action: 'trigger' | 'resolve', notices: readonly Notice[]): Notice {
  const speaker = SPEAKERS[page.about]
    .map((kind) => notices.find((notice) => notice.kind === kind))
    .find((notice) => notice !== undefined);
  const notice = speaker ?? standing(telling, action);
  const severity = action === 'trigger' ? page.severity : 'info';
  const incident = page.about === 'incident' ? page.key : notice.incident;
  return { ...notice, id: `${action}:${notice.id}`, severity, incident, page: { action, key: page.key } };
}

/** Nothing in this decision speaks for the page (it was open before anybody was to be told): the switch as it is. */
function standing(telling: Telling, action: 'trigger' | 'resolve'): Notice {
  const { draft } = telling;
  const { settings, automation, state, jobs, nowMs } = draft;
  const text = stateInWords(settings, automation, state, jobs, nowMs);
  const over = action === 'resolve';
  return makeNotice(telling, {
    kind: over ? 'restored' : 'reminder',
    severity: 'info',
    title: over ? `${settings.name} needs nobody any more` : `${settings.name} needs somebody`,
    text,
    next: null,
  });
}

const ORDER: readonly Severity[] = ['info', 'warning', 'error', 'critical'];

function worse(one: Severity, other: Severity): boolean {
  return ORDER.indexOf(one) > ORDER.indexOf(other);
}

function worst(before: Severity | undefined, now: Severity): Severity {
  return before !== undefined && worse(before, now) ? before : now;
}

export function toldOf(state: Pick<SwitchState, 'told'>): Told {
  return state.told ?? NOTHING_TOLD;
}
