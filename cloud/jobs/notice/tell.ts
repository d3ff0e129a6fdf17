import type { Notice } from '../../../shared/notice.ts';
import type { LaneEvent } from '../../engine/lane.ts';
import type { JobRow } from '../../engine/job.ts';
import type { JobData, SwitchCommand } from '../command.ts';
import type { Draft } from '../rules/draft.ts';
import type { SwitchState } from '../state.ts';
import { devicePresent, drilled, drillsOverdue, nextOverdueMs } from './devices.ts';
import type { Telling } from './make-notice.ts';
import { endedJobs, failoverBegun, jobEnded } from './of-job.ts';
import { journalNotice } from './of-journal.ts';
import { pageNotices, toldOf, troubleNow, wantedPages } from './pages.ts';
import { remind, reminderWorthMs } from './reminders.ts';
import { rowsOf } from './rows.ts';
import type { NotifySettings } from './settings.ts';
import type { Told } from './told.ts';

/** The same refusal of the same sender, the same failure of a job that is tried again: not told again for this long. */
const HUSH_MS = { refused: 600_000, failed: 3_600_000 } as const;
/** At most so many are remembered; beyond it the oldest may be told again. */
const HUSHED_MAX = 50;

/**
 * After everything else in a decision: what people are to be told of it. The notices become rows beside the state that
 * they tell of, so that neither is stored without the other.
 */
export function tellPeople(
  draft: Draft,
  before: SwitchState,
  seen: readonly JobRow<JobData>[],
  event: LaneEvent<SwitchCommand, JobData>,
  settings: NotifySettings,
): void {
  if (settings.receivers.length === 0) return;
  const telling: Telling = { draft, link: settings.link };
  const told = toldOf(before);
  const ended = endedJobs(draft, seen);
  draft.everywhere = drilled(draft.everywhere, ended, draft.nowMs);

  const command = event.kind === 'command' && event.command.kind === 'device' ? event.command : undefined;
  const present = command ? devicePresent(telling, told, command) : { devices: told.devices };
  const overdue = drillsOverdue(telling, told, settings);
  const reminded = remind(telling, told);
  const news = [
    failoverBegun(telling, before),
    ...draft.journal.map((entry) => journalNotice(telling, before, entry)),
    ...ended.map((job) => jobEnded(telling, before, job)),
    reminded.notice,
    present.notice,
    ...overdue.notices,
  ].filter((notice) => notice !== undefined);

  const trouble = troubleNow(before, draft, news, ended);
  const pages = wantedPages(before, draft.state, trouble);
  const calls = pageNotices(telling, told, pages, news);
  const { heard, hushed } = hush(told, news, draft.nowMs);
  const notices = [...calls, ...heard].map((notice, index) => numbered(notice, told.count + index, draft.nowMs));
  const now: Told = {
    count: told.count + notices.length,
    pages,
    trouble,
    hushed,
    reminder: reminded.reminder,
    devices: present.devices,
    drills: overdue.drills,
  };
  draft.state = { ...draft.state, told: now };
  const stoppedEverywhere = draft.state.tripped?.scope === 'everywhere';
  for (const notice of notices) {
    const worthMs = notice.kind === 'reminder' && notice.page === null ? reminderWorthMs(now, draft.nowMs) : null;
    draft.messages.push(...rowsOf(notice, settings, { stoppedEverywhere, worthMs }));
  }
}

/** Two decisions may fall into one millisecond, and a new store begins to count anew: the id has both. */
function numbered(notice: Notice, count: number, nowMs: number): Notice {
  return { ...notice, id: `${notice.id}:${nowMs}:${count}` };
}

/** When time alone will make something to tell. What is due already waits for the end of a job, which asks by itself. */
export function nextTellMs(state: SwitchState, settings: NotifySettings, nowMs: number): number | null {
  if (settings.receivers.length === 0) return null;
  const told = toldOf(state);
  const times = [told.reminder?.atMs ?? null, nextOverdueMs(told, settings, state.switch)];
  const due = times.filter((time): time is number => time !== null && time > nowMs);
  return due.length === 0 ? null : Math.min(...due);
}

/** Takes out what was told a moment ago in the same words: automation tries again, and so do people. */
function hush(told: Told, news: readonly Notice[], nowMs: number): { heard: Notice[]; hushed: Told['hushed'] } {
  let hushed = told.hushed.filter(({ untilMs }) => untilMs > nowMs);
  const heard = news.filter((notice) => {
    const repeat = repeatOf(notice);
    if (!repeat) return true;
    if (hushed.some(({ what }) => what === repeat.what)) return false;
    hushed = [...hushed, { what: repeat.what, untilMs: nowMs + repeat.forMs }].slice(-HUSHED_MAX);
    return true;
  });
  // A move that succeeded ends the story: the next failure is a new one.
  const over = news.some(({ kind }) => kind === 'failover-done' || kind === 'restored');
  return { heard, hushed: over ? [] : hushed };
}

function repeatOf({ kind, title, by, to }: Notice): { readonly what: string; readonly forMs: number } | undefined {
  const who = `${kind}:${by?.actor ?? ''}:${to ?? ''}`;
  const automatic = by?.automatic === true;
  if (kind === 'job-refused') {
    return { what: `${who}:${title}`, forMs: automatic ? HUSH_MS.failed : HUSH_MS.refused };
  }
  if (kind === 'late-alert') return { what: kind, forMs: HUSH_MS.refused };
  const triedAgain = kind === 'job-failed' || kind === 'failover-begun' || kind === 'would-have';
  return triedAgain && automatic ? { what: who, forMs: HUSH_MS.failed } : undefined;
}
