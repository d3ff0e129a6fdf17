import type { Notice, NoticeKind } from '../../../shared/notice.ts';
import type { SwitchState } from '../state.ts';
import { toldOf } from './pages.ts';

/**
 * Why a notice that could not be delivered in time need not be any more, or null. Asked right before each try, with the
 * switch as it is then: whoever was out of reach for an hour is told how things are, and not how they were.
 */
export function pointless(notice: Notice, state: SwitchState): string | null {
  const { page, kind } = notice;
  if (page) {
    // A resolve is always sent: its trigger may have arrived though nobody heard of it.
    if (page.action === 'resolve' || toldOf(state).pages.some(({ key }) => key === page.key)) return null;
    return 'what it called for was over before it could be sent';
  }
  const over = OVER[kind];
  return over?.when(notice, state) === true ? over.why : null;
}

interface Over {
  readonly when: (notice: Notice, state: SwitchState) => boolean;
  readonly why: string;
}

const incidentOver: Over = {
  when: ({ incident }, state) => (state.incident?.id ?? null) !== incident,
  why: 'the incident was over before it could be sent',
};

/** By kind; a kind that is not here is told however late. */
const OVER: Partial<Readonly<Record<NoticeKind, Over>>> = {
  'failover-begun': incidentOver,
  'failover-done': incidentOver,
  reminder: { when: (_, state) => toldOf(state).reminder === null, why: 'there is nothing to remind of any more' },
  drift: { when: (_, state) => state.position !== 'drifted', why: 'the records equal a position again' },
  tripped: { when: (_, state) => state.tripped === null, why: 'automation is armed again' },
  'device-offline': {
    when: ({ device }, state) => toldOf(state).devices[device ?? '']?.online === true,
    why: 'the button is online again',
  },
  'drill-overdue': {
    when: ({ device }, state) => toldOf(state).drills[device ?? '']?.toldAtMs === null,
    why: 'the button has been tried since',
  },
};
