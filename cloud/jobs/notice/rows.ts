import type { Notice, NoticeKind, NotifierBody, ServiceCheck } from '../../../shared/notice.ts';
import type { Outgoing } from '../../engine/lane.ts';
import { contestInForce, type SwitchState } from '../state.ts';
import { isoTime } from '../text.ts';
import type { NotifySettings } from './settings.ts';
import type { Told } from './told.ts';

const HOUR_MS = 3_600_000;
/** News of yesterday: whoever could not be told by then reads the journal. */
const NOTICE_WORTH_MS = 24 * HOUR_MS;
/** A page that was opened must be closed, however long the pager was away. */
const RESOLVE_WORTH_MS = 72 * HOUR_MS;
/** Datadog takes an event up to 18 hours after it happened, a service check up to ten minutes. */
const CHANGE_WORTH_MS = 17 * HOUR_MS;
const CHECK_WORTH_MS = 540_000;

type ReceiverSettings = NotifySettings['receivers'][number];

/** What Datadog shows as a change: the records are elsewhere than before. */
const CHANGES: readonly NoticeKind[] = ['failover-done', 'restored', 'moved-by-others', 'drift'];

interface Spread {
  /** Automation has stopped itself on every switch, which concerns the receivers of all of them. */
  readonly stoppedEverywhere: boolean;
  /** How long it is worth sending; null: as long as its kind is. */
  readonly worthMs: number | null;
}

/** The rows that a notice becomes: one for each receiver of this switch that takes such notices. */
export function rowsOf(
  notice: Notice,
  { receivers }: NotifySettings,
  { stoppedEverywhere, worthMs }: Spread,
): Outgoing[] {
  const ofAll = notice.switch === null || (stoppedEverywhere && notice.kind === 'tripped');
  return receivers
    .filter((receiver) => (ofAll || covers(receiver, notice.switch)) && takes(receiver, notice))
    .map(({ name, kind }) => {
      const body: NotifierBody = { form: 'notice', notice };
      return { receiver: name, key: null, body, expiresAtMs: Date.parse(notice.at) + (worthMs ?? worth(kind, notice)) };
    });
}

function worth(kind: ReceiverSettings['kind'], { page }: Notice): number {
  if (kind === 'datadog') return CHANGE_WORTH_MS;
  return page?.action === 'resolve' ? RESOLVE_WORTH_MS : NOTICE_WORTH_MS;
}

function covers({ on }: ReceiverSettings, name: string | null): boolean {
  return on.includes('*') || (name !== null && on.includes(name));
}

function takes({ kind }: ReceiverSettings, notice: Notice): boolean {
  switch (kind) {
    case 'pagerduty':
      return notice.page !== null;
    case 'datadog':
      return notice.page === null && CHANGES.includes(notice.kind);
    case 'slack':
    case 'webhook':
      return notice.page === null;
  }
}

/** How the switch is, for monitors of Datadog; of several that wait, the newest is the truth. */
export function checkRows(
  state: SwitchState,
  told: Told,
  text: string,
  settings: NotifySettings,
  nowMs: number,
): Outgoing[] {
  const name = state.switch;
  const check: ServiceCheck = { switch: name, status: statusOf(state, told), text, at: isoTime(nowMs) };
  return settings.receivers
    .filter((receiver) => receiver.kind === 'datadog' && covers(receiver, name))
    .map(({ name: receiver }) => {
      const body: NotifierBody = { form: 'check', check };
      return { receiver, key: `check:${name}`, body, expiresAtMs: nowMs + CHECK_WORTH_MS };
    });
}

function statusOf(state: SwitchState, told: Told): ServiceCheck['status'] {
  if (told.trouble || state.tripped || contestInForce(state)) return 2;
  if (state.position === 'unknown') return 3;
  return state.position === 'primary' ? 0 : 1;
}
